import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { systemClock } from '@microts/core/base'
import { natsServer } from '@microts/core/nats'
import { pluginHost, type PluginContext, type PluginManifest } from '@microts/core/plugin'
import { readCatalog } from '@microts/runner'
import { readLogin } from './login.js'
import { readServers } from './servers.js'
import plugin from './index.js'

const [described] = readCatalog([fileURLToPath(new URL('../micro.plugin.yml', import.meta.url))]).implementations
const manifest: PluginManifest = {
  reference: 'broker/nats',
  kind: 'broker',
  name: 'nats',
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

test('the plugin connects to its address before its option, and is called as its service', async (t) => {
  const names: unknown[] = []
  const server = await natsServer({ onEvent: ({ clientName }) => clientName !== undefined && names.push(clientName) })
  t.after(() => server.close())
  const host = hostOf()

  const broker = await host.create('broker', manifest, { servers: 'nats://127.0.0.1:1' }, { ...context, address: server.url })
  await host.close()

  assert.deepEqual([broker.name, broker.address], ['nats', server.url])
  while (names.length === 0) await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(names, ['orders'])
})

test('the plugin takes its servers and its login from its options', async (t) => {
  const server = await natsServer({ users: [{ user: 'shop', password: 'right' }] })
  t.after(() => server.close())
  const host = hostOf()

  const broker = await host.create('broker', manifest, { servers: server.url, user: 'shop', password: 'right', tls: false }, context)
  await host.close()

  assert.equal(broker.address, server.url)
})

test('the plugin refuses options that it does not have, or that are of another type, before it connects', async () => {
  for (const options of [{ server: 'x' }, { tls: 'yes' }, { connectTimeoutMs: 1 }, { password: 5 }])
    await assert.rejects(hostOf().create('broker', manifest, options, context), { reason: 'PLUGIN_OPTIONS_INVALID' })
})

test('readLogin() looks up what options only name', () => {
  const env = { NATS_PASSWORD: 'right', NATS_TOKEN: 'secret', EMPTY: '' }

  assert.deepEqual(readLogin({ user: 'shop', passwordEnv: 'NATS_PASSWORD' }, env), { user: 'shop', password: 'right' })
  assert.deepEqual(readLogin({ tokenEnv: 'NATS_TOKEN' }, env), { token: 'secret' })
  assert.deepEqual(readLogin({ user: 'shop' }, env), { user: 'shop' })
  assert.deepEqual(readLogin({}, env), {})
  for (const variable of ['MISSING', 'EMPTY'])
    assert.throws(() => readLogin({ user: 'shop', passwordEnv: variable }, env), { code: 'failed_precondition', reason: 'SECRET_MISSING' })
})

test('readLogin() refuses a login that could mean two things', () => {
  for (const options of [
    { user: 'shop', token: 'x' },
    { user: 'shop', password: 'x', token: 'x' },
    { password: 'x' },
    { user: 'shop', password: 'x', passwordEnv: 'HOME' },
    { token: 'x', tokenEnv: 'HOME' },
  ])
    assert.throws(() => readLogin(options, { HOME: '/' }), { code: 'invalid_argument', reason: 'LOGIN_UNCLEAR' })
})

test('readServers() takes a login of the address before the other one, and TLS where the address asks for it', () => {
  const login = { user: 'shop', password: 'right' }
  const read = (address: string, tls?: boolean) => readServers(address, login, tls).map((server) => [server.login, server.tls])

  assert.deepEqual(read('127.0.0.1:1, tls://127.0.0.1:2'), [
    [login, undefined],
    [login, true],
  ])
  assert.deepEqual(read('nats://key@127.0.0.1:1,tls://other:word@127.0.0.1', false), [
    [{ token: 'key' }, false],
    [{ user: 'other', password: 'word' }, true],
  ])
})
