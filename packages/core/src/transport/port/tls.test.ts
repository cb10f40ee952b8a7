import assert from 'node:assert/strict'
import { request as httpsRequest } from 'node:https'
import { connect as connectTcp, type Socket } from 'node:net'
import { after, before, test, type TestContext } from 'node:test'
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { MicroError } from '../../base/index.js'
import { type Certificates, makeCertificates, withoutOpenssl } from '../../nats/certificate.fixture.js'
import { testClock } from '../../testing/index.js'
import { httpTransport, type HttpTransportOptions } from '../http.js'
import { rawClient, rawClientOver } from '../raw-socket.fixture.js'
import type { Listener, Protocol } from '../transport.js'
import type { TlsOptions } from './tls-options.js'

const skip = withoutOpenssl()
let made: Certificates
before(() => {
  if (skip === false) made = makeCertificates()
})
after(() => {
  if (skip === false) made.remove()
})

const named: Protocol<Socket> = {
  name: 'named',
  alpn: ['own/1'],
  detect: (head) => (head[0] === 0x21 ? 'yes' : 'no'),
  serve(socket, head) {
    socket.on('error', () => undefined)
    socket.resume()
    socket.end(`named ${head.length}`)
    return { drain: () => socket.destroySoon() }
  },
}

async function opened(t: TestContext, more: Partial<TlsOptions> = {}, options: HttpTransportOptions = {}): Promise<Listener> {
  const transport = httpTransport({ tls: { cert: made.cert, key: made.key, ...more }, ...options })
  t.after(() => transport.close())
  return transport.listen('127.0.0.1:0', () => undefined, {
    protocols: [named],
    web: (request) => Promise.resolve({ status: 200, header: {}, body: Buffer.from(request.path) }),
  })
}

function target(listener: Listener): { readonly host: string; readonly port: number; readonly ca: string } {
  const [host, port] = listener.address.split(':')
  return { host: host as string, port: Number(port), ca: made.cert }
}

function secure(listener: Listener, options: ConnectionOptions = {}): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ ...target(listener), ...options }, () => resolve(socket))
    socket.on('error', reject)
  })
}

const get = 'GET /a HTTP/1.1\r\nHost: a\r\n\r\n'

test('a port with TLS speaks HTTP inside it, by name and by first bytes, also for a client of Node', { skip }, async (t) => {
  const listener = await opened(t)
  const text = await new Promise((resolve, reject) => {
    const request = httpsRequest({ ...target(listener), path: '/https', agent: false }, (reply) =>
      reply.on('data', (piece: Buffer) => resolve(piece.toString())),
    )
    request.on('error', reject)
    request.end()
  })
  assert.equal(text, '/https')

  for (const ALPNProtocols of [['http/1.1'], ['x', 'http/1.1'], undefined]) {
    const socket = await secure(listener, ALPNProtocols === undefined ? {} : { ALPNProtocols })
    const client = rawClientOver(socket)
    client.send(get)
    assert.match(await client.until('/a'), /^HTTP\/1\.1 200 [^]*\/a$/)
    socket.destroy()
  }
})

test('a port with TLS gives a client the protocol that it asks for by name, before its first byte', { skip }, async (t) => {
  const listener = await opened(t)

  assert.equal(await rawClientOver(await secure(listener, { ALPNProtocols: ['own/1'] })).ended(), 'named 0')
  const told = rawClientOver(await secure(listener))
  told.send('!')
  assert.equal(await told.ended(), 'named 1')
  await assert.rejects(secure(listener, { ALPNProtocols: ['unknown'] }))
})

test('a port with TLS takes a ClientHello that comes byte by byte', { skip }, async (t) => {
  const listener = await opened(t)
  const hello = await new Promise<Buffer>((resolve) => {
    void import('node:net').then(({ createServer }) => {
      const trap = createServer((socket) => socket.once('data', (bytes: Buffer) => (socket.destroy(), trap.close(), resolve(bytes))))
      trap.listen(0, '127.0.0.1', () =>
        connectTls({ host: '127.0.0.1', port: (trap.address() as { port: number }).port }).on('error', () => undefined),
      )
    })
  })
  const { host, port } = target(listener)
  const socket = connectTcp({ host, port, noDelay: true })
  for (const byte of hello) await new Promise((resolve) => socket.write(Buffer.of(byte), resolve))

  const answer = await new Promise<Buffer>((resolve) => socket.once('data', resolve))

  // A handshake record, with a ServerHello in it.
  assert.deepEqual([answer[0], answer[5]], [0x16, 0x02])
  socket.destroy()
})

test('a port with TLS turns plain clients away, unless it is told to serve them', { skip }, async (t) => {
  const strict = rawClient((await opened(t)).address)
  strict.send(get)
  assert.match(await strict.ended(), /^HTTP\/1\.1 400 [^]*TLS_NEEDED/)

  const moving = rawClient((await opened(t, { allowPlain: true })).address)
  moving.send(get)
  assert.match(await moving.until('/a'), /^HTTP\/1\.1 200 /)
  moving.socket.destroy()
})

test('a port with TLS asks clients for a certificate when it has authorities for them', { skip }, async (t) => {
  const listener = await opened(t, { clientAuthorities: made.cert })

  const known = rawClientOver(await secure(listener, made.client))
  known.send(get)
  assert.match(await known.until('/a'), /^HTTP\/1\.1 200 /)
  known.socket.destroy()
  const stranger = await secure(listener).then(
    (socket) => {
      const client = rawClientOver(socket)
      client.send(get)
      return client.ended()
    },
    () => '',
  )
  assert.equal(stranger, '')
})

test('a port with TLS speaks no version before 1.2, and cuts off who does not come to the end of the handshake', { skip }, async (t) => {
  const listener = await opened(t, {}, { clock: testClock(), limits: { headMs: 100 } })
  await assert.rejects(secure(listener, { maxVersion: 'TLSv1.1', minVersion: 'TLSv1' }))

  const half = rawClient(listener.address)
  half.socket.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00]))

  await half.ended()
})

test('close() of a port with TLS ends what is inside, and what is on its way there', { skip }, async (t) => {
  const listener = await opened(t)
  const idle = rawClientOver(await secure(listener, { ALPNProtocols: ['http/1.1'] }))
  const half = rawClient(listener.address)
  half.socket.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00]))
  idle.send(get)
  await idle.until('/a')

  await listener.close()

  await Promise.all([idle.ended(), half.ended()])
})

test('listen() with a certificate that is none is refused with TLS_INVALID', async (t) => {
  const transport = httpTransport({ tls: { cert: 'no', key: 'no' } })
  t.after(() => transport.close())

  const error: unknown = await transport.listen('127.0.0.1:0', () => undefined).catch((thrown: unknown) => thrown)

  assert.ok(MicroError.is(error))
  assert.deepEqual([error.code, error.reason], ['invalid_argument', 'TLS_INVALID'])
})
