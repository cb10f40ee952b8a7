import { createServer } from 'node:http'
import { Duplex } from 'node:stream'
import { HttpRequestError, requestReader } from './http-request.js'

/** What a reader made of some bytes: the requests, and the status of its refusal. */
export interface Reading {
  readonly requests: readonly string[]
  readonly status: number | undefined
}

/** Numbers that are the same in every run (Lehmer's generator), from 0 to below `below`. */
export function seededNumbers(seed: number): (below: number) => number {
  let state = (seed % 2_147_483_646) + 1
  return (below) => Math.floor((((state = (state * 48_271) % 2_147_483_647) - 1) / 2_147_483_646) * below)
}

const maxBytes = 1000

const bodies = ['', 'x', '{"name":"bob"}', 'y'.repeat(300)]
const heads = [
  'POST /A.B HTTP/1.1\r\nHost: a\r\n',
  'GET /livez?x=1 HTTP/1.1\r\nhost: a:80\r\nAccept: */*\r\n',
  'POST / HTTP/1.1\r\nHost: a\r\nMicro-Endpoint: A.B\r\nFoo: Bäz\r\nMicro-Stream: 1\r\n',
  'HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: a\r\n',
]
// What has told two readers apart before, or sounds as if it could.
const tokens = [
  '\r\n',
  '\n',
  '\r',
  '\0',
  ' ',
  '\t',
  ':',
  ',',
  ';',
  '0',
  '5\r\n',
  '0\r\n\r\n',
  'chunked',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: identity\r\n',
  'transfer-encoding:\tchunked\r\n',
  'Content-Length: 5\r\n',
  'Content-Length: +5\r\n',
  'content-length: 0\r\n',
  'Content-Length : 3\r\n',
  ' folded\r\n',
  'Host: b\r\n',
  'Connection: close\r\n',
  'Expect: 100-continue\r\n',
  'Upgrade: h2c\r\n',
  'GET / HTTP/1.1\r\n',
  'HTTP/1.0',
  'ffffffff\r\n',
  '-1\r\n',
  '\u00ff',
  '\u0080',
  '"',
  '\\',
  'X-\u0000: 1\r\n',
]

/** Some requests one after the other, whole and well-formed, then changed in up to three places. */
export function mutatedRequests(random: (below: number) => number): Buffer {
  let text = ''
  for (let count = random(3); count >= 0; count--) text += request(random)
  let bytes: Buffer = Buffer.from(text)
  for (let count = random(4); count > 0; count--) bytes = mutated(bytes, random)
  return bytes
}

function request(random: (below: number) => number): string {
  const head = heads[random(heads.length)] as string
  const body = bodies[random(bodies.length)] as string
  if (random(2) === 0 || head.includes('1.0')) return `${head}Content-Length: ${body.length}\r\n\r\n${body}`
  const chunks = body === '' ? '' : `${body.length.toString(16)}${random(3) === 0 ? ';a=b' : ''}\r\n${body}\r\n`
  return `${head}Transfer-Encoding: chunked\r\n\r\n${chunks}0\r\n${random(3) === 0 ? 'T: 1\r\n' : ''}\r\n`
}

function mutated(bytes: Buffer, random: (below: number) => number): Buffer {
  const at = random(bytes.length + 1)
  const kind = random(4)
  if (kind === 0)
    return Buffer.concat([bytes.subarray(0, at), Buffer.from(tokens[random(tokens.length)] as string, 'latin1'), bytes.subarray(at)])
  if (kind === 1) return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random(8))])
  if (kind === 2) return Buffer.concat([bytes.subarray(0, at), bytes.subarray(random(bytes.length + 1))])
  const changed = Buffer.from(bytes)
  if (at < changed.length) changed[at] = random(256)
  return changed
}

/** What our reader makes of `bytes`, cut where `cut` says: it is given how many are left, and says how many come next. */
export function readByOurs(bytes: Buffer, cut: (left: number) => number): Reading {
  const reader = requestReader({ maxBytes })
  const requests: string[] = []
  try {
    for (let at = 0; at < bytes.length;) {
      const to = at + Math.max(1, cut(bytes.length - at))
      reader.push(Buffer.from(bytes.subarray(at, to)))
      at = to
      for (let one = reader.next(); one !== undefined; one = reader.next()) {
        requests.push(`${one.method} ${one.path} ${Buffer.from(one.body).toString('latin1')}`)
        if (one.isLast) return { requests, status: undefined }
      }
    }
  } catch (error) {
    if (!(error instanceof HttpRequestError)) throw error
    return { requests, status: error.status }
  }
  return { requests, status: undefined }
}

/** What node:http's strict parser makes of `bytes`. */
export function readByNode(bytes: Buffer): Promise<Reading> {
  return new Promise((resolve) => {
    const requests: string[] = []
    let status: number | undefined
    const server = createServer({ requireHostHeader: true }, (message, reply) => {
      let body = ''
      message.on('data', (piece: Buffer) => (body += piece.toString('latin1')))
      message.on('end', () => {
        requests.push(`${message.method} ${message.url} ${body}`)
        reply.end()
      })
    })
    server.on('clientError', () => (status = 400))
    // An upgrade or a CONNECT would otherwise take the bytes that follow.
    const socket = new Duplex({
      read: () => undefined,
      write(piece: Buffer, _encoding, done) {
        const said = /^HTTP\/1\.1 (4\d\d)/.exec(piece.toString('latin1'))?.[1]
        if (said !== undefined) status = Number(said)
        done()
      },
    })
    socket.on('error', () => undefined)
    server.emit('connection', socket)
    socket.push(bytes)
    // Nothing here waits for anything but turns of the event loop.
    let turns = 0
    const wait = () => {
      if (turns++ < 12) {
        setImmediate(wait)
        return
      }
      socket.destroy()
      resolve({ requests, status })
    }
    setImmediate(wait)
  })
}

/** Whether nobody between a client and us, reading as node:http does, would have seen other requests than we did. Either may refuse where the other reads on. */
export function isAlike(ours: Reading, node: Reading): boolean {
  const compared = node.status === undefined ? ours.requests.length : Math.min(ours.requests.length, node.requests.length)
  return ours.requests.slice(0, compared).every((one, index) => one === node.requests[index])
}
