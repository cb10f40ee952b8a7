import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createServer, Socket } from 'node:net'
import { test } from 'node:test'
import { MicroError } from '../base/index.js'
import { testClock, type TestClock } from '../testing/index.js'
import { httpTransport } from './http.js'
import type { Connection } from './transport.js'

/** A server that answers the first bytes of each connection with `answer`, and ends it if `isLast`. */
async function answeringWith(answer: string, isLast = false) {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => (isLast ? socket.end(answer) : socket.write(answer)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    address: `127.0.0.1:${(server.address() as { port: number }).port}`,
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}

async function failureOf(work: Promise<unknown>): Promise<MicroError> {
  const outcome = await work.then(
    (value) => value,
    (error: unknown) => error,
  )
  assert.ok(MicroError.is(outcome), `gave ${JSON.stringify(outcome)}`)
  return outcome
}

/** Until the attempt has begun: the code that makes it is loaded first. */
async function timerSet(clock: TestClock): Promise<void> {
  while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve))
}

async function asked(connection: Connection) {
  await connection.send({ header: { 'micro-endpoint': 'A.B' }, body: new Uint8Array(0) })
  return connection.receive()
}

test('receive() of what is no answer to a frame rejects with what it is', async () => {
  const cases: [string, boolean, string, string][] = [
    ['HTTP/1.1 503 No\r\ncontent-length: 2\r\n\r\nno', false, 'unavailable', 'HTTP_STATUS'],
    ['HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n', false, 'unknown', 'HTTP_STATUS'],
    ['HTTP/1.1 413 Too large\r\ncontent-length: 0\r\n\r\n', false, 'resource_exhausted', 'FRAME_TOO_LARGE'],
    ['HTTP/1.1 200 OK\r\ncontent-length: 101\r\n\r\n', false, 'resource_exhausted', 'FRAME_TOO_LARGE'],
    ['SSH-2.0-x\r\n\r\n', false, 'internal', 'ANSWER_NOT_UNDERSTOOD'],
    ['HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\ncut', true, 'internal', 'ANSWER_NOT_UNDERSTOOD'],
    ['', true, 'unavailable', 'CONNECTION_LOST'],
  ]
  const transport = httpTransport({ maxBytes: 100 })
  for (const [answer, isLast, code, reason] of cases) {
    const server = await answeringWith(answer, isLast)
    const connection = await transport.open(server.address)

    const error = await failureOf(asked(connection))

    assert.deepEqual([error.code, error.reason], [code, reason], answer)
    await connection.closed
    await server.close()
  }
  await transport.close()
})

test('receive() gives an answer that ends with its connection, and send() is refused after it', async () => {
  const transport = httpTransport()
  for (const [answer, isLast] of [
    ['HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok', false],
    ['HTTP/1.1 200 OK\r\n\r\nok', true],
  ] as const) {
    const server = await answeringWith(answer, isLast)
    const connection = await transport.open(server.address)

    assert.equal(Buffer.from((await asked(connection))?.body ?? []).toString(), 'ok')
    await connection.closed
    assert.equal((await failureOf(asked(connection))).reason, 'CONNECTION_CLOSED')
    await server.close()
  }
  await transport.close()
})

test('an answer that nobody asked for ends the connection', async () => {
  const server = await answeringWith('HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\naHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nb')
  const transport = httpTransport()
  const connection = await transport.open(server.address)

  assert.ok(await asked(connection))
  // The second one has come with the first; it must not be taken for the answer to the next frame.
  const second = await asked(connection).catch((error: unknown) => error)

  assert.ok(MicroError.is(second))
  await transport.close()
  await server.close()
})

test('open() gives up after its time, and leaves no timer', async () => {
  const clock = testClock()
  const transport = httpTransport({ clock, connect: () => new Socket() })

  const failure = failureOf(transport.open('192.0.2.1:1', { timeoutMs: 100 }))
  await timerSet(clock)
  await clock.advance(100)

  const error = await failure
  assert.deepEqual([error.code, error.reason], ['deadline_exceeded', 'CONNECT_TIMEOUT'])
  assert.equal(clock.pending, 0)
})

test('open() gives up when its signal aborts', async () => {
  const clock = testClock()
  const transport = httpTransport({ clock, connect: () => new Socket() })
  const controller = new AbortController()

  const failure = failureOf(transport.open('192.0.2.1:1', { signal: controller.signal }))
  await timerSet(clock)
  controller.abort()

  assert.equal((await failure).code, 'canceled')
  assert.equal(clock.pending, 0)
})

test('an idle connection does not keep a program alive', async () => {
  const server = await answeringWith('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
  const program = `
    import { httpTransport } from ${JSON.stringify(new URL('./http.ts', import.meta.url).href)}
    const connection = await httpTransport().open('${server.address}')
    await connection.send({ header: { 'micro-endpoint': 'A.B' }, body: new Uint8Array(0) })
    process.stdout.write(Buffer.from((await connection.receive()).body))`

  const child = spawn(process.execPath, ['--conditions=@microts/source', '--import', 'tsx', '--input-type=module', '-e', program])
  let output = ''
  child.stdout.on('data', (piece) => (output += String(piece)))
  const code = await new Promise((resolve) => child.on('exit', resolve))

  assert.deepEqual([code, output], [0, 'ok'])
  await server.close()
})

test('a connection with a stream takes and gives frames unpaired, however they are cut', async () => {
  const answer = (body: string) => `HTTP/1.1 200 OK\r\nmicro-stream: 1\r\ncontent-length: ${body.length}\r\n\r\n${body}`
  const text = [answer('one'), answer('two'), answer('three'), 'HTTP/1.1 200 OK\r\nmicro-error: EOS\r\ncontent-length: 0\r\n\r\n'].join('')
  for (const size of [1, 7, 1000]) {
    let asked = ''
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.on('data', (piece) => (asked += piece.toString()))
      const writeFrom = (at: number) => {
        if (at < text.length) socket.write(text.slice(at, at + size), () => writeFrom(at + size))
      }
      socket.once('data', () => writeFrom(0))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const transport = httpTransport()
    const connection = await transport.open(`127.0.0.1:${(server.address() as { port: number }).port}`)
    const header = { 'micro-endpoint': 'A.B', 'micro-stream': '1' }

    await connection.send({ header, body: new Uint8Array(0) })
    await connection.send({ header, body: Buffer.from('a') })
    await connection.send({ header, body: Buffer.from('b') })
    const bodies: string[] = []
    for (let frame = await connection.receive(); frame !== undefined; frame = await connection.receive()) {
      if (frame.header['micro-error'] === 'EOS') break
      bodies.push(Buffer.from(frame.body).toString())
    }

    assert.deepEqual(bodies, ['one', 'two', 'three'], `pieces of ${size}`)
    while (asked.split('POST / ').length < 4) await new Promise((resolve) => setImmediate(resolve))
    await transport.close()
    await new Promise((resolve) => server.close(resolve))
  }
})
