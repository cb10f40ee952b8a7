import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Mail } from '../mail.js'
import { readContent, readParts } from './content.js'
import { readPath, toMailHog } from './message.js'
import { decodedParts } from './part.js'

test('readContent() joins folded lines, keeps each of several headers, and counts bytes', () => {
  const data = Buffer.from('Subject: a\r\n\tb\r\nX-Tag: 1\r\nX-Tag: 2\r\nno header\r\n__proto__: x\r\n\r\nGrüße\r\n\r\nend').toString(
    'latin1',
  )

  const content = readContent(data)

  assert.deepEqual(content.Headers['Subject'], ['a\tb'])
  assert.deepEqual(content.Headers['X-Tag'], ['1', '2'])
  assert.deepEqual(Object.keys(content.Headers), ['Subject', 'X-Tag', '__proto__'])
  assert.equal(content.Body, 'Grüße\r\n\r\nend')
  assert.equal(content.Size, data.length)
})

test('readContent() takes data without an empty line as body', () => {
  assert.deepEqual({ ...readContent('Subject: a'), Headers: {} }, { Headers: {}, Body: 'Subject: a', Size: 10, MIME: null })
})

test('readParts() splits at whole delimiter lines only, preamble and end included', () => {
  const headers = { 'content-type': ['multipart/mixed; boundary="b"'] }
  const body = 'preamble\r\n--b\r\nContent-Type: text/plain\r\n\r\none --b\r\n--bb\r\n--b  \r\n\r\n\r\ntwo\r\n--b--\r\n'

  const parts = readParts(headers, body, 0)?.Parts ?? []

  assert.deepEqual(
    parts.map(({ Body }) => Body),
    ['preamble', 'one --b\r\n--bb', 'two', '--'],
  )
})

test('readParts() puts the parts of a part inside it, down to a depth that no mail has', () => {
  const headers = { 'Content-Type': ['multipart/mixed; boundary=outer'] }
  const inner = 'Content-Type: multipart/alternative; boundary=inner\r\n\r\n--inner\r\n\r\nx\r\n--inner--'
  const deep = Array.from(
    { length: 20_000 },
    (_, depth) => `--d${depth}\r\nContent-Type: multipart/mixed; boundary=d${depth + 1}\r\n\r\n`,
  ).join('')

  const nested = readParts(headers, `--outer\r\n${inner}\r\n--outer--`, 0)?.Parts ?? []

  assert.deepEqual(
    nested[0]?.MIME?.Parts.map(({ Body }) => Body),
    ['x', '--'],
  )
  assert.ok(readParts({ 'Content-Type': ['multipart/mixed; boundary=d0'] }, deep, 0))
})

test('readParts() is null without a multipart and empty without a boundary', () => {
  assert.equal(readParts({ 'Content-Type': ['text/plain'] }, 'x', 0), null)
  assert.deepEqual(readParts({ 'Content-Type': ['multipart/mixed'] }, 'x', 0), { Parts: [] })
})

test('readPath() takes an address apart, source route and null sender included', () => {
  assert.deepEqual(readPath('alice@example.com'), { Relays: null, Mailbox: 'alice', Domain: 'example.com', Params: '' })
  assert.deepEqual(readPath('@a,@b:alice@example.com'), { Relays: ['@a', '@b'], Mailbox: 'alice', Domain: 'example.com', Params: '' })
  assert.deepEqual(readPath(''), { Relays: null, Mailbox: '', Domain: '', Params: '' })
})

test('toMailHog() gives every field that MailHog gives, with its trace headers', () => {
  const message = toMailHog(mail('Subject: Hi\r\nReceived: earlier\r\n\r\nBody\r\n'), 'mailhog.example')

  assert.deepEqual(JSON.parse(JSON.stringify(message)), {
    ID: 'id@mailhog.example',
    From: { Relays: null, Mailbox: 'shop', Domain: 'example.com', Params: '' },
    To: [{ Relays: null, Mailbox: 'alice', Domain: 'example.com', Params: '' }],
    Content: {
      Headers: {
        Subject: ['Hi'],
        Received: [
          'earlier',
          'from client by mailhog.example (MailHog)\r\n          id id@mailhog.example; Thu, 01 Jan 1970 00:00:00 +0000',
        ],
        'Message-ID': ['id@mailhog.example'],
        'Return-Path': ['<shop@example.com>'],
      },
      Body: 'Body',
      Size: 38,
      MIME: null,
    },
    Created: '1970-01-01T00:00:00.000Z',
    MIME: null,
    Raw: { From: 'shop@example.com', To: ['alice@example.com'], Data: 'Subject: Hi\r\nReceived: earlier\r\n\r\nBody', Helo: 'client' },
  })
})

test('toMailHog() reads the headers of a message without a body', () => {
  const { Content } = toMailHog(mail('Subject: Hi\r\n\r\n'), 'mailhog.example')

  assert.deepEqual([Content.Headers['Subject'], Content.Body], [['Hi'], ''])
})

test('decodedParts() undoes base64 and quoted-printable, and leaves the rest', () => {
  const part = (encoding: string, body: string) => `--b\r\nContent-Transfer-Encoding: ${encoding}\r\nX: y\r\n\r\n${body}\r\n`
  const raw = `Content-Type: multipart/mixed; boundary=b\r\n\r\n${part('Base64', 'R3LD\r\nvMOfZQ==')}${part('quoted-printable', 'a=3Db=\r\n =C3=BC =zz  \r\nend')}${part('7bit', 'a=3D')}--b--\r\n`

  assert.deepEqual(
    decodedParts(mail(raw)).map(({ bytes }) => bytes.toString()),
    ['Grüße', 'a=b ü =zz\r\nend', 'a=3D', '--'],
  )
})

function mail(raw: string): Mail {
  const shown = { subject: '', fromHeader: '', toHeader: [], attachments: 0, searchable: '' }
  return {
    id: 'id@mailhog.example',
    from: 'shop@example.com',
    to: ['alice@example.com'],
    helo: 'client',
    raw: Buffer.from(raw),
    receivedAt: new Date(0),
    ...shown,
  }
}
