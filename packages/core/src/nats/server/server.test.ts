import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { MicroError } from '../../base/index.js'
import { testClock } from '../../testing/clock.js'
import type { NatsServerEvent, NatsServerOptions } from './options.js'
import { natsServer } from './server.js'
import { rawClient } from '../raw-client.fixture.js'

const quiet = 'CONNECT {"verbose":false,"pedantic":false}\r\n'

async function start(t: TestContext, options: NatsServerOptions = {}) {
  const server = await natsServer(options)
  t.after(() => server.close())
  const client = async () => {
    const raw = await rawClient(server.port)
    t.after(() => raw.close())
    return raw
  }
  return { server, client }
}

/** What one connection gets back for `text`, up to PONG or to its end. */
async function answer(t: TestContext, text: string, options: NatsServerOptions = {}): Promise<string> {
  const { client } = await start(t, options)
  const raw = await client()
  raw.send(text)
  return raw.until('PONG\r\n')
}

test('a queue group shares its messages evenly over its members on all connections', async (t) => {
  const { client } = await start(t)
  const members = [await client(), await client(), await client()]
  for (const member of members) {
    member.send(`${quiet}SUB work.* group 1\r\nPING\r\n`)
    await member.until('PONG\r\n')
  }
  const publisher = await client()

  publisher.send(`${quiet}${'PUB work.x 1\r\nx\r\n'.repeat(3000)}PING\r\n`)
  await publisher.until('PONG\r\n')
  for (const member of members) member.send('PING\r\n')

  const counts = await Promise.all(members.map(async (member) => (await member.until('x\r\nPONG\r\n')).split('MSG ').length - 1))
  assert.equal(
    counts.reduce((sum, count) => sum + count, 0),
    3000,
  )
  // Each member's share is binomial: 1000 with a deviation of 26; 200 is far outside.
  for (const count of counts) assert.ok(Math.abs(count - 1000) < 200, counts.join())
})

test('headers are stripped for a subscriber that does not know them', async (t) => {
  const { client } = await start(t)
  const plain = await client()
  plain.send(`${quiet}SUB a 1\r\nPING\r\n`)
  await plain.until('PONG\r\n')
  const modern = await client()

  modern.send('CONNECT {"verbose":false,"headers":true}\r\nHPUB a 12 17\r\nNATS/1.0\r\n\r\nhello\r\nPING\r\n')
  await modern.until('PONG\r\n')
  plain.send('PING\r\n')

  assert.equal(await plain.until('PONG\r\nMSG a 1 5\r\nhello\r\nPONG\r\n'), 'PONG\r\nMSG a 1 5\r\nhello\r\nPONG\r\n')
})

test('natsServer() with users lets nobody in without a password, and no line but CONNECT', async (t) => {
  const options = { users: [{ user: 'ann', password: 'secret' }] }
  const violation = "-ERR 'Authorization Violation'\r\n"

  // Go finds a field in any case, and takes the last of several.
  assert.equal(await answer(t, 'CONNECT {"verbosE":false,"User":"ann","pass":"x","PASS":"secret"}\r\nPING\r\n', options), 'PONG\r\n')
  assert.equal(await answer(t, 'CONNECT {"verbose":false,"user":"ann","pass":"secret"}\r\nPING\r\n', options), 'PONG\r\n')
  assert.equal(await answer(t, 'CONNECT {"verbose":false,"user":"ann","pass":"Secret"}\r\nPING\r\n', options), violation)
  assert.equal(await answer(t, 'CONNECT {"verbose":false,"user":"ann"}\r\nPING\r\n', options), violation)
  assert.equal(await answer(t, 'PING\r\n', options), violation)
  assert.equal(await answer(t, 'PUB a 1048576\r\n', options), violation)
  assert.equal(await answer(t, 'CONNECT {"verbose":false,"auth_token":"t0ken"}\r\nPING\r\n', { token: 't0ken' }), 'PONG\r\n')
  assert.equal(await answer(t, 'CONNECT {"verbose":false,"auth_token":""}\r\nPING\r\n', { token: 't0ken' }), violation)
})

test('natsServer() ends a connection that does not log in within two seconds', async (t) => {
  const clock = testClock()
  const { client } = await start(t, { token: 't0ken', clock })
  const raw = await client()

  await clock.advance(2000)

  assert.equal(await raw.ended(), "-ERR 'Authentication Timeout'\r\n")
})

test('natsServer() refuses an address that other machines can reach when nobody has to log in', async (t) => {
  for (const host of ['0.0.0.0', '::', '', '192.0.2.1', 'example.com'])
    await assert.rejects(natsServer({ host }), (error) => {
      assert.ok(MicroError.is(error))
      assert.equal(error.code, 'failed_precondition')
      assert.equal(error.reason, 'PUBLIC_WITHOUT_AUTHENTICATION')
      return true
    })

  const { server } = await start(t, { host: '0.0.0.0', token: 't0ken' })
  assert.ok(server.port > 0)
})

test('natsServer() says that a port is taken', async (t) => {
  const { server } = await start(t)

  await assert.rejects(natsServer({ port: server.port }), (error) => {
    assert.ok(MicroError.is(error))
    assert.equal(error.code, 'unavailable')
    assert.equal(error.reason, 'PORT_TAKEN')
    return true
  })
})

test('a subscriber that does not read is cut off, counted and said, while others get everything', async (t) => {
  const events: NatsServerEvent[] = []
  // Its own clock: the last word may take as long as it wants.
  const clock = testClock()
  const { server, client } = await start(t, { clock, maxPendingBytes: 1024 * 1024, onEvent: (event) => events.push(event) })
  const stuck = await client()
  stuck.send('CONNECT {"verbose":false,"name":"stuck"}\r\nSUB a 1\r\nPING\r\n')
  await stuck.until('PONG\r\n')
  stuck.socket.pause()
  const reader = await client()
  reader.send(`${quiet}SUB a 1\r\nPING\r\n`)
  await reader.until('PONG\r\n')
  let bytes = 0
  reader.socket.on('data', (chunk) => (bytes += chunk.length))
  const publisher = await client()
  const message = `PUB a 65536\r\n${'x'.repeat(65_536)}\r\n`
  publisher.send(quiet)

  let published = 0
  while (server.stats.slowConsumers === 0) {
    await new Promise((resolve) => publisher.socket.write(message, resolve))
    published++
    await clock.advance(5)
  }
  publisher.send('PING\r\n')
  await publisher.until('PONG\r\n')
  reader.send('PING\r\n')
  while (bytes < published * (65_536 + 'MSG a 1 65536\r\n\r\n'.length)) await new Promise((resolve) => reader.socket.once('data', resolve))

  assert.equal(server.stats.slowConsumers, 1)
  assert.deepEqual(
    events.filter((event) => event.type === 'slow-consumer').map((event) => event.clientName),
    ['stuck'],
  )
  stuck.socket.resume()
  assert.match(await stuck.ended(), /-ERR 'Slow Consumer'\r\n$/)
  assert.equal(server.stats.connections, 2)
})

test('a subscriber that takes nothing of what it was handed is cut off at the write deadline', async (t) => {
  const events: NatsServerEvent[] = []
  const clock = testClock()
  const { server, client } = await start(t, { clock, writeDeadlineMs: 1000, onEvent: (event) => events.push(event) })
  const stuck = await client()
  stuck.send('CONNECT {"verbose":false,"name":"stuck"}\r\nSUB a 1\r\nPING\r\n')
  await stuck.until('PONG\r\n')
  stuck.socket.pause()
  const publisher = await client()

  // More than the system's buffers take, and less than may wait.
  publisher.send(`${quiet}${`PUB a 1048576\r\n${'x'.repeat(1_048_576)}\r\n`.repeat(12)}PING\r\n`)
  await publisher.until('PONG\r\n')
  await clock.advance(900)
  assert.equal(server.stats.slowConsumers, 0)
  await clock.advance(600)

  assert.equal(server.stats.slowConsumers, 1)
  assert.match(
    events.find((event) => event.type === 'slow-consumer')?.reason ?? '',
    /^Slow Consumer Detected: WriteDeadline of 1000ms exceeded with \d+ total bytes$/,
  )
  assert.equal(server.stats.connections, 1)
  // Its last word is waited for, but not for long.
  await clock.advance(1000)
  stuck.socket.resume()
  await stuck.ended()
})

test('a subscriber that is slow, and reads all the same, keeps what it gets', async (t) => {
  const clock = testClock()
  const { server, client } = await start(t, { clock, writeDeadlineMs: 1000 })
  const slow = await client()
  slow.send(`${quiet}SUB a 1\r\nPING\r\n`)
  await slow.until('PONG\r\n')
  let bytes = 0
  slow.socket.on('data', (chunk) => (bytes += chunk.length))
  slow.socket.pause()
  const publisher = await client()
  publisher.send(`${quiet}${`PUB a 1048576\r\n${'x'.repeat(1_048_576)}\r\n`.repeat(12)}PING\r\n`)
  await publisher.until('PONG\r\n')

  // Every time a little less than the deadline, and at least one write further.
  const all = 12 * (1_048_576 + 'MSG a 1 1048576\r\n\r\n'.length)
  while (bytes < all) {
    const before = bytes
    slow.socket.resume()
    while (bytes < all && bytes - before < 3 * 1_048_576) await new Promise((resolve) => slow.socket.once('data', resolve))
    slow.socket.pause()
    await clock.advance(700)
  }

  assert.equal(server.stats.slowConsumers, 0)
})

test('a client that asks without end and never reads is a slow consumer too', async (t) => {
  const { server, client } = await start(t, { maxPendingBytes: 64 * 1024 })
  const raw = await client()
  raw.socket.pause()
  const pings = Buffer.from('PING\r\n'.repeat(10_000))

  while (server.stats.slowConsumers === 0 && !raw.socket.destroyed) {
    raw.socket.write(pings)
    await new Promise((resolve) => setImmediate(resolve))
  }

  assert.equal(server.stats.slowConsumers, 1)
})

test('natsServer() asks a silent connection whether it is there, and ends it when it does not answer', async (t) => {
  const clock = testClock()
  const { client } = await start(t, { clock, pingIntervalMs: 1000 })
  const silent = await client()
  const alive = await client()
  alive.socket.on('data', () => alive.send('PONG\r\n'))

  for (let step = 0; step < 3; step++) {
    await clock.advance(1000)
    await Promise.all([silent.until('PING\r\n'.repeat(Math.min(step + 1, 2))), alive.until('PING\r\n')])
  }
  await clock.advance(1000)

  assert.equal(await silent.ended(), "PING\r\nPING\r\n-ERR 'Stale Connection'\r\n")
  alive.send('PING\r\n')
  await alive.until('PONG\r\n')
})

test('natsServer() turns connections away over maxConnections', async (t) => {
  const { client } = await start(t, { maxConnections: 1 })
  await client()
  const second = await client()

  assert.equal(await second.ended(), "-ERR 'maximum connections exceeded'\r\n")
})

test('close() ends every connection after what was sent to it, and frees the port', async (t) => {
  const { server, client } = await start(t)
  const raw = await client()
  raw.send(`${quiet}SUB a 1\r\nPING\r\n`)
  await raw.until('PONG\r\n')
  const local = server.connect()
  local.publish('a', Buffer.from('last'))

  await server.close()
  await server.close()

  assert.equal(await raw.ended(), 'PONG\r\nMSG a 1 4\r\nlast\r\n')
  assert.equal(local.state, 'closed')
  const again = await natsServer({ port: server.port })
  await again.close()
})

test('connect() gives a client in this process that meets those on sockets', async (t) => {
  const { server, client } = await start(t)
  const local = server.connect()
  const got: string[] = []
  const listen = (name: string) => (message: { subject: string; reply: string | undefined; payload: Uint8Array }) =>
    got.push(`${name} ${message.subject} ${message.reply ?? '-'} ${Buffer.from(message.payload).toString()}`)
  local.subscribe('a.*', listen('any'))
  local.subscribe('a.b', listen('two'), { max: 2 })
  const raw = await client()
  raw.send(`${quiet}SUB a.b 9\r\nPING\r\n`)
  await raw.until('PONG\r\n')

  raw.send('PUB a.b r.1 2\r\nhi\r\nPING\r\n')
  await raw.until('hi\r\nPONG\r\n')
  const payload = Buffer.from('one')
  local.publish('a.b', payload)
  payload.fill(0)
  local.publish('a.b', Buffer.from('two'), { reply: 'r.2' })
  assert.equal(got.length, 2, 'listeners run after the publisher')
  await local.flush()

  assert.deepEqual(got, ['any a.b r.1 hi', 'two a.b r.1 hi', 'any a.b - one', 'two a.b - one', 'any a.b r.2 two'])
  assert.match(await raw.until('two\r\n'), /MSG a\.b 9 3\r\none\r\nMSG a\.b 9 r\.2 3\r\ntwo\r\n$/)
  assert.throws(() => local.publish('a..b', payload), { reason: 'SUBJECT_INVALID' })
  assert.throws(() => local.publish('a', new Uint8Array(server.info.max_payload + 1)), { reason: 'MESSAGE_TOO_LARGE' })
  await local.drain()
  assert.throws(() => local.publish('a', payload), { reason: 'CLOSED' })
})
