import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MailAttachment } from '../mail.js'
import { hasRemoteContent, mailDocument } from './mail-document.js'

const logo: MailAttachment = { name: 'logo.png', type: 'image/png', contentId: 'logo@x', bytes: Buffer.from('png') }

test('mailDocument() puts in the images that the mail carries, and leaves other references', () => {
  const script: MailAttachment = { ...logo, type: 'text/html', contentId: 'page' }

  const shown = mailDocument(
    '<img src="cid:logo@x"><i style="background:url(cid:logo%40x)"></i><a href="cid:page"><img src=cid:none>',
    [logo, script],
    false,
  )

  assert.equal(shown.split('data:image/png;base64,cG5n').length, 3)
  assert.match(shown, /href="cid:page"/)
  assert.match(shown, /src=cid:none/)
})

test('mailDocument() takes out the tags that reach the network past a policy, until remote content is asked for', () => {
  const html =
    '<!doctype html><html><head><link rel=preconnect href=//t.example><META http-equiv=refresh content="0;url=//t.example"><base href=//t.example></head><lin<link>k rel=preconnect href=//t.example>'

  const closed = mailDocument(html, [], false)

  assert.doesNotMatch(closed, /<link|<meta|<base href/i)
  assert.match(mailDocument(html, [], true), /<link rel=preconnect/)
})

test('mailDocument() keeps the doctype first and opens links in a new tab', () => {
  assert.equal(mailDocument('<!doctype html><head></head>x', [], false), '<!doctype html><head><base target="_blank"></head>x')
  assert.equal(mailDocument('x', [], false), '<base target="_blank">x')
})

test('hasRemoteContent() tells what would be loaded from what is only linked', () => {
  const remote = [
    '<img src="https://t.example/x">',
    "<td background='//t.example/x'>",
    '<p style="background: url(http://t.example)">',
    '<link rel="stylesheet" href="https://t.example">',
    '<style>@import "https://t.example"</style>',
  ]
  const local = ['<a href="https://t.example">', '<img src="cid:x">', '<img src="data:image/png;base64,AA//">', 'https://t.example']

  assert.deepEqual(
    remote.filter((html) => !hasRemoteContent(html)),
    [],
  )
  assert.deepEqual(
    local.filter((html) => hasRemoteContent(html)),
    [],
  )
})
