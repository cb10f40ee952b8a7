import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { MicroError } from '@microts/core/base'
import { etcdRegistry, type EtcdRegistryOptions } from './etcd-registry.js'
import { toBase64 } from './keys.js'
import { changesOf, eventually, idsOf, nodeOf, open, warnings } from './testing/kit.fixture.js'
import { noEtcd, startEtcd, type RealEtcd } from './testing/etcd-server.fixture.js'

const skip = noEtcd
const skipTls = noEtcd === false ? withoutOpenssl() : noEtcd

test('etcdRegistry() names each endpoint of its list when none answers', async (t) => {
  const ports = [await listening(t, createServer(), true), await listening(t, createServer(), true)]
  const urls = ports.map((port) => `http://127.0.0.1:${port}`)

  const error = await refusal({ endpoints: urls.join(', '), random: () => 0 })

  assert.deepEqual([error.code, error.reason, error.details], ['unavailable', 'REGISTRY_UNAVAILABLE', { endpoints: urls }])
  assert.ok(error.hint?.includes(`--listen-client-urls ${urls[0]} `))
})

test('etcdRegistry() says what another HTTP server is', async (t) => {
  for (const [status, body, shown] of [
    [404, 'Not Found', 'HTTP 404 Not Found'],
    [200, '<html>hello</html>', 'HTTP 200 <html>hello</html>'],
    [502, '{"oops":true}', 'HTTP 502 {"oops":true}'],
  ] as const) {
    const http = createHttpServer((_, response) => response.writeHead(status).end(body))

    const error = await refusal({ endpoints: `127.0.0.1:${await listening(t, http)}` })

    assert.deepEqual([error.code, error.reason, error.details?.['answer']], ['failed_precondition', 'NOT_AN_ETCD_SERVER', shown])
  }
})

test('etcdRegistry() says what greets on a port of another protocol, and gives up on one that stays silent', async (t) => {
  const other = createServer((socket) => socket.on('error', () => undefined).write('220 mail.example ESMTP\r\n'))
  const silent = createServer((socket) => void socket.on('error', () => undefined).resume())

  const greeted = await refusal({ endpoints: `127.0.0.1:${await listening(t, other)}` })
  const waited = await refusal({ endpoints: `127.0.0.1:${await listening(t, silent)}`, timeoutMs: 100 })

  assert.deepEqual([greeted.reason, greeted.details?.['answer']], ['NOT_AN_ETCD_SERVER', '220 mail.example ESMTP'])
  assert.deepEqual([waited.code, waited.reason], ['unavailable', 'REGISTRY_UNAVAILABLE'])
})

test('etcdRegistry() with a wrong password or none is refused with ETCD_AUTHORIZATION, which does not show it', { skip }, async (t) => {
  const etcd = await guarded(t)

  for (const options of [
    { endpoints: etcd.url },
    { endpoints: etcd.url, user: 'shop', password: 'hunter2' },
    { endpoints: etcd.url.replace('//', '//shop:hunter2@') },
  ]) {
    const error = await refusal(options)
    assert.deepEqual([error.code, error.reason], ['unauthenticated', 'ETCD_AUTHORIZATION'])
    assert.ok(!JSON.stringify([error, error.message, error.hint, error.details]).includes('hunter2'))
  }
})

test('etcdRegistry() logs in by options or by its address, watches, and logs in again at an etcd that forgot it', { skip }, async (t) => {
  const etcd = await guarded(t)
  const { warn, said } = warnings()
  const here = await open(t, { endpoints: etcd.url, user: 'shop', password: 'right', warn })
  const there = await open(t, { endpoints: etcd.url.replace('//', '//shop:right@'), user: 'other', password: 'wrong' })
  const seen = await changesOf(here)
  await there.register(nodeOf('orders', 1))
  await eventually(() => seen.length === 1)

  // Its tokens are in its memory alone.
  await etcd.kill()
  await etcd.restart()
  await said(/^reached etcd again/)
  await there.register(nodeOf('orders', 2))
  await eventually(() => seen.length === 2)

  assert.equal(there.address, etcd.url)
  assert.deepEqual(seen, ['create orders-1', 'create orders-2'])
  assert.deepEqual(idsOf(await here.lookup('orders')), ['orders-1', 'orders-2'])
})

test('what the user may not do is refused with ETCD_PERMISSION', { skip }, async (t) => {
  const etcd = await guarded(t)
  const login = { endpoints: etcd.url, user: 'shop', password: 'right' }

  const error = await refusal({ ...login, prefix: '/secret/' })

  assert.deepEqual([error.code, error.reason, error.details?.['prefix']], ['permission_denied', 'ETCD_PERMISSION', '/secret/'])
})

test('a login at an etcd that asks for none is no mistake', { skip }, async (t) => {
  const etcd = await startEtcd()
  t.after(() => etcd.stop())

  const registry = await open(t, { endpoints: etcd.url, user: 'shop', password: 'any' })
  await registry.register(nodeOf('orders', 1))

  assert.deepEqual(await registry.list(), ['orders'])
})

test('a value that is no node hides none of the others, and is said once', { skip }, async (t) => {
  const etcd = await startEtcd()
  t.after(() => etcd.stop())
  const { all, warn } = warnings()
  await etcd.ask('kv/put', { key: toBase64('/micro/registry/orders/broken'), value: toBase64('not json') })
  await etcd.ask('kv/put', { key: toBase64('/micro/registry/stray'), value: toBase64('{}') })
  const registry = await open(t, { endpoints: etcd.url, warn })

  await registry.register(nodeOf('orders', 1))
  await registry.watch()
  await etcd.ask('kv/put', { key: toBase64('/micro/registry/orders/broken'), value: toBase64('[]') })
  await registry.register(nodeOf('orders', 2))

  assert.deepEqual(idsOf(await registry.lookup('orders')), ['orders-1', 'orders-2'])
  assert.equal(all.filter((text) => /passed over/.test(text)).length, 1)
})

test('nodes under another prefix are another registry', { skip }, async (t) => {
  const etcd = await startEtcd()
  t.after(() => etcd.stop())
  const here = await open(t, { endpoints: etcd.url })
  const there = await open(t, { endpoints: etcd.url, prefix: '/staging' })

  await there.register(nodeOf('orders', 1))

  assert.deepEqual([await here.list(), await there.list()], [[], ['orders']])
})

test(
  'etcdRegistry() over TLS trusts what caFile says, and says what is wrong with the other combinations',
  { skip: skipTls },
  async (t) => {
    const { certFile, keyFile } = certificate(t)
    const secure = await startEtcd({ tls: { certFile, keyFile } })
    const plain = await startEtcd()
    t.after(() => Promise.all([secure.stop(), plain.stop()]))

    const registry = await open(t, { endpoints: secure.url.replace('https://', ''), caFile: certFile })
    await registry.register(nodeOf('orders', 1))
    const seen = await changesOf(registry)
    await registry.register(nodeOf('orders', 2))
    await eventually(() => seen.length === 1)

    assert.equal(registry.address, secure.url)
    assert.deepEqual(idsOf(await registry.lookup('orders')), ['orders-1', 'orders-2'])
    // It hangs up, as others may: no more than a guess.
    for (const endpoints of [secure.url.replace('https:', 'http:'), plain.url.replace('http:', 'https:')]) {
      const error = await refusal({ endpoints })
      assert.deepEqual([error.code, error.reason], ['unavailable', 'REGISTRY_UNAVAILABLE'])
    }
    for (const options of [{ endpoints: secure.url }, { endpoints: secure.url, caFile: join(tmpdir(), 'nowhere.pem') }]) {
      const error = await refusal(options)
      assert.deepEqual([error.code, error.reason], ['failed_precondition', 'ETCD_TLS'], `${JSON.stringify(options)}: ${error.message}`)
    }
  },
)

test('etcdRegistry() refuses an address that is none with ADDRESS_INVALID, without showing its password', async () => {
  for (const endpoints of [
    'nats://127.0.0.1:1',
    'http://',
    ' , ',
    'http://shop:hunter2@host:port',
    'http://127.0.0.1:1/path',
    '127.0.0.1:0',
  ]) {
    const error = await refusal({ endpoints })
    assert.deepEqual([error.code, error.reason], ['invalid_argument', 'ADDRESS_INVALID'], endpoints)
    assert.ok(!JSON.stringify([error.message, error.details]).includes('hunter2'))
  }
})

async function refusal(options: EtcdRegistryOptions): Promise<MicroError> {
  try {
    await (await etcdRegistry(options)).close()
  } catch (error) {
    assert.ok(MicroError.is(error), String(error))
    return error
  }
  return assert.fail('it was not refused')
}

/** An etcd that asks who one is, and knows `shop`, who may use the default prefix. */
async function guarded(t: TestContext): Promise<RealEtcd> {
  const etcd = await startEtcd()
  t.after(() => etcd.stop())
  const perm = { permType: 'READWRITE', key: toBase64('/micro/registry/'), range_end: toBase64('/micro/registry0') }
  for (const [path, body] of [
    ['auth/user/add', { name: 'root', password: 'root' }],
    ['auth/role/add', { name: 'root' }],
    ['auth/user/grant', { user: 'root', role: 'root' }],
    ['auth/user/add', { name: 'shop', password: 'right' }],
    ['auth/role/add', { name: 'registry' }],
    ['auth/role/grant', { name: 'registry', perm }],
    ['auth/user/grant', { user: 'shop', role: 'registry' }],
    ['auth/enable', {}],
  ] as const) {
    const reply = await etcd.ask(path, body)
    assert.equal(reply['error'], undefined)
  }
  return etcd
}

/** The port of a server on loopback; of one that has ended when `isEnded`. */
async function listening(t: TestContext, server: Server, isEnded = false): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const end = () => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  }
  if (isEnded) await end()
  else t.after(end)
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

/** A certificate for 127.0.0.1, signed by itself. */
function certificate(t: TestContext): { readonly certFile: string; readonly keyFile: string } {
  const folder = mkdtempSync(join(tmpdir(), 'registry-etcd-tls-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=etcd']
  // etcd's gateway is a client of etcd itself, with the same certificate.
  const uses = ['-addext', 'subjectAltName=IP:127.0.0.1', '-addext', 'extendedKeyUsage=serverAuth,clientAuth']
  execFileSync('openssl', [...words, ...uses, '-keyout', keyFile, '-out', certFile], { stdio: 'ignore' })
  return { certFile, keyFile }
}
