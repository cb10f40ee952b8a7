import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { createTransport } from 'nodemailer'
import { sendMail, startCatcher } from './testing/catcher.js'

test('mailCatcher() keeps a plain mail with its envelope, decoded subject and text', async (t) => {
  const catcher = await startCatcher(t)

  await sendMail(catcher, {
    from: '"Der Lädchen" <shop@example.com>',
    to: 'alice@example.com',
    subject: 'Grüße aus 東京 🍵',
    text: 'Guten Tag',
  })

  const [mail] = catcher.messages()
  assert.ok(mail)
  assert.equal(mail.from, 'shop@example.com')
  assert.deepEqual(mail.to, ['alice@example.com'])
  assert.equal(mail.helo, 'client.example')
  assert.equal(mail.subject, 'Grüße aus 東京 🍵')
  assert.equal(mail.fromHeader, 'Der Lädchen <shop@example.com>')
  assert.match(mail.id, /^[\w-]{43}=@mailhog\.example$/)
  const content = await catcher.read(mail.id)
  assert.equal(content.text?.trim(), 'Guten Tag')
  assert.equal(content.html, undefined)
})

test('mailCatcher() keeps HTML, its text and attachments byte for byte', async (t) => {
  const catcher = await startCatcher(t)
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index))

  await sendMail(catcher, {
    text: 'Your order',
    html: '<p>Your <b>order</b> <img src="cid:logo"></p>',
    attachments: [
      { filename: 'Rechnung für März.pdf', content: bytes, contentType: 'application/pdf' },
      { filename: 'logo.png', content: bytes, cid: 'logo' },
    ],
  })

  const [mail] = catcher.messages()
  const content = await catcher.read(mail?.id ?? '')
  assert.match(content.html ?? '', /<b>order<\/b>/)
  assert.equal(content.text?.trim(), 'Your order')
  assert.equal(mail?.attachments, 2)
  const invoice = content.attachments.find(({ type }) => type === 'application/pdf')
  assert.equal(invoice?.name, 'Rechnung für März.pdf')
  assert.deepEqual(Buffer.from(invoice?.bytes ?? []), bytes)
  assert.equal(content.attachments.find(({ type }) => type === 'image/png')?.contentId, 'logo')
})

test('mailCatcher() keeps every recipient of the envelope, also one that no header names', async (t) => {
  const catcher = await startCatcher(t)

  await sendMail(catcher, {
    to: ['alice@example.com', 'Bob <bob@example.com>'],
    cc: 'carol@example.com',
    bcc: 'dave@example.com',
    text: 'x',
  })

  const [mail] = catcher.messages()
  assert.deepEqual(mail?.to, ['alice@example.com', 'bob@example.com', 'carol@example.com', 'dave@example.com'])
  assert.deepEqual(mail?.toHeader, ['alice@example.com', 'Bob <bob@example.com>', 'carol@example.com'])
  assert.doesNotMatch(Buffer.from(mail?.raw ?? []).toString(), /dave/)
})

test('mailCatcher() gives lines that begin with dots back as they were written', async (t) => {
  const catcher = await startCatcher(t)
  const text = ['.', '..', '.hidden', 'end.'].join('\r\n')

  await sendMail(catcher, { raw: `Subject: dots\r\n\r\n${text}\r\n`, envelope: { from: 'a@example.com', to: 'b@example.com' } })

  assert.equal(Buffer.from(catcher.messages()[0]?.raw ?? []).toString(), `Subject: dots\r\n\r\n${text}\r\n`)
})

test('mailCatcher() keeps 8-bit bytes as they are, of any charset', async (t) => {
  const catcher = await startCatcher(t)
  const latin1 = Buffer.concat([
    Buffer.from('Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\n'),
    Buffer.from('Gr\u00fc\u00dfe\r\n', 'latin1'),
  ])

  await sendMail(catcher, { raw: latin1, envelope: { from: 'a@example.com', to: 'b@example.com' } })

  const [mail] = catcher.messages()
  assert.deepEqual(Buffer.from(mail?.raw ?? []), latin1)
  assert.equal((await catcher.read(mail?.id ?? '')).text?.trim(), 'Grüße')
})

test('mailCatcher() lets any user name and password in', async (t) => {
  const catcher = await startCatcher(t)

  for (const authMethod of ['PLAIN', 'LOGIN', 'CRAM-MD5']) {
    const transport = createTransport({
      host: catcher.host,
      port: catcher.ports.smtp,
      auth: { user: 'someone', pass: 'anything' },
      authMethod,
    })
    await transport.sendMail({ from: 'a@example.com', to: 'b@example.com', subject: authMethod, text: 'x' })
  }

  assert.deepEqual(
    catcher.messages().map(({ subject }) => subject),
    ['CRAM-MD5', 'LOGIN', 'PLAIN'],
  )
})

test('mailCatcher() refuses a mail over its size with 552, announced or not, and goes on', async (t) => {
  const catcher = await startCatcher(t, { maxMessageBytes: 2000 })

  await assert.rejects(sendMail(catcher, { text: 'x'.repeat(5000) }), { responseCode: 552 })
  const replies = await talk(catcher.ports.smtp, [
    'EHLO client.example',
    'MAIL FROM:<a@example.com>',
    'RCPT TO:<b@example.com>',
    'DATA',
    `Subject: x\r\n\r\n${`${'y'.repeat(70)}\r\n`.repeat(100)}.`,
  ])
  await sendMail(catcher, { subject: 'small' })

  assert.equal(replies.at(-1)?.slice(0, 3), '552')
  assert.deepEqual(
    catcher.messages().map(({ subject }) => subject),
    ['small'],
  )
})

test('mailCatcher() keeps nothing of a mail whose client left in the middle', async (t) => {
  const catcher = await startCatcher(t)

  await talk(
    catcher.ports.smtp,
    ['EHLO client.example', 'MAIL FROM:<a@example.com>', 'RCPT TO:<b@example.com>', 'DATA'],
    'Subject: half\r\n\r\nhal',
  )
  await sendMail(catcher, { subject: 'whole' })

  assert.deepEqual(
    catcher.messages().map(({ subject }) => subject),
    ['whole'],
  )
})

test('mailCatcher() keeps a message that nobody can parse, and says so when it is read', async (t) => {
  const catcher = await startCatcher(t)
  const nested = Array.from({ length: 80 }, (_, depth) => `Content-Type: multipart/mixed; boundary=b${depth}\r\n\r\n--b${depth}\r\n`).join(
    '',
  )

  await sendMail(catcher, { raw: `Subject: deep\r\n${nested}`, envelope: { from: 'a@example.com', to: 'b@example.com' } })

  const [mail] = catcher.messages()
  assert.ok(mail?.problem)
  await assert.rejects(catcher.read(mail.id), { code: 'invalid_argument', reason: 'MESSAGE_UNREADABLE' })
})

test('mailCatcher() forgets the oldest mail at its limits, of number and of bytes', async (t) => {
  const catcher = await startCatcher(t, { maxMessages: 2, maxTotalBytes: 4100 })
  const dropped: string[] = []
  catcher.subscribe((event) => event.type === 'dropped' && dropped.push(event.id))

  await sendMail(catcher, ...['one', 'two', 'three'].map((subject) => ({ subject, text: 'small' })))
  const afterNumber = catcher.messages().map(({ subject }) => subject)
  await sendMail(catcher, { subject: 'big', text: 'x'.repeat(3500) })

  assert.deepEqual(afterNumber, ['three', 'two'])
  assert.deepEqual(
    catcher.messages().map(({ subject }) => subject),
    ['big'],
  )
  assert.equal(dropped.length, 3)
})

test('mailCatcher() rejects a taken port with PORT_TAKEN and leaves no listener behind', async (t) => {
  const first = await startCatcher(t)

  for (const name of ['smtp', 'http'] as const) {
    await assert.rejects(startCatcher(t, { ports: { [name]: first.ports[name] } }), {
      code: 'unavailable',
      reason: 'PORT_TAKEN',
      details: { name, host: '127.0.0.1', port: first.ports[name] },
    })
  }
  await first.close()
  const again = await startCatcher(t, { ports: first.ports })

  assert.deepEqual(again.ports, first.ports)
})

test('mailCatcher() rejects an address that is not of this machine, and limits that are no numbers', async (t) => {
  await assert.rejects(startCatcher(t, { host: '192.0.2.1' }), { code: 'invalid_argument', reason: 'HOST_NOT_AVAILABLE' })
  await assert.rejects(startCatcher(t, { maxMessages: 0 }), RangeError)
  await assert.rejects(startCatcher(t, { maxMessageBytes: 10, maxTotalBytes: 5 }), RangeError)
})

test('close() ends connections that are open, and a second call is the same', async (t) => {
  const catcher = await startCatcher(t)
  const smtp = connect(catcher.ports.smtp, '127.0.0.1')
  await once(smtp, 'data')
  const smtpEnded = once(smtp.resume(), 'close')
  const events = await fetch(`http://127.0.0.1:${catcher.ports.http}/api/v1/events`)

  await Promise.all([catcher.close(), catcher.close()])

  await smtpEnded
  await assert.rejects(async () => {
    for await (const chunk of events.body ?? []) assert.ok(chunk)
    throw new Error('ended')
  })
  await assert.rejects(fetch(`http://127.0.0.1:${catcher.ports.http}/`))
})

/** Speaks SMTP line by line, and leaves, with `last` when it is given; gives the last line of each reply, the greeting first. */
async function talk(port: number, commands: readonly string[], last?: string): Promise<string[]> {
  const socket = connect(port, '127.0.0.1')
  const replies: string[] = []
  const left = [...commands]
  for await (const line of createInterface(socket)) {
    if (/^\d{3}-/.test(line)) continue
    replies.push(line)
    const next = left.shift()
    if (next === undefined) break
    socket.write(`${next}\r\n`)
  }
  await new Promise<void>((resolve) => {
    socket.end(last ?? '', resolve)
  })
  return replies
}
