import assert from 'node:assert/strict'
import { connect as connectPlain } from 'node:net'
import { after, test, type TestContext } from 'node:test'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { makeCertificates, withoutOpenssl } from '../certificate.fixture.js'
import { rawClient } from '../raw-client.fixture.js'
import type { NatsServerOptions } from './options.js'
import { natsServer } from './server.js'
import type { NatsServerTls } from './tls.js'

const skip = withoutOpenssl()
const certificates = skip === false ? makeCertificates() : undefined
after(() => certificates?.remove())
const key = certificates?.key ?? ''
const cert = certificates?.cert ?? ''

async function start(t: TestContext, tls: Partial<NatsServerTls> = {}, options: NatsServerOptions = {}) {
  const server = await natsServer({ ...options, tls: { key, cert, ...tls } })
  t.after(() => server.close())
  return server
}

/** TLS after INFO, as NATS clients do it; rejects when the handshake fails. */
async function encrypted(port: number, options: ConnectionOptions = {}): Promise<{ socket: TLSSocket; info: string }> {
  const raw = await rawClient(port)
  raw.socket.removeAllListeners('data')
  const socket = connect({ socket: raw.socket, host: '127.0.0.1', ca: cert, ...options })
  await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject).once('close', reject))
  return { socket, info: raw.info }
}

/** Sends `text`, and gives what comes up to `wanted` or to the end. */
async function answer(socket: TLSSocket, text: string, wanted: string): Promise<string> {
  socket.write(text)
  let received = ''
  return new Promise((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString()
      if (received.includes(wanted)) resolve(received)
    })
    socket.on('close', () => resolve(received))
  })
}

test('natsServer() with tls says so in INFO and speaks NATS after the handshake', { skip }, async (t) => {
  const server = await start(t, {}, { token: 't0ken' })

  const { socket, info } = await encrypted(server.port)
  const said = await answer(socket, 'CONNECT {"verbose":false,"auth_token":"t0ken"}\r\nSUB a 1\r\nPUB a 2\r\nhi\r\nPING\r\n', 'PONG\r\n')
  socket.destroy()

  assert.match(info, /"tls_required":true/)
  assert.equal(said, 'MSG a 1 2\r\nhi\r\nPONG\r\n')
})

test('natsServer() with tls ends a connection that goes on in the clear, and reads nothing of it', { skip }, async (t) => {
  const server = await start(t)
  const raw = await rawClient(server.port)

  raw.send('CONNECT {"verbose":true}\r\nSUB a 1\r\nPING\r\n')

  assert.doesNotMatch(await raw.ended(), /OK|PONG|ERR/)
  assert.equal(server.stats.subscriptions, 0)
  assert.equal(server.stats.connections, 0)
})

test('natsServer() with tls ends a handshake that takes too long', { skip }, async (t) => {
  const server = await start(t, { timeoutMs: 50 })
  const raw = await rawClient(server.port)

  assert.equal(await raw.ended(), '')
})

test('natsServer() with tls.verify lets in only those with a certificate that the CA has signed', { skip }, async (t) => {
  const server = await start(t, { verify: true, ca: cert }, { host: '0.0.0.0' })

  const { socket, info } = await encrypted(server.port, certificates?.client)
  assert.equal(await answer(socket, 'CONNECT {"verbose":false}\r\nPING\r\n', 'PONG\r\n'), 'PONG\r\n')
  socket.destroy()
  assert.match(info, /"tls_verify":true/)

  // With TLS 1.3 a client learns of its refusal after its own handshake.
  const stranger = await encrypted(server.port).catch(() => undefined)
  if (stranger !== undefined) assert.equal(await answer(stranger.socket, 'CONNECT {}\r\nPING\r\n', 'PONG\r\n'), '')
})

test('natsServer() with tls.handshakeFirst says nothing in the clear', { skip }, async (t) => {
  const server = await start(t, { handshakeFirst: true })
  const socket = connect({ port: server.port, host: '127.0.0.1', ca: cert })
  t.after(() => socket.destroy())

  assert.match(await answer(socket, 'PING\r\n', 'PONG\r\n'), /^INFO \{.*\}\r\nPONG\r\n$/)

  const plain = connectPlain(server.port, '127.0.0.1')
  plain.on('error', () => undefined)
  let received = ''
  plain.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')))
  plain.write('CONNECT {}\r\n')
  await new Promise((resolve) => plain.once('close', resolve))
  assert.doesNotMatch(received, /INFO/)
})

test('natsServer() counts connections whose handshake is under way against maxConnections', { skip }, async (t) => {
  const server = await start(t, {}, { maxConnections: 1 })
  const first = await rawClient(server.port)
  t.after(() => first.close())
  const second = connectPlain(server.port, '127.0.0.1')
  second.on('error', () => undefined)

  await new Promise((resolve) => second.once('close', resolve))

  assert.equal(first.isClosed(), false)
})

test('natsServer() refuses a key and certificate that cannot be used', { skip }, async () => {
  for (const tls of [
    { key: 'x', cert },
    { key: certificates?.client.key ?? '', cert },
    { key, cert: 'x' },
  ])
    await assert.rejects(natsServer({ tls }), { code: 'invalid_argument', reason: 'NATS_TLS_INVALID' })
})
