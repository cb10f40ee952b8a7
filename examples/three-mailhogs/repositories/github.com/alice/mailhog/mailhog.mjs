/**
 * Alice's mailhog: SMTP in, a page and MailHog's `/api/v2/messages` out. It keeps the last mails only, and only in memory.
 *
 * MICRO_PORT_SMTP and MICRO_PORT_HTTP: where it listens, on 127.0.0.1; any free port when left out. MAILHOG_KEEP: how many mails, 20 when left out.
 * It says on the descriptor MICRO_CHANNEL_FD (else on stdout) that it is ready, or why it cannot be, in one line of JSON.
 */
import { randomBytes } from 'node:crypto'
import { writeSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createSmtpServer } from 'node:net'

const host = '127.0.0.1'
const mostMailBytes = 10 * 1024 * 1024
const mostLineBytes = 64 * 1024
const idleMs = 60_000

const { env } = process
const keep = Number(env.MAILHOG_KEEP ?? 20)
/** The newest first. */
const mails = []

const smtp = createSmtpServer(converse)
const http = createHttpServer(answer)
// A program under test opens a handful; more at once is a leak.
smtp.maxConnections = 100

for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0))
process.stdout.on('error', () => {}) // Who started it may end first.

try {
  if (!Number.isSafeInteger(keep) || keep < 1)
    throw failure('invalid_argument', 'INVALID_SETTING', `MAILHOG_KEEP is "${env.MAILHOG_KEEP}", wanted a number from 1`)
  const ports = { smtp: await listen(smtp, 'SMTP'), http: await listen(http, 'HTTP') }
  say({ type: 'ready', ports })
} catch (error) {
  say({ type: 'failed', error: error.said ?? { code: 'internal', reason: 'INTERNAL', message: String(error) } })
  process.exit(1)
}

function listen(server, name) {
  const port = Number(env[`MICRO_PORT_${name}`] ?? 0)
  return new Promise((resolve, reject) => {
    server.once('error', ({ message }) =>
      reject(failure('unavailable', 'PORT_TAKEN', `Cannot listen for ${name} on ${host}:${port}: ${message}`)),
    )
    server.listen(port, host, () => resolve(server.address().port))
  })
}

function failure(code, reason, message) {
  return Object.assign(new Error(message), { said: { code, reason, message } })
}

function say(message) {
  writeSync(Number(env.MICRO_CHANNEL_FD ?? 1), `${JSON.stringify(message)}\n`)
}

/** One client of SMTP. Characters are bytes (latin1) until a mail is shown. */
function converse(socket) {
  let rest = ''
  let mail
  /** The lines of the mail that is being sent; undefined between mails. */
  let lines
  let bytes = 0
  const reply = (...texts) =>
    texts.forEach((text, index) => socket.write(`${text.slice(0, 3)}${index < texts.length - 1 ? '-' : ' '}${text.slice(4)}\r\n`))
  const reset = () => {
    mail = { from: undefined, to: [], helo: mail?.helo ?? '' }
  }
  reset()
  socket.setEncoding('latin1')
  socket.setTimeout(idleMs, () => socket.destroy())
  socket.on('error', () => socket.destroy()) // It concerns this client only.
  socket.on('data', (chunk) => {
    const whole = `${rest}${chunk}`.split(/\r?\n/)
    rest = whole.pop()
    if (rest.length > mostLineBytes) {
      socket.end('500 That line is too long\r\n', () => socket.destroy())
      return
    }
    for (const line of whole)
      if (lines === undefined) obey(line)
      else take(line)
  })
  reply("220 Alice's mailhog")

  function take(line) {
    if (line !== '.') {
      bytes += line.length + 2
      if (bytes <= mostMailBytes) lines.push(line.startsWith('.') ? line.slice(1) : line)
      return
    }
    const isWhole = bytes <= mostMailBytes
    if (isWhole) keepMail({ ...mail, data: lines.join('\r\n') })
    lines = undefined
    reset()
    reply(isWhole ? '250 Kept, until newer mail takes its place' : '552 That mail is too large')
  }

  function obey(line) {
    const [verb] = line.split(' ', 1)
    const rest = line.slice(verb.length + 1)
    switch (verb.toUpperCase()) {
      case 'HELO':
      case 'EHLO':
        reset()
        mail.helo = rest
        return verb.toUpperCase() === 'HELO'
          ? reply('250 mailhog')
          : reply('250 mailhog', '250 PIPELINING', '250 8BITMIME', '250 SMTPUTF8', `250 SIZE ${mostMailBytes}`)
      case 'MAIL':
        reset()
        mail.from = addressOf(rest, 'FROM')
        return mail.from === undefined ? reply('501 Wanted MAIL FROM:<address>') : reply('250 Go on')
      case 'RCPT': {
        const address = addressOf(rest, 'TO')
        if (mail.from === undefined) return reply('503 MAIL comes first')
        if (address === undefined || address === '') return reply('501 Wanted RCPT TO:<address>')
        mail.to.push(address)
        return reply('250 Go on')
      }
      case 'DATA':
        if (mail.to.length === 0) return reply('503 RCPT comes first')
        lines = []
        bytes = 0
        return reply('354 End with a dot on a line of its own')
      case 'RSET':
        reset()
        return reply('250 Forgotten')
      case 'NOOP':
        return reply('250 Done')
      case 'QUIT':
        reply('221 Goodbye')
        return socket.end()
      default:
        return reply('502 No such command here')
    }
  }
}

/** Of `FROM:<alice@example.com> SIZE=12` the address, which may be empty; undefined when it is not written so. */
function addressOf(text, word) {
  const [, found, address] = /^(\w+): ?<([^>\s]*)>/.exec(text) ?? []
  return found?.toUpperCase() === word ? address : undefined
}

function keepMail(mail) {
  mails.unshift({ ...mail, id: `${randomBytes(32).toString('base64url')}=@alice.example`, at: new Date() })
  mails.length = Math.min(mails.length, keep)
  const { from, to } = mail
  console.log(JSON.stringify({ level: 30, time: Date.now(), msg: 'mail received', from, to, subject: subjectOf(mail) }))
}

function answer(request, response) {
  const { pathname, searchParams } = new URL(request.url, `http://${host}`)
  const send = (status, type, body) =>
    response
      .writeHead(status, { 'content-type': type, 'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'" })
      .end(body)
  // Else a web site could read the mail by a name of its own that it points to this machine.
  if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/i.test(request.headers.host ?? ''))
    return send(403, 'text/plain', 'Open this page as http://localhost\n')
  switch (`${request.method} ${pathname}`) {
    case 'GET /':
      return send(200, 'text/html; charset=utf-8', page())
    case 'GET /api/v2/messages': {
      const start = Number.parseInt(searchParams.get('start') ?? '0', 10) || 0
      const limit = Number.parseInt(searchParams.get('limit') ?? '50', 10) || 50
      const items = mails.slice(Math.max(0, start), Math.max(0, start) + limit).map(toMailHog)
      return send(200, 'application/json', JSON.stringify({ total: mails.length, count: items.length, start, items }))
    }
    case 'DELETE /api/v1/messages':
      mails.length = 0
      return send(200, 'text/plain', '')
    default:
      return send(404, 'text/plain', 'The page is at /, the mails are at /api/v2/messages\n')
  }
}

/** A mail in the shape that MailHog gives it; of a message in parts, all parts are its body. */
function toMailHog(mail) {
  const { id, from, to, helo, data, at } = mail
  const content = { Headers: headersOf(data), Body: utf8(bodyOf(data)), Size: data.length, MIME: null }
  return {
    ID: id,
    From: toPath(from),
    To: to.map(toPath),
    Content: content,
    Created: at.toISOString(),
    MIME: null,
    Raw: { From: from, To: to, Data: utf8(data), Helo: helo },
  }
}

function toPath(address) {
  const at = address.lastIndexOf('@')
  return { Relays: null, Mailbox: at === -1 ? address : address.slice(0, at), Domain: at === -1 ? '' : address.slice(at + 1), Params: '' }
}

function bodyOf(data) {
  const end = data.indexOf('\r\n\r\n')
  return end === -1 ? data : data.slice(end + 4)
}

function headersOf(data) {
  const end = data.indexOf('\r\n\r\n')
  // Without a prototype: a mail may well have a header that is called `constructor`.
  const headers = Object.create(null)
  const unfolded = data.slice(0, Math.max(0, end)).replaceAll(/\r\n(?=[ \t])/g, '')
  for (const line of unfolded.split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) (headers[utf8(line.slice(0, colon))] ??= []).push(utf8(line.slice(colon + 1).trim()))
  }
  return headers
}

function subjectOf({ data }) {
  const [, [subject] = ['']] = Object.entries(headersOf(data)).find(([name]) => name.toLowerCase() === 'subject') ?? []
  // RFC 2047: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=
  return subject
    .replaceAll(/\?=\s+=\?/g, '?==?')
    .replaceAll(/=\?utf-8\?([QB])\?([^?]*)\?=/gi, (_, coding, text) =>
      coding.toUpperCase() === 'B'
        ? Buffer.from(text, 'base64').toString()
        : utf8(text.replaceAll('_', ' ').replaceAll(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))),
    )
}

const utf8 = (text) => Buffer.from(text, 'latin1').toString()
const escaped = (text) => text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

function page() {
  const rows = mails.map(
    (mail) => `<tr><td>${mail.at.toLocaleTimeString()}<td>${escaped(mail.to.join(', '))}<td>${escaped(subjectOf(mail))}`,
  )
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="refresh" content="3">
<title>Alice's mailhog</title>
<style>body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 50rem; color: #312 } h1 { color: #a26 } td { padding-right: 2rem; vertical-align: top }</style>
<h1>Alice's mailhog</h1>
<p>The last ${keep} mails are kept; here are ${mails.length}.</p>
<table>${rows.join('\n')}</table>
`
}
