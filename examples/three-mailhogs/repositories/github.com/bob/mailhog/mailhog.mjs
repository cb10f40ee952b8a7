// Bob's mailhog: mail to a name that is reserved for tests is kept, mail to anybody else is refused.
//
// GET /                    what was kept and what was refused, as text
// GET /api/v2/messages     what was kept, as MailHog has it
// GET /refused             what was refused, as JSON
//
// There is nothing to set but the ports: MICRO_PORT_SMTP and MICRO_PORT_HTTP, on 127.0.0.1. When both are open one line of JSON says so on the
// descriptor MICRO_CHANNEL_FD.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { writeSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'

// RFC 2606 and RFC 6761.
const reserved = /(^|\.)(example\.(com|org|net)|example|test|invalid|localhost)$/i
const most = { mails: 500, refusals: 500, bytes: 5_000_000, line: 100_000 }

const kept = []
const refused = []

process.once('SIGTERM', () => process.exit())
process.once('SIGINT', () => process.exit())
process.stdout.on('error', () => {}) // nobody reads it any more

const ports = {}
for (const [name, server] of Object.entries({ smtp: net.createServer((socket) => void serve(socket)), http: http.createServer(show) })) {
  const wanted = Number(process.env[`MICRO_PORT_${name.toUpperCase()}`] ?? 0)
  try {
    await once(server.listen(wanted, '127.0.0.1'), 'listening')
  } catch (cause) {
    tell({
      type: 'failed',
      error: { code: 'unavailable', reason: 'PORT_TAKEN', message: `Cannot open the ${name} port ${wanted}: ${cause.message}` },
    })
    process.exit(1)
  }
  ports[name] = server.address().port
}
tell({ type: 'ready', ports })

function tell(message) {
  writeSync(Number(process.env.MICRO_CHANNEL_FD ?? 1), `${JSON.stringify(message)}\n`)
}

function log(msg, details) {
  console.log(JSON.stringify({ level: 30, time: Date.now(), msg, ...details }))
}

async function serve(socket) {
  socket.setTimeout(60_000, () => socket.destroy())
  try {
    await talk(linesOf(socket), (text) => socket.write(`${text}\r\n`))
    socket.end()
  } catch {
    socket.destroy() // the client went away, or wrote a line without end
  }
}

async function* linesOf(socket) {
  socket.setEncoding('latin1')
  let rest = ''
  // The last reply is written after the last line was read: the socket must outlive the loop.
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()
    if (rest.length > most.line) throw new Error('a line without end')
    for (const line of lines) yield line.replace(/\r$/, '')
  }
}

async function talk(lines, reply) {
  reply('220 bob')
  let helo = ''
  let from
  let to = []
  for await (const line of lines) {
    const [, verb = '', rest = ''] = /^(\S*) ?(.*)$/.exec(line)
    const address = /<([^<>\s]*)>/.exec(rest)?.[1]
    const command = verb.toUpperCase()
    if (command === 'QUIT') return reply('221 bye')
    if (command === 'HELO' || command === 'EHLO') {
      helo = rest
      reply(command === 'HELO' ? '250 bob' : `250-bob\r\n250-8BITMIME\r\n250 SIZE ${most.bytes}`)
    } else if (command === 'NOOP') reply('250 ok')
    else if (command === 'RSET') {
      from = undefined
      to = []
      reply('250 ok')
    } else if (command === 'MAIL' && address !== undefined) {
      from = address
      to = []
      reply('250 ok')
    } else if (command === 'RCPT' && address !== undefined && from !== undefined) {
      if (reserved.test(domainOf(address))) {
        to.push(address)
        reply('250 ok')
      } else {
        refuse(from, address)
        reply(`550 5.7.1 <${address}> may be a person: write to someone@example.com`)
      }
    } else if (command === 'DATA' && to.length > 0) {
      reply('354 end with .')
      const data = await dataOf(lines)
      if (data.length <= most.bytes) keep({ helo, from, to, data })
      reply(data.length <= most.bytes ? '250 kept' : '552 too large')
      from = undefined
      to = []
    } else reply(['MAIL', 'RCPT', 'DATA'].includes(command) ? '503 not now, or not so' : '502 unknown')
  }
}

/** Up to the lone dot. No more than is kept is remembered. */
async function dataOf(lines) {
  const parts = []
  let bytes = 0
  // With next() and not with a loop, which would end the conversation with itself.
  for (;;) {
    const { done, value: line } = await lines.next()
    if (done) throw new Error('gone in the middle of a mail')
    if (line === '.') return parts.join('\r\n')
    bytes += line.length + 2
    if (bytes <= most.bytes + most.line) parts.push(line.replace(/^\./, ''))
  }
}

function keep(mail) {
  kept.unshift({ ...mail, id: `${randomUUID()}@bob.example`, at: new Date().toISOString() })
  kept.splice(most.mails)
  log('mail received', { from: mail.from, to: mail.to })
}

function refuse(from, to) {
  refused.unshift({ from, to, at: new Date().toISOString() })
  refused.splice(most.refusals)
  log('recipient refused', { from, to })
}

function show(request, response) {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost')
  const send = (status, body) => {
    const isText = typeof body === 'string'
    response.writeHead(status, {
      'content-type': isText ? 'text/plain; charset=utf-8' : 'application/json',
      'x-content-type-options': 'nosniff',
    })
    response.end(isText ? body : JSON.stringify(body))
  }
  // A page elsewhere must not read this by a name that it points to 127.0.0.1.
  if (!/^(localhost|127\.0\.0\.1)(:\d+)?$/i.test(request.headers.host ?? '')) return send(403, 'not under this name\n')
  if (request.method !== 'GET') return send(405, 'read only\n')
  if (pathname === '/') return send(200, summary())
  if (pathname === '/refused') return send(200, refused)
  if (pathname !== '/api/v2/messages') return send(404, 'there are /, /refused and /api/v2/messages\n')
  const start = Math.max(0, Number(searchParams.get('start')) || 0)
  const items = kept.slice(start, start + (Number(searchParams.get('limit')) || 50)).map(asMailHog)
  return send(200, { total: kept.length, count: items.length, start, items })
}

function summary() {
  const lines = [
    "Bob's mailhog",
    '',
    `kept: ${kept.length}`,
    ...kept.map(({ at, from, to }) => `  ${at}  ${from} -> ${to.join(', ')}`),
    '',
    `refused: ${refused.length}`,
    ...refused.map(({ at, from, to }) => `  ${at}  ${from} -> ${to}`),
  ]
  return `${lines.join('\n')}\n`
}

function asMailHog({ id, at, helo, from, to, data }) {
  const [head, ...body] = data.split('\r\n\r\n')
  const fields = body.length === 0 ? [] : head.replaceAll(/\r\n(?=[ \t])/g, '').split('\r\n')
  const headers = {}
  for (const field of fields) {
    const [, name, value] = /^([!-9;-~]+):\s*(.*)$/.exec(field) ?? []
    if (name !== undefined && name !== '__proto__') headers[name] = [...(Object.hasOwn(headers, name) ? headers[name] : []), text(value)]
  }
  const path = (address) => ({ Relays: null, Mailbox: address.replace(/@[^@]*$/, ''), Domain: domainOf(address), Params: '' })
  return {
    ID: id,
    From: path(from),
    To: to.map(path),
    Content: { Headers: headers, Body: text(body.length === 0 ? data : body.join('\r\n\r\n')), Size: data.length, MIME: null },
    Created: at,
    MIME: null,
    Raw: { From: from, To: to, Data: text(data), Helo: helo },
  }
}

function domainOf(address) {
  return /@([^@]*)$/.exec(address)?.[1] ?? ''
}

function text(bytes) {
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
