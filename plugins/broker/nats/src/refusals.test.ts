import assert from 'node:assert/strict'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { MicroError } from '@microts/core/base'
import { natsServer } from '@microts/core/nats'
import { natsBroker, type NatsBrokerOptions } from './nats-broker.js'
import { arrivals, message, warnings } from './testing/arrivals.fixture.js'
import { noServer, startServer } from './testing/nats-server.fixture.js'

const skip = noServer

test('natsBroker() says where nobody answers, and how to start a server there', async () => {
  const gone = await natsServer()
  await gone.close()

  const error = await refusal({ servers: gone.url })

  assert.deepEqual([error.code, error.reason, error.details], ['unavailable', 'BROKER_UNAVAILABLE', { servers: [gone.url] }])
  assert.ok(error.message.includes(gone.url))
  assert.ok(error.hint?.includes(`nats-server -a 127.0.0.1 -p ${gone.port}`))
})

test('natsBroker() names every server of its list when none answers', async () => {
  const [one, two] = [await natsServer(), await natsServer()]
  await Promise.all([one.close(), two.close()])

  const error = await refusal({ servers: `${one.url}, ${two.url}`, random: () => 0 })

  assert.deepEqual([error.reason, error.details], ['BROKER_UNAVAILABLE', { servers: [one.url, two.url] }])
})

test('natsBroker() says what an HTTP server is, quickly, and leaves no connection at it', async (t) => {
  const http = createHttpServer((_, response) => response.end())
  const port = await listening(t, http)

  const error = await refusal({ servers: `127.0.0.1:${port}` })

  assert.deepEqual([error.code, error.reason], ['failed_precondition', 'NOT_A_NATS_SERVER'])
  assert.match(String(error.details?.['greeting']), /^HTTP\/1\.1 400/)
  assert.equal(await connectionsOf(http), 0)
})

test('natsBroker() says what greets on a port of another protocol', async (t) => {
  for (const [greeting, shown] of [
    ['220 mail.example ESMTP\r\n', '220 mail.example ESMTP'],
    ['SSH-2.0-OpenSSH_9.2\r\n', 'SSH-2.0-OpenSSH_9.2'],
    ['INFO about something else\r\n', 'INFO about something else'],
    ['\x15\x03\x01', '\x15\x03\x01'],
  ] as const) {
    const other = createServer((socket) => socket.on('error', () => undefined).write(greeting, 'latin1'))
    const port = await listening(t, other)

    const error = await refusal({ servers: `127.0.0.1:${port}` })

    assert.deepEqual([error.reason, error.details?.['greeting']], ['NOT_A_NATS_SERVER', shown])
  }
})

test('natsBroker() gives up on a port that accepts and stays silent, and leaves no connection at it', async (t) => {
  const silent = createServer((socket) => void socket.on('error', () => undefined).resume())
  const port = await listening(t, silent)

  const error = await refusal({ servers: `127.0.0.1:${port}`, connectTimeoutMs: 100 })

  assert.deepEqual([error.code, error.reason], ['unavailable', 'BROKER_UNAVAILABLE'])
  assert.equal(await connectionsOf(silent), 0)
})

test(
  'natsBroker() with a wrong password, token or none is refused with NATS_AUTHORIZATION, which does not show it',
  { skip },
  async (t) => {
    const [byUser, byToken] = [
      await startServer({ settings: 'authorization { user: shop, password: right }' }),
      await startServer({ settings: 'authorization { token: right }' }),
    ]
    t.after(() => Promise.all([byUser.stop(), byToken.stop()]))

    for (const options of [
      { servers: byUser.url },
      { servers: byUser.url, user: 'shop', password: 'hunter2' },
      { servers: byUser.url.replace('//', '//shop:hunter2@') },
      { servers: byToken.url, token: 'hunter2' },
    ]) {
      const error = await refusal(options)
      assert.deepEqual([error.code, error.reason], ['unauthenticated', 'NATS_AUTHORIZATION'])
      assert.ok(!JSON.stringify([error, error.message, error.hint, error.details]).includes('hunter2'))
    }
  },
)

test('natsBroker() logs in with user and password, token, or what its address says', { skip }, async (t) => {
  const [byUser, byToken] = [
    await startServer({ settings: 'authorization { user: shop, password: right }' }),
    await startServer({ settings: 'authorization { token: right }' }),
  ]
  t.after(() => Promise.all([byUser.stop(), byToken.stop()]))

  for (const options of [
    { servers: byUser.url, user: 'shop', password: 'right' },
    { servers: byUser.url.replace('//', '//shop:right@'), user: 'other', password: 'wrong' },
    { servers: byToken.url, token: 'right' },
    { servers: byToken.url.replace('//', '//right@') },
  ]) {
    const broker = await natsBroker(options)
    assert.equal(broker.address, options.servers.replace(/\/\/.*@/, '//'))
    await broker.close()
  }
})

test('natsBroker() goes on with the next server of its list when one does not let it in', { skip }, async (t) => {
  const [closed, open] = [await startServer({ settings: 'authorization { token: right }' }), await startServer()]
  t.after(() => Promise.all([closed.stop(), open.stop()]))

  const broker = await natsBroker({ servers: `${closed.url},${open.url}`, random: () => 0 })
  t.after(() => broker.close())

  assert.equal(broker.address, open.url)
})

test(
  'subscribe() to what the server forbids is refused with NATS_PERMISSION, and a forbidden publish is a warning',
  { skip },
  async (t) => {
    const permissions = '{ publish: ["open.>"], subscribe: ["open.>", "_INBOX.>"] }'
    const server = await startServer({
      settings: `authorization { users: [{ user: shop, password: right, permissions: ${permissions} }] }`,
    })
    t.after(() => server.stop())
    const { warn, first: warned } = warnings()
    const broker = await natsBroker({ servers: server.url, user: 'shop', password: 'right', warn })
    t.after(() => broker.close())
    const got = await arrivals(broker, 'open.a')

    for (const queue of [undefined, 'workers'])
      await assert.rejects(
        broker.subscribe('secret.a', () => undefined, queue === undefined ? {} : { queue }),
        { code: 'permission_denied', reason: 'NATS_PERMISSION' },
      )
    await broker.publish('secret.a', message('x'))
    await warned(/Permissions Violation for Publish to "secret\.a"/)
    await broker.publish('open.a', message('y'))
    await got.count(1)

    assert.deepEqual(got.texts, ['y'])
  },
)

test('publish() over what the server takes is refused with its real limit, and goes on', { skip }, async (t) => {
  const server = await startServer({ settings: 'max_payload: 1000' })
  t.after(() => server.stop())
  const broker = await natsBroker({ servers: server.url })
  t.after(() => broker.close())
  const got = await arrivals(broker, 'a')
  // An envelope has 22 bytes around its base64: 732 bytes are 976 of those, and the header counts too.
  const fits = { header: {}, body: new Uint8Array(732) }

  await assert.rejects(broker.publish('a', { header: {}, body: new Uint8Array(735) }), {
    code: 'resource_exhausted',
    reason: 'MESSAGE_TOO_LARGE',
    details: { topic: 'a', bytes: 1003, maxBytes: 1000 },
  })
  await broker.publish('a', fits)
  await got.count(1)

  assert.equal(got.deliveries[0]?.message.body.length, 732)
})

test('natsBroker() refuses an address that is none with ADDRESS_INVALID, without showing its password', async () => {
  for (const servers of ['http://127.0.0.1:4222', 'nats://', ' , ', 'nats://shop:hunter2@host:port', 'ws://shop:hunter2@127.0.0.1:4222']) {
    const error = await refusal({ servers })
    assert.deepEqual([error.code, error.reason], ['invalid_argument', 'ADDRESS_INVALID'], servers)
    assert.ok(!JSON.stringify([error.message, error.details]).includes('hunter2'))
  }
})

async function refusal(options: NatsBrokerOptions): Promise<MicroError> {
  try {
    await (await natsBroker(options)).close()
  } catch (error) {
    assert.ok(MicroError.is(error), String(error))
    return error
  }
  return assert.fail('it was not refused')
}

async function listening(t: TestContext, server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** After the ends of connections that are under way have come in. */
async function connectionsOf(server: Server): Promise<number> {
  for (let turns = 0; ; turns++) {
    const count = await new Promise<number>((resolve, reject) =>
      server.getConnections((error, found) => (error === null ? resolve(found) : reject(error))),
    )
    if (count === 0 || turns === 1000) return count
    await new Promise((resolve) => setImmediate(resolve))
  }
}
