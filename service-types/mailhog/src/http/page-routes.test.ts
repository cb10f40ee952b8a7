import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startCatcher, call, reasonOf, sendMail } from '../testing/catcher.js'
import type { ListItem, MailView } from '../page/mail-view.js'

const attack = '"><script>alert(1)</script><img src=x onerror=alert(2)>'

test('GET / is a page whose policy lets only its own files run, and has nothing inline', async (t) => {
  const { ports } = await startCatcher(t)

  const page = await call(ports.http, '/')
  const parts = await Promise.all(
    [...page.body.matchAll(/(?:src|href)="(\/[^"]+\.(?:js|css))"/g)].map(([, path]) => call(ports.http, path ?? '')),
  )

  assert.match(String(page.headers['content-security-policy']), /^default-src 'none'; script-src 'self'; style-src 'self';/)
  assert.doesNotMatch(page.body, /<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=/i)
  assert.deepEqual(
    parts.map(({ status, headers }) => [status, headers['content-type']]),
    [
      [200, 'text/css; charset=utf-8'],
      [200, 'text/javascript; charset=utf-8'],
    ],
  )
  assert.doesNotMatch(parts[1]?.body ?? '', /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(/)
})

test('GET /page/mails lists and searches, decoded, as JSON that is never a document', async (t) => {
  const catcher = await startCatcher(t)
  await sendMail(catcher, { from: `"${attack.replaceAll('"', '')}" <a@example.com>`, subject: attack, text: 'x' })
  await sendMail(catcher, { subject: 'Grüße', text: 'x', attachments: [{ filename: 'a.txt', content: 'a' }] })

  const all = await call(catcher.ports.http, '/page/mails?limit=500')
  const found = await call(catcher.ports.http, `/page/mails?kind=containing&query=${encodeURIComponent('grüße')}`)

  const { total, kept, items } = JSON.parse(all.body) as { total: number; kept: number; items: ListItem[] }
  assert.deepEqual(
    [total, kept, items.map(({ subject, attachments }) => [subject, attachments])],
    [
      2,
      2,
      [
        ['Grüße', 1],
        [attack, 0],
      ],
    ],
  )
  assert.match(all.headers['content-type'] ?? '', /^application\/json/)
  assert.deepEqual((JSON.parse(found.body) as { total: number; kept: number }).total, 1)
})

test('GET /page/mails/:id gives headers, text and files of a mail', async (t) => {
  const catcher = await startCatcher(t)
  await sendMail(catcher, {
    subject: 'Grüße',
    cc: 'c@example.com',
    text: attack,
    html: '<img src="https://tracker.example/x.png">',
    attachments: [{ filename: 'a b.txt', content: 'hello' }],
  })

  const view = JSON.parse((await call(catcher.ports.http, `/page/mails/${catcher.messages()[0]?.id}`)).body) as MailView

  assert.equal(view.text.trim(), attack)
  assert.deepEqual([view.hasHtml, view.hasRemoteContent, view.textCut], [true, true, false])
  assert.deepEqual(view.to, ['alice@example.com'])
  assert.deepEqual(view.cc, ['c@example.com'])
  assert.deepEqual(view.files, [{ name: 'a b.txt', type: 'text/plain', bytes: 5 }])
  assert.ok(view.headers.some(({ name, value }) => name === 'Subject' && value === 'Grüße'))
})

test('GET /page/mails/:id shows a mail that cannot be parsed as a problem', async (t) => {
  const catcher = await startCatcher(t)
  const nested = Array.from({ length: 80 }, (_, depth) => `Content-Type: multipart/mixed; boundary=b${depth}\r\n\r\n--b${depth}\r\n`).join(
    '',
  )
  await sendMail(catcher, { raw: `Subject: deep\r\n${nested}`, envelope: { from: 'a@example.com', to: 'b@example.com' } })
  const path = `/page/mails/${catcher.messages()[0]?.id}`

  const view = JSON.parse((await call(catcher.ports.http, path)).body) as MailView
  const html = await call(catcher.ports.http, `${path}/html`)

  assert.ok(view.problem)
  assert.deepEqual([html.status, reasonOf(html)], [400, 'MESSAGE_UNREADABLE'])
})

test('GET .../html serves the mail in a sandbox that runs nothing and loads nothing, until asked', async (t) => {
  const catcher = await startCatcher(t)
  await sendMail(catcher, { html: `<p>hi</p>${attack}` })
  await sendMail(catcher, { text: 'no html' })
  const [plain, html] = catcher.messages()

  const closed = await call(catcher.ports.http, `/page/mails/${html?.id}/html`)
  const open = await call(catcher.ports.http, `/page/mails/${html?.id}/html?remote=1`)
  const none = await call(catcher.ports.http, `/page/mails/${plain?.id}/html`)

  const policy = String(closed.headers['content-security-policy'])
  assert.match(policy, /default-src 'none'/)
  assert.match(policy, /sandbox(?!.*allow-scripts)(?!.*allow-same-origin)/)
  assert.doesNotMatch(policy, /script-src|https?:/)
  assert.match(String(open.headers['content-security-policy']), /img-src data: http: https:/)
  assert.doesNotMatch(String(open.headers['content-security-policy']), /script-src/)
  assert.equal(closed.headers['referrer-policy'], 'no-referrer')
  assert.deepEqual([none.status, reasonOf(none)], [404, 'NO_HTML'])
})

test('GET .../source is plain text, byte for byte', async (t) => {
  const catcher = await startCatcher(t)
  await sendMail(catcher, { html: attack })
  const [mail] = catcher.messages()

  const reply = await call(catcher.ports.http, `/page/mails/${mail?.id}/source`)

  assert.equal(reply.headers['content-type'], 'text/plain; charset=utf-8')
  assert.deepEqual(reply.bytes, Buffer.from(mail?.raw ?? []))
})

test('GET .../attachments/:n saves the file under its name, made harmless', async (t) => {
  const catcher = await startCatcher(t)
  await sendMail(catcher, { attachments: [{ filename: '../Ü"x.html', content: '<script>1</script>', contentType: 'text/html' }] })
  const path = `/page/mails/${catcher.messages()[0]?.id}/attachments`

  const file = await call(catcher.ports.http, `${path}/0`)
  const missing = await call(catcher.ports.http, `${path}/1`)

  assert.equal(file.body, '<script>1</script>')
  assert.match(file.headers['content-disposition'] ?? '', /^attachment; filename="[^"/\\]+"; filename\*=UTF-8''[\w.%-]+$/)
  assert.match(file.headers['content-disposition'] ?? '', /%C3%9C/)
  assert.deepEqual([missing.status, reasonOf(missing)], [404, 'PART_NOT_FOUND'])
})

test('GET /page/events tells of mail that comes and goes', async (t) => {
  const catcher = await startCatcher(t, { maxMessages: 1 })
  const response = await fetch(`http://127.0.0.1:${catcher.ports.http}/page/events`)
  const reader = response.body?.getReader()
  let text = ''
  const until = async (wanted: RegExp) => {
    while (!wanted.test(text)) text += Buffer.from((await reader?.read())?.value ?? []).toString()
  }

  await until(/: connected/)
  await sendMail(catcher, { subject: 'one' })
  await sendMail(catcher, { subject: 'two' })
  await call(catcher.ports.http, '/api/v1/messages', { method: 'DELETE' })
  await until(/event: cleared/)
  await reader?.cancel()

  assert.deepEqual(
    [...text.matchAll(/^event: (\w+)$/gm)].map(([, name]) => name),
    ['received', 'deleted', 'received', 'cleared'],
  )
})
