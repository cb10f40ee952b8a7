import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { after, test } from 'node:test'
import { MicroError } from '../base/index.js'
import { httpTransport } from './http.js'
import { portHolder } from './port-holder.js'
import type { Frame } from './transport.js'

const transport = httpTransport()
const seen: Frame[] = []
const listener = await transport.listen(
  '127.0.0.1:0',
  (connection) => {
    void (async () => {
      for (;;) {
        const frame = await connection.receive()
        if (frame === undefined) return
        seen.push(frame)
        await connection.send({ header: { 'micro-id': String(seen.length), 'content-length': '3' }, body: frame.body })
      }
    })()
  },
  {
    maxBytes: 100,
    web: (request) =>
      request.path === '/throw' ? Promise.reject(new Error('secret')) : Promise.resolve({ status: 200, header: {}, body: request.body }),
  },
)
after(() => transport.close())

const port = Number(listener.address.split(':')[1])

/** Sends `text`, and gives all that comes until the server ends or `isDone`. */
function raw(text: string, isDone: (all: string) => boolean = () => false): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(port, '127.0.0.1', () => socket.write(text))
    let all = ''
    socket.on('data', (piece) => {
      all += piece.toString('latin1')
      if (!isDone(all)) return
      socket.destroy()
      resolve(all)
    })
    socket.on('end', () => socket.end())
    socket.on('close', () => resolve(all))
    socket.on('error', reject)
  })
}

const start = 'POST / HTTP/1.1\r\nHost: a\r\nMicro-Endpoint: A.B\r\n'

test('listen() refuses with 400 what two readers could understand differently, and hands none of it on', async () => {
  const malformed = [
    `${start}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`,
    `${start}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${start}Transfer-Encoding: chunked, x\r\n\r\n0\r\n\r\n`,
    `${start}Transfer-Encoding: x\r\n\r\n0\r\n\r\n`,
    `${start}X: 1\r\n folded\r\nContent-Length: 0\r\n\r\n`,
    `${start}X: 1\nY: 2\r\nContent-Length: 0\r\n\r\n`,
    `${start}X: a\0b\r\nContent-Length: 0\r\n\r\n`,
    `${start}X : 1\r\nContent-Length: 0\r\n\r\n`,
    `${start}Content-Length: -1\r\n\r\n`,
    `${start}Content-Length: 1e1\r\n\r\nx`,
    `${start}Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n`,
    'POST / HTTP/1.1\r\nMicro-Endpoint: A.B\r\nContent-Length: 0\r\n\r\n',
    'POST / HTTP/3.0\r\nHost: a\r\nMicro-Endpoint: A.B\r\n\r\n',
    'nonsense\r\n\r\n',
  ]
  const before = seen.length
  for (const text of malformed) assert.match(await raw(text), /^HTTP\/1\.1 400 /, JSON.stringify(text))
  assert.equal(seen.length, before)
})

test('listen() refuses a head that is too large with 431', async () => {
  assert.match(await raw(`${start}X: ${'x'.repeat(70_000)}\r\n\r\n`), /^HTTP\/1\.1 431 /)
})

test('listen() refuses an announced body over maxBytes before it comes, and a chunked one as soon as it is over', async () => {
  const isAnswered = (all: string) => all.includes('\r\n\r\n')

  assert.match(await raw(`${start}Content-Length: 99999999\r\n\r\n`, isAnswered), /^HTTP\/1\.1 413 /)
  assert.match(await raw(`${start}Transfer-Encoding: chunked\r\n\r\n65\r\n${'x'.repeat(101)}`, isAnswered), /^HTTP\/1\.1 413 /)
})

test('listen() answers pipelined frames in their order', async () => {
  const one = (body: string) => `${start}Content-Length: 1\r\n\r\n${body}`

  const all = await raw(one('a') + one('b') + one('c'), (text) => text.endsWith('c'))

  assert.deepEqual(
    all
      .split('HTTP/1.1 200 OK')
      .slice(1)
      .map((reply) => reply.at(-1)),
    ['a', 'b', 'c'],
  )
})

test('listen() hands no header of the connection on, in neither direction', async () => {
  const all = await raw(`${start}Connection: keep-alive\r\nTE: trailers\r\nContent-Length: 1\r\n\r\nx`, (text) => text.endsWith('x'))

  assert.deepEqual(seen.at(-1)?.header, { 'micro-endpoint': 'A.B' })
  assert.match(all, /content-length: 1\r\n/)
})

test('listen() ends the connection that asks for it', async () => {
  assert.match(await raw(`${start}Connection: close\r\nContent-Length: 1\r\n\r\nx`), /^HTTP\/1\.1 200 /)
})

test('listen() answers 500 when web fails, and keeps the text', async () => {
  const all = await raw('GET /throw HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')

  assert.match(all, /^HTTP\/1\.1 500 /)
  assert.doesNotMatch(all, /secret/)
})

test('listen() without web answers plain HTTP with 404', async () => {
  const other = await transport.listen('127.0.0.1:0', () => undefined)

  const answer = await fetch(`http://${other.address}/`)

  assert.equal(answer.status, 404)
  await other.close()
})

test('listen() at a port that is taken names the process that has it', { skip: process.platform !== 'linux' }, async () => {
  const failure = await transport.listen(listener.address, () => undefined).catch((error: unknown) => error)

  assert.ok(MicroError.is(failure))
  assert.equal(failure.reason, 'PORT_TAKEN')
  assert.match(String(failure.details?.['holder']), new RegExp(`^process ${process.pid} \\(.*node`))
})

test('listen() at an address of another machine says so', async () => {
  const failure = await transport.listen('192.0.2.1:0', () => undefined).catch((error: unknown) => error)

  assert.ok(MicroError.is(failure))
  assert.equal(failure.reason, 'LISTEN_FAILED')
})

test('portHolder() of a port that nobody has is undefined', async () => {
  const other = await transport.listen('127.0.0.1:0', () => undefined)
  await other.close()

  assert.equal(await portHolder(Number(other.address.split(':')[1])), undefined)
})
