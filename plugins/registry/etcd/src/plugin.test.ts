import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { systemClock } from '@microts/core/base'
import { pluginHost, type PluginContext, type PluginManifest } from '@microts/core/plugin'
import { readCatalog } from '@microts/runner'
import { readEndpoints } from './endpoints.js'
import { keysBelow } from './keys.js'
import { readLogin } from './login.js'
import plugin from './index.js'
import { noEtcd, startEtcd } from './testing/etcd-server.fixture.js'

const [described] = readCatalog([fileURLToPath(new URL('../micro.plugin.yml', import.meta.url))]).implementations
const manifest: PluginManifest = {
  reference: 'registry/etcd',
  kind: 'registry',
  name: 'etcd',
  api: described?.api ?? '',
  ...(described?.options === undefined ? {} : { options: described.options }),
}
const context: PluginContext = {
  address: undefined,
  clock: systemClock,
  random: Math.random,
  service: 'orders',
  project: 'shop',
  dataFolder: '/nowhere',
  warn: () => undefined,
}
const hostOf = () => pluginHost([{ manifest, load: () => Promise.resolve({ default: plugin }) }])

test('micro.plugin.yml says what the code says', () => {
  assert.deepEqual([described?.kind, described?.word, described?.api], [plugin.kind, plugin.name, plugin.api])
  assert.deepEqual(JSON.parse(JSON.stringify(described?.options)), plugin.options)
})

test('the plugin connects to its address before its option', { skip: noEtcd }, async (t) => {
  const etcd = await startEtcd()
  t.after(() => etcd.stop())
  const [byAddress, byOption] = [hostOf(), hostOf()]

  const one = await byAddress.create('registry', manifest, { endpoints: 'http://127.0.0.1:1' }, { ...context, address: etcd.url })
  const two = await byOption.create('registry', manifest, { endpoints: etcd.url, timeoutMs: 1000, prefix: '/shop' }, context)
  await Promise.all([byAddress.close(), byOption.close()])

  assert.deepEqual([one.name, one.address, two.address], ['etcd', etcd.url, etcd.url])
})

test('the plugin refuses options that it does not have, or that are of another type, before it connects', async () => {
  for (const options of [{ server: 'x' }, { tls: 'yes' }, { timeoutMs: 1 }, { password: 5 }, { prefix: '' }])
    await assert.rejects(hostOf().create('registry', manifest, options, context), { reason: 'PLUGIN_OPTIONS_INVALID' })
})

test('readLogin() looks up the password that options only name', () => {
  const env = { ETCD_PASSWORD: 'right', EMPTY: '' }

  assert.deepEqual(readLogin({ user: 'shop', passwordEnv: 'ETCD_PASSWORD' }, env), { user: 'shop', password: 'right' })
  assert.deepEqual(readLogin({ user: 'shop', password: '' }, env), { user: 'shop', password: '' })
  assert.deepEqual(readLogin({}, env), {})
  for (const variable of ['MISSING', 'EMPTY'])
    assert.throws(() => readLogin({ user: 'shop', passwordEnv: variable }, env), { code: 'failed_precondition', reason: 'SECRET_MISSING' })
})

test('readLogin() refuses a login that could mean two things, or nothing', () => {
  for (const options of [{ password: 'x' }, { user: 'shop' }, { user: 'shop', password: 'x', passwordEnv: 'HOME' }])
    assert.throws(() => readLogin(options, { HOME: '/' }), { code: 'invalid_argument', reason: 'LOGIN_UNCLEAR' })
})

test('readEndpoints() takes URLs and bare addresses, with etcd as the port that is left out', () => {
  const login = { user: 'shop', password: 'right' }
  const read = (text: string, isTls = false) => readEndpoints(text, login, isTls).map(({ url, host, port }) => [url, host, port])

  assert.deepEqual(read('127.0.0.1:1, http://etcd, https://etcd:443,[::1]:5'), [
    ['http://127.0.0.1:1', '127.0.0.1', 1],
    ['http://etcd:2379', 'etcd', 2379],
    ['https://etcd:443', 'etcd', 443],
    ['http://[::1]:5', '::1', 5],
  ])
  assert.deepEqual(read('etcd', true), [['https://etcd:2379', 'etcd', 2379]])
  assert.deepEqual(
    readEndpoints('http://a%40b:c%2Fd@etcd,http://etcd', login, false).map((one) => one.login),
    [{ user: 'a@b', password: 'c/d' }, login],
  )
})

test("keysBelow() has go-micro's layout", () => {
  const keys = keysBelow('/micro/registry/')

  assert.equal(keys.keyOf('orders', 'orders-1'), '/micro/registry/orders/orders-1')
  assert.deepEqual(
    ['/micro/registry/orders/orders-1', '/micro/registry/orders', '/micro/registry//x', '/other/registry/orders/1'].map((key) =>
      keys.serviceOf(key),
    ),
    ['orders', undefined, undefined, undefined],
  )
  const { key, range_end } = keys.rangeOf('orders')
  assert.deepEqual(
    [key, range_end].map((text) => Buffer.from(text, 'base64').toString()),
    ['/micro/registry/orders/', '/micro/registry/orders0'],
  )
})
