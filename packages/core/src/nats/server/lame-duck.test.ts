import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test, type TestContext } from 'node:test'
import { testClock } from '../../testing/clock.js'
import { findNativeServer, startNativeServer } from '../native-server.fixture.js'
import { rawClient } from '../raw-client.fixture.js'
import { natsServer } from './server.js'

const quiet = 'CONNECT {"verbose":false,"protocol":1}\r\nPING\r\n'

async function clients(t: TestContext, port: number, count: number, greeting = quiet) {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const client = await rawClient(port)
      t.after(() => client.close())
      client.send(greeting)
      await client.until('PONG\r\n')
      return client
    }),
  )
}

test('lameDuck() says so, takes nobody new, and ends the connections one by one', async (t) => {
  const clock = testClock()
  const server = await natsServer({ clock, monitorPort: 0 })
  t.after(() => server.close())
  const those = await clients(t, server.port, 4)
  const [old] = await clients(t, server.port, 1, 'CONNECT {"verbose":false}\r\nPING\r\n')

  const gone = server.lameDuck({ graceMs: 1000, durationMs: 5000 })
  assert.equal(server.lameDuck(), gone)
  for (const client of those) assert.match(await client.until('"ldm":true'), /^PONG\r\nINFO \{.*"ldm":true,"client_id":\d+,.*\}\r\n$/)
  assert.equal((await fetch(`${server.monitorUrl}/healthz`)).status, 503)
  const late = connect(server.port, '127.0.0.1')
  const refusal = await new Promise<NodeJS.ErrnoException>((resolve) => late.once('error', resolve))
  assert.equal(refusal.code, 'ECONNREFUSED')
  assert.equal(old?.text(), 'PONG\r\n')

  const left: number[] = []
  for (let second = 0; second <= 5; second++) {
    left.push(server.stats.connections)
    await clock.advance(1000)
  }
  await gone

  assert.deepEqual(left, [5, 4, 3, 2, 1, 0])
  await Promise.all(those.map((client) => client.ended()))
})

test('close() cuts lameDuck() short', async (t) => {
  const server = await natsServer({ clock: testClock() })
  const [client] = await clients(t, server.port, 1)
  const gone = server.lameDuck()

  await server.close()
  await gone

  assert.match((await client?.ended()) ?? '', /"ldm":true/)
})

const native = findNativeServer()

test('nats-server announces lame duck mode in the same way', { skip: native === undefined ? 'needs: nats-server' : false }, async (t) => {
  const server = await startNativeServer(native ?? '', 'lame_duck_duration: "30s"\nlame_duck_grace_period: "5s"')
  t.after(() => server.close())
  const [client] = await clients(t, server.port, 1)

  server.signal('SIGUSR2')

  assert.match((await client?.until('"ldm":true')) ?? '', /^PONG\r\n(PING\r\n)?INFO \{.*"ldm":true.*\}/)
})
