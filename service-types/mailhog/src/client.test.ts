import assert from 'node:assert/strict'
import { test } from 'node:test'
import mailhog from 'mailhog'
import { sendMail, startCatcher } from './testing/catcher.js'

test('the npm package mailhog lists what was sent, decoded by itself', async (t) => {
  const catcher = await startCatcher(t)
  const client = mailhog({ host: '127.0.0.1', port: catcher.ports.http })
  await sendMail(catcher, {
    from: 'Änn <ann@example.com>',
    to: 'bob@example.com',
    cc: 'carol@example.com',
    replyTo: 'reply@example.com',
    subject: 'Grüße',
    text: 'Guten Tag',
    date: new Date(0),
  })

  const result = await client.messages()

  const message = result?.items[0]
  assert.deepEqual([result?.total, result?.count, result?.start], [1, 1, 0])
  assert.equal(message?.subject, 'Grüße')
  assert.equal(message?.text, 'Guten Tag')
  assert.equal(message?.html, undefined)
  assert.equal(message?.from, 'Änn <ann@example.com>')
  assert.equal(message?.to, 'bob@example.com')
  assert.equal(message?.cc, 'carol@example.com')
  assert.equal(message?.replyTo, 'reply@example.com')
  assert.deepEqual(message?.date, new Date(0))
  assert.deepEqual(message?.deliveryDate, catcher.messages()[0]?.receivedAt)
})

test('the npm package mailhog reads HTML, text and attachments', async (t) => {
  const catcher = await startCatcher(t)
  const client = mailhog({ host: '127.0.0.1', port: catcher.ports.http })
  const html = `<p>${'Grüße '.repeat(40)}</p>`
  await sendMail(catcher, { text: `Grüße ${'x'.repeat(100)}`, html, attachments: [{ filename: 'a.txt', content: 'hello' }] })

  const message = await client.latestTo('alice@example.com')

  assert.ok(message)
  // nodemailer nests text and HTML inside the part beside the attachment, where this client does not look.
  assert.deepEqual(
    message.attachments.map(({ name, type }) => [name, type]),
    [['a.txt', 'text/plain; name=a.txt']],
  )
  const [file] = message.attachments
  assert.equal(client.decode(file?.Body ?? '', file?.encoding ?? ''), 'hello')

  await sendMail(catcher, { subject: 'without a file', text: `Grüße ${'x'.repeat(100)}`, html })
  const alternative = await client.latestContaining('without a file')
  assert.ok(alternative)
  assert.equal(alternative.html, html)
  assert.equal(alternative.text, `Grüße ${'x'.repeat(100)}`)
})

test('the npm package mailhog searches, pages and finds the latest', async (t) => {
  const catcher = await startCatcher(t)
  const client = mailhog({ host: '127.0.0.1', port: catcher.ports.http })
  await sendMail(
    catcher,
    ...['1', '2', '3'].map((number) => ({
      from: `from${number}@example.com`,
      to: `to${number}@example.com`,
      subject: `mail ${number}`,
      text: 'x',
    })),
  )

  assert.equal((await client.search('example.com', 'from'))?.total, 3)
  assert.deepEqual(
    (await client.search('mail', 'containing', 1, 1))?.items.map(({ subject }) => subject),
    ['mail 2'],
  )
  assert.deepEqual(
    (await client.messages(2, 5))?.items.map(({ subject }) => subject),
    ['mail 1'],
  )
  assert.equal((await client.latestFrom('from2@example.com'))?.subject, 'mail 2')
  assert.equal((await client.latestTo('to1@example.com'))?.subject, 'mail 1')
  assert.equal((await client.latestContaining('example.com'))?.subject, 'mail 3')
  assert.ok(!(await client.latestTo('nobody@example.com')))
})

test('the npm package mailhog deletes one message and all', async (t) => {
  const catcher = await startCatcher(t)
  const client = mailhog({ host: '127.0.0.1', port: catcher.ports.http })
  await sendMail(catcher, ...['1', '2', '3'].map((subject) => ({ subject, text: 'x' })))

  const one = await client.deleteMessage(catcher.messages()[0]?.id ?? '')
  const left = catcher.messages().length
  const all = await client.deleteAll()

  assert.deepEqual([one.statusCode, left, all.statusCode, catcher.messages().length], [200, 2, 200, 0])
})

test('the npm package mailhog encodes what it then finds in a body as it was sent', async (t) => {
  const catcher = await startCatcher(t)
  const client = mailhog({ host: '127.0.0.1', port: catcher.ports.http })
  const text = 'Grüße = gut'
  const encoded = client.encode(text, 'quoted-printable')
  await sendMail(catcher, {
    raw: `Subject: x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n${encoded}`,
    envelope: { from: 'a@example.com', to: 'b@example.com' },
  })

  const found = await client.latestContaining(encoded)

  assert.ok(found)
  assert.equal(found.text, text)
})
