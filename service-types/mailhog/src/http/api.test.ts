import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { test, type TestContext } from 'node:test'
import type { MailHogMessage } from '../mailhog/message.js'
import { call, reasonOf, sendMail, startCatcher } from '../testing/catcher.js'

interface Messages {
  readonly total: number
  readonly count: number
  readonly start: number
  readonly items: readonly MailHogMessage[]
}

test('GET /api/v1/messages lists all messages, newest first', async (t) => {
  const { port } = await withMails(t, ['one', 'two'])

  const reply = await call(port, '/api/v1/messages')

  assert.match(reply.headers['content-type'] ?? '', /json/)
  assert.deepEqual(subjects(JSON.parse(reply.body) as MailHogMessage[]), ['two', 'one'])
})

test('GET /api/v1/messages/:id gives one message, and an unknown id is 404', async (t) => {
  const { port, catcher } = await withMails(t, ['one'])
  const id = catcher.messages()[0]?.id ?? ''

  const found = await call(port, `/api/v1/messages/${encodeURIComponent(id)}`)
  const missing = await call(port, '/api/v1/messages/nobody')

  assert.equal((JSON.parse(found.body) as MailHogMessage).ID, id)
  assert.equal(missing.status, 404)
  assert.equal(reasonOf(missing), 'MESSAGE_NOT_FOUND')
})

test('DELETE /api/v1/messages/:id deletes one, once; DELETE /api/v1/messages all', async (t) => {
  const { port, catcher } = await withMails(t, ['one', 'two', 'three'])
  const path = `/api/v1/messages/${catcher.messages()[1]?.id}`

  const first = await call(port, path, { method: 'DELETE' })
  const second = await call(port, path, { method: 'DELETE' })
  const left = catcher.messages().map(({ subject }) => subject)
  const all = await call(port, '/api/v1/messages', { method: 'DELETE' })

  assert.deepEqual([first.status, first.body, second.status, all.status, all.body], [200, '', 404, 200, ''])
  assert.deepEqual(left, ['three', 'one'])
  assert.deepEqual(JSON.parse((await call(port, '/api/v1/messages')).body), [])
})

test('GET /api/v1/messages/:id/download gives the bytes as they were sent', async (t) => {
  const { port, catcher } = await withMails(t, ['one'])
  const [mail] = catcher.messages()

  const reply = await call(port, `/api/v1/messages/${mail?.id}/download`)

  assert.deepEqual(reply.bytes, Buffer.from(mail?.raw ?? []))
  assert.equal(reply.headers['content-type'], 'message/rfc822')
  assert.match(reply.headers['content-disposition'] ?? '', /^attachment; filename="[\w=@.-]+\.eml"/)
})

test('GET .../mime/part/:n/download gives a part decoded, only ever as a download', async (t) => {
  const catcher = await startCatcher(t)
  await sendMail(catcher, {
    text: 'Grüße',
    attachments: [{ filename: 'ev"il\u00e9.html', content: '<script>1</script>', contentType: 'text/html', contentDisposition: 'inline' }],
  })
  const path = `/api/v1/messages/${catcher.messages()[0]?.id}/mime/part`

  const text = await call(catcher.ports.http, `${path}/0/download`)
  const file = await call(catcher.ports.http, `${path}/1/download`)
  const wrong = await Promise.all(['99', '-1', 'x', '1e0'].map((part) => call(catcher.ports.http, `${path}/${part}/download`)))

  assert.equal(text.body, 'Grüße')
  assert.equal(file.body, '<script>1</script>')
  assert.match(file.headers['content-disposition'] ?? '', /^attachment;/)
  assert.match(String(file.headers['content-security-policy']), /sandbox/)
  assert.deepEqual(
    wrong.map((reply) => [reply.status, reasonOf(reply)]),
    wrong.map(() => [404, 'PART_NOT_FOUND']),
  )
})

test('GET /api/v1/events streams each message that is received', async (t) => {
  const catcher = await startCatcher(t)
  const [response] = (await once(get({ port: catcher.ports.http, path: '/api/v1/events' }), 'response')) as [IncomingMessage]
  const lines = response.setEncoding('utf8')[Symbol.asyncIterator]()
  await lines.next()

  await sendMail(catcher, { subject: 'live' })
  const event = String((await lines.next()).value)
  response.destroy()

  assert.match(response.headers['content-type'] ?? '', /^text\/event-stream/)
  assert.match(event, /^data: .*\n\n$/s)
  assert.deepEqual(subjects([JSON.parse(event.replace(/^data: /gm, '')) as MailHogMessage]), ['live'])
})

test('GET /api/v2/messages pages through what there is, and passes over bad numbers as MailHog does', async (t) => {
  const { port } = await withMails(t, ['1', '2', '3', '4', '5'])
  const page = async (query: string) => JSON.parse((await call(port, `/api/v2/messages${query}`)).body) as Messages

  const middle = await page('?start=1&limit=2')
  const beyond = await page('?start=9')
  const bad = await page('?start=-1&limit=0x2')

  assert.deepEqual([middle.total, middle.count, middle.start, subjects(middle.items)], [5, 2, 1, ['4', '3']])
  assert.deepEqual([beyond.total, beyond.count, beyond.start, beyond.items], [5, 0, 9, []])
  assert.deepEqual([bad.count, bad.start], [5, 0])
})

test('GET /api/v2/messages gives at most 250, 50 when nothing is asked', async (t) => {
  const { port } = await withMails(
    t,
    Array.from({ length: 260 }, (_, index) => `${index}`),
  )
  const count = async (query: string) => (JSON.parse((await call(port, `/api/v2/messages${query}`)).body) as Messages).count

  assert.deepEqual([await count(''), await count('?limit=1000')], [50, 250])
})

test('GET /api/v2/search finds by sender, by recipient and by content, in any case', async (t) => {
  const catcher = await startCatcher(t)
  await sendMail(catcher, {
    from: 'Ann <ann@example.com>',
    to: 'bob@example.com',
    bcc: 'secret@example.com',
    subject: 'first',
    text: 'Grüße '.repeat(30),
  })
  await sendMail(catcher, { from: 'bob@example.com', to: 'Ann <ann@example.com>', subject: 'Zweite Grüße', html: '<p>nothing</p>' })
  const search = async (kind: string, query: string) => {
    const found = JSON.parse(
      (await call(catcher.ports.http, `/api/v2/search?kind=${kind}&query=${encodeURIComponent(query)}`)).body,
    ) as Messages
    assert.equal(found.total, found.items.length)
    return found.items.map(({ From }) => From.Mailbox)
  }

  assert.deepEqual(await search('from', 'ANN@example'), ['ann'])
  assert.deepEqual(await search('from', 'Ann <'), ['ann'])
  assert.deepEqual(await search('to', 'ann@'), ['bob'])
  assert.deepEqual(await search('to', 'secret@example.com'), ['ann'])
  assert.deepEqual(await search('containing', 'GRÜSSE'.replace('SS', 'ß')), ['bob', 'ann'])
  assert.deepEqual(await search('containing', '<p>Nothing'), ['bob'])
  assert.deepEqual(await search('containing', 'absent'), [])
})

test('GET /api/v2/search refuses an unknown kind and an empty query with 400', async (t) => {
  const { port } = await withMails(t, ['one'])

  for (const query of ['', '?kind=subject&query=x', '?kind=to', '?kind=to&query=']) {
    const reply = await call(port, `/api/v2/search${query}`)
    assert.deepEqual([reply.status, reasonOf(reply)], [400, 'INVALID_QUERY'])
  }
})

test('routes of MailHog that are not here answer 501, and name themselves', async (t) => {
  const { port } = await withMails(t, [])

  for (const [method, path] of [
    ['POST', '/api/v1/messages/x/release'],
    ['GET', '/api/v2/jim'],
    ['POST', '/api/v2/jim'],
    ['GET', '/api/v2/outgoing-smtp'],
    ['GET', '/api/v2/websocket'],
  ] as const) {
    const reply = await call(port, path, { method })
    assert.deepEqual([path, reply.status, reasonOf(reply)], [path, 501, 'NOT_SUPPORTED'])
  }
})

test('unknown routes are 404, wrong methods 405 with Allow, malformed paths 400', async (t) => {
  const { port } = await withMails(t, [])

  const unknown = await call(port, '/api/v3/messages')
  const wrong = await call(port, '/api/v1/messages', { method: 'PUT' })
  const malformed = await Promise.all(['/api/v1/messages/%zz', '//evil.example/', '*'].map((path) => call(port, path)))

  assert.deepEqual([unknown.status, reasonOf(unknown)], [404, 'ROUTE_NOT_FOUND'])
  assert.deepEqual([wrong.status, reasonOf(wrong), wrong.headers.allow], [405, 'METHOD_NOT_ALLOWED', 'GET, DELETE'])
  assert.deepEqual(
    malformed.map((reply) => [reply.status, reasonOf(reply)]),
    malformed.map(() => [400, 'INVALID_URL']),
  )
})

test('HEAD answers as GET does, without a body', async (t) => {
  const { port } = await withMails(t, ['one'])

  const reply = await call(port, '/api/v2/messages', { method: 'HEAD' })

  assert.deepEqual([reply.status, reply.body], [200, ''])
})

test('every reply says nosniff and no-store, and none has a CORS header', async (t) => {
  const { port } = await withMails(t, ['one'])

  for (const path of ['/', '/api/v1/messages', '/api/v2/messages', '/nowhere']) {
    const { headers } = await call(port, path, { headers: { origin: 'http://evil.example' } })
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['cache-control'], 'no-store')
    assert.ok(headers['content-security-policy'])
    assert.deepEqual(
      Object.keys(headers).filter((name) => name.startsWith('access-control')),
      [],
    )
  }
})

async function withMails(t: TestContext, subjects: readonly string[]) {
  const catcher = await startCatcher(t)
  await sendMail(catcher, ...subjects.map((subject) => ({ subject, text: 'x' })))
  return { catcher, port: catcher.ports.http }
}

function subjects(messages: readonly MailHogMessage[]) {
  return messages.map(({ Content }) => Content.Headers['Subject']?.[0])
}
