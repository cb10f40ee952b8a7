import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** What is sent through a server: bytes made in advance, so that next to nothing but the server is measured. */
export interface Load {
  readonly subscribers: number
  readonly payloadBytes: number
  readonly messages: number
}

// As far as a publisher may be ahead of the slowest subscriber: enough to keep everybody busy, and no slow consumer at any server.
const aheadBytes = 4 * 1024 * 1024
const greeting = 'CONNECT {"verbose":false,"pedantic":false,"user":"bench","pass":"bench","headers":true,"no_responders":true}\r\n'

async function client(port: number, lines = ''): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'data')
  socket.write(`${greeting}${lines}PING\r\n`)
  for (let text = ''; !text.includes('PONG\r\n');) text += String(((await once(socket, 'data')) as [Buffer])[0])
  return socket
}

/** Publishes, and resolves when every subscriber has all of it, or, without any, when the server has read all. Gives the milliseconds. */
export async function publishThrough(port: number, { subscribers, payloadBytes, messages }: Load): Promise<number> {
  const received = Array.from({ length: subscribers }, () => 0)
  let wake: () => void = () => undefined
  const readers = await Promise.all(
    received.map(async (_, index) => {
      const socket = await client(port, 'SUB bench.a 1\r\n')
      return socket.on('data', (chunk: Buffer) => {
        received[index] = (received[index] ?? 0) + chunk.length
        wake()
      })
    }),
  )
  const publisher = await client(port)
  const payload = 'x'.repeat(payloadBytes)
  const delivered = `MSG bench.a 1 ${payloadBytes}\r\n${payload}\r\n`.length
  const perChunk = Math.max(1, Math.floor(65_536 / payloadBytes))
  const chunk = Buffer.from(`PUB bench.a ${payloadBytes}\r\n${payload}\r\n`.repeat(perChunk))
  const chunks = Math.ceil(messages / perChunk)
  const slowest = () => Math.min(...received)

  const startedMs = performance.now()
  for (let sent = 0; sent < chunks; sent++) {
    while (subscribers > 0 && sent * perChunk * delivered - slowest() > aheadBytes) await new Promise<void>((resolve) => (wake = resolve))
    if (!publisher.write(chunk)) await once(publisher, 'drain')
  }
  publisher.write('PING\r\n')
  await once(publisher, 'data')
  while (subscribers > 0 && slowest() < chunks * perChunk * delivered) await new Promise<void>((resolve) => (wake = resolve))
  const ms = performance.now() - startedMs
  for (const socket of [...readers, publisher]) socket.destroy()
  return ms
}

const inFlight = 64
const digits = 8

/** Requests with an inbox of their own each, `inFlight` at a time, and answers of the same size. Gives the milliseconds. */
export async function requestThrough(port: number, { payloadBytes, messages }: Omit<Load, 'subscribers'>): Promise<number> {
  const payload = 'x'.repeat(payloadBytes)
  const tail = ` ${payloadBytes}\r\n${payload}\r\n`
  const inbox = '_INBOX.bench.'
  const asked = `MSG bench.svc 1 ${inbox}${'0'.repeat(digits)}${tail}`.length
  const answered = `MSG ${inbox}${'0'.repeat(digits)} 1${tail}`.length
  const responder = await client(port, 'SUB bench.svc 1\r\n')
  const requester = await client(port, `SUB ${inbox}* 1\r\n`)
  let held: Buffer = Buffer.alloc(0)
  responder.on('data', (chunk: Buffer) => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk])
    let answers = ''
    let at = 0
    // Every request is as long as any other, so its reply subject is where it always is.
    const reply = 'MSG bench.svc 1 '.length
    for (; held.length - at >= asked; at += asked)
      answers += `PUB ${held.toString('latin1', at + reply, at + reply + inbox.length + digits)}${tail}`
    held = held.subarray(at)
    if (answers !== '') responder.write(answers, 'latin1')
  })
  let sent = 0
  let bytes = 0
  const ask = (count: number) => {
    let text = ''
    for (let index = 0; index < count && sent < messages; index++)
      text += `PUB bench.svc ${inbox}${String(sent++).padStart(digits, '0')}${tail}`
    if (text !== '') requester.write(text, 'latin1')
  }
  const startedMs = performance.now()
  await new Promise<void>((resolve) => {
    let done = 0
    requester.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      const now = Math.floor(bytes / answered)
      ask(now - done)
      done = now
      if (done >= messages) resolve()
    })
    ask(inFlight)
  })
  const ms = performance.now() - startedMs
  for (const socket of [responder, requester]) socket.destroy()
  return ms
}
