import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import { MicroError } from '@microts/core/base'
import { rabbitmqBroker, type RabbitmqBrokerOptions } from './rabbitmq-broker.js'
import { arrivals, message, warnings } from './testing/arrivals.fixture.js'
import { noServer, startServer, type RealServer } from './testing/rabbitmq-server.fixture.js'

const skip = noServer === false ? withoutOpenssl() : noServer
let server: RealServer
let caFile = ''

before(async () => {
  if (skip !== false) return
  server = await startServer({ settings: withTls })
  await server.ctl('add_user', 'shop', 'right')
  await server.ctl('set_permissions', 'shop', '^(micro|micro:open:.*|amq[.].*)$', '^(micro|micro:open:.*|amq[.].*)$', '.*')
  await server.ctl('set_topic_permissions', 'shop', 'micro', '^open[.]', '.*')
  await server.ctl('add_vhost', 'other')
})
after(() => server?.stop())

test('rabbitmqBroker() says where nobody answers, and names every server of its list', async () => {
  const [one, two] = [`amqp://127.0.0.1:${await freePort()}`, `amqp://127.0.0.1:${await freePort()}/shop`]

  const error = await refusal({ servers: `${one}, ${two}`, random: () => 0 })

  assert.deepEqual([error.code, error.reason, error.details], ['unavailable', 'BROKER_UNAVAILABLE', { servers: [one, two] }])
  assert.ok(error.message.includes(one) && error.message.includes(two))
  assert.match(error.hint ?? '', /bus: \{ type: rabbitmq \}/)
})

test('rabbitmqBroker() says what answers on a port of another protocol', async (t) => {
  const http = createHttpServer((_, response) => response.end())
  const greets = (greeting: string) => createServer((socket) => socket.on('error', () => undefined).end(greeting, 'latin1'))
  for (const [other, shown] of [
    [http, /^HTTP\/1\.1 400/],
    [greets('220 mail.example ESMTP\r\n'), /^220 mail\.example ESMTP$/],
    [greets('INFO {"server_id":"x","version":"2.9.10"}\r\n'), /^INFO/],
    [greets('AMQP\x00\x01\x00\x00'), /^AMQP 0-1-0-0$/],
  ] as const) {
    const port = await listening(t, other)

    const error = await refusal({ servers: `127.0.0.1:${port}` })

    assert.deepEqual([error.code, error.reason], ['failed_precondition', 'NOT_A_RABBITMQ_SERVER'])
    assert.match(String(error.details?.['greeting']), shown)
  }
})

test('rabbitmqBroker() gives up on a port that accepts and stays silent, or hangs up, and leaves no connection at it', async (t) => {
  for (const handle of [(socket: Socket) => void socket.resume(), (socket: Socket) => socket.destroy()]) {
    const silent = createServer((socket) => handle(socket.on('error', () => undefined)))
    const port = await listening(t, silent)

    const error = await refusal({ servers: `127.0.0.1:${port}`, connectTimeoutMs: 100 })

    assert.deepEqual([error.code, error.reason], ['unavailable', 'BROKER_UNAVAILABLE'])
    assert.equal(await connectionsOf(silent), 0)
  }
})

test(
  'rabbitmqBroker() with a wrong user or password is refused with RABBITMQ_AUTHORIZATION, which does not show it',
  { skip },
  async () => {
    for (const options of [
      { user: 'shop', password: 'hunter2' },
      { user: 'nobody', password: 'hunter2' },
      { user: 'shop' },
      { servers: server.url.replace('//', '//shop:hunter2@'), user: 'shop', password: 'right' },
    ]) {
      const error = await refusal({ servers: server.url, ...options })
      assert.deepEqual([error.code, error.reason], ['unauthenticated', 'RABBITMQ_AUTHORIZATION'])
      assert.match(error.hint ?? '', /passwordEnv/)
      assert.ok(!everythingOf(error).includes('hunter2'))
    }
  },
)

test('rabbitmqBroker() logs in by its options, by its address, or as guest, and shows no password', { skip }, async () => {
  for (const options of [
    {},
    { user: 'shop', password: 'right' },
    { servers: server.url.replace('//', '//shop:right@'), user: 'other', password: 'wrong' },
    { servers: `${server.url}/%2F` },
  ]) {
    const broker = await rabbitmqBroker({ servers: server.url, ...options })
    assert.ok(broker.address.startsWith(server.url))
    await broker.close()
  }
})

test('rabbitmqBroker() says which virtual host is not there, or not for this user, and how to make it so', { skip }, async () => {
  for (const options of [{ vhost: 'none' }, { servers: `${server.url}/none` }, { vhost: 'other', user: 'shop', password: 'right' }]) {
    const error = await refusal({ servers: server.url, ...options })
    assert.deepEqual([error.code, error.reason], ['permission_denied', 'RABBITMQ_VHOST'])
    assert.match(error.hint ?? '', /rabbitmqctl add_vhost (?:none|other)/)
  }
})

test('rabbitmqBroker() goes on with the next server of its list when one does not let it in', { skip }, async (t) => {
  const broker = await rabbitmqBroker({ servers: `${server.url.replace('//', '//nobody:x@')},${server.url}`, random: () => 0 })
  t.after(() => broker.close())

  assert.equal(broker.address, server.url)
})

test(
  'subscribe() and publish() to what the server forbids are refused with RABBITMQ_PERMISSION, and harm no other',
  { skip },
  async (t) => {
    const { warn, first: warned } = warnings()
    const broker = await rabbitmqBroker({ servers: server.url, user: 'shop', password: 'right', warn })
    t.after(() => broker.close())
    const denied = { code: 'permission_denied', reason: 'RABBITMQ_PERMISSION' }
    const got = await arrivals(broker, 'open.a', { queue: 'open' })

    await assert.rejects(
      broker.subscribe('open.a', () => undefined, { queue: 'secret' }),
      denied,
    )
    await broker.publish('secret.a', message('x'))
    await broker.publish('open.a', message('y'))
    await warned(/Cannot publish to "secret\.a".*refused/)
    await broker.publish('open.a', message('z'))
    while (!got.texts.includes('z')) await new Promise((resolve) => setImmediate(resolve))

    // What was not confirmed when the channel was closed is sent again.
    assert.deepEqual([...new Set(got.texts)], ['y', 'z'])
  },
)

test(
  'rabbitmqBroker() uses TLS when the address asks for it and the certificate is trusted, and says why not otherwise',
  { skip },
  async () => {
    const secure = `amqps://127.0.0.1:${server.tlsPort}`
    const plain = `amqp://127.0.0.1:${server.tlsPort}`

    for (const options of [
      { servers: secure, caFile },
      { servers: plain, tls: true, caFile },
    ]) {
      const broker = await rabbitmqBroker(options)
      assert.equal(broker.address, secure)
      await broker.close()
    }
    for (const options of [
      { servers: secure },
      { servers: secure, caFile: '/nowhere/ca.pem' },
      { servers: secure.replace('127.0.0.1', 'localhost'), caFile },
      { servers: server.url, tls: true, caFile },
      { servers: plain },
    ])
      assert.deepEqual(
        (({ code, reason }) => [code, reason])(await refusal(options)),
        ['failed_precondition', 'RABBITMQ_TLS'],
        options.servers,
      )
  },
)

test('rabbitmqBroker() refuses an address that is none with ADDRESS_INVALID, without showing its password', async () => {
  for (const servers of [
    'http://127.0.0.1',
    'amqp://',
    ' , ',
    'amqp://shop:hunter2@host:port',
    'amqp://shop:hunter2%@host',
    'nats://shop:hunter2@x',
  ]) {
    const error = await refusal({ servers })
    assert.deepEqual([error.code, error.reason], ['invalid_argument', 'ADDRESS_INVALID'], servers)
    assert.ok(!everythingOf(error).includes('hunter2'))
  }
})

const everythingOf = (error: MicroError) => JSON.stringify([error, error.message, error.hint, error.details, String(error.cause)])

async function refusal(options: RabbitmqBrokerOptions): Promise<MicroError> {
  try {
    await (await rabbitmqBroker(options)).close()
  } catch (error) {
    assert.ok(MicroError.is(error), String(error))
    return error
  }
  return assert.fail('it was not refused')
}

function withTls(folder: string, port: number): string {
  const key = join(folder, 'key.pem')
  caFile = join(folder, 'certificate.pem')
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const subject = ['-subj', '/CN=rabbitmq', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2']
  execFileSync('openssl', ['req', '-x509', ...curve, '-keyout', key, '-out', caFile, ...subject], { stdio: 'ignore' })
  return `listeners.ssl.1 = 127.0.0.1:${port}\nssl_options.certfile = ${caFile}\nssl_options.keyfile = ${key}\nssl_options.verify = verify_none`
}

async function listening(t: TestContext, found: Server): Promise<number> {
  const sockets = new Set<Socket>()
  found.on('connection', (socket: Socket) => sockets.add(socket))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    found.close()
  })
  await new Promise<void>((resolve) => found.listen(0, '127.0.0.1', resolve))
  return (found.address() as AddressInfo).port
}

/** After the ends of connections that are under way have come in. */
async function connectionsOf(found: Server): Promise<number> {
  for (let turns = 0; ; turns++) {
    const count = await new Promise<number>((resolve, reject) =>
      found.getConnections((error, open) => (error === null ? resolve(open) : reject(error))),
    )
    if (count === 0 || turns === 1000) return count
    await new Promise((resolve) => setImmediate(resolve))
  }
}

async function freePort(): Promise<number> {
  const found = createServer()
  await new Promise<void>((resolve) => found.listen(0, '127.0.0.1', resolve))
  const { port } = found.address() as AddressInfo
  await new Promise((resolve) => found.close(resolve))
  return port
}

function withoutOpenssl(): string | false {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' })
    return false
  } catch {
    return 'needs: openssl'
  }
}
