import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { systemClock } from '@microts/core/base'
import { pluginHost, type PluginContext, type PluginManifest } from '@microts/core/plugin'
import { readCatalog } from '@microts/runner'
import { bindingKey, durableQueue, groupQueue, layoutOf } from './layout.js'
import { readLogin } from './login.js'
import { readServers } from './servers.js'
import plugin from './index.js'

const [described] = readCatalog([fileURLToPath(new URL('../micro.plugin.yml', import.meta.url))]).implementations
const manifest: PluginManifest = {
  reference: 'broker/rabbitmq',
  kind: 'broker',
  name: 'rabbitmq',
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

test('micro.plugin.yml says what the code says', () => {
  assert.deepEqual([described?.kind, described?.word, described?.api], [plugin.kind, plugin.name, plugin.api])
  assert.deepEqual(JSON.parse(JSON.stringify(described?.options)), plugin.options)
})

test('the plugin refuses options that it does not have, or that are of another type, before it connects', async () => {
  const host = pluginHost([{ manifest, load: () => Promise.resolve({ default: plugin }) }])
  for (const options of [{ server: 'x' }, { tls: 'yes' }, { maxAttempts: 0 }, { password: 5 }])
    await assert.rejects(host.create('broker', manifest, options, context), { reason: 'PLUGIN_OPTIONS_INVALID' })
})

test('readLogin() looks up the password that is only named, and refuses a login that could mean two things', () => {
  const env = { RABBITMQ_PASSWORD: 'right', EMPTY: '' }

  assert.deepEqual(readLogin({ user: 'shop', passwordEnv: 'RABBITMQ_PASSWORD' }, env), { user: 'shop', password: 'right' })
  assert.deepEqual([readLogin({ user: 'shop' }, env), readLogin({}, env)], [{ user: 'shop' }, {}])
  for (const passwordEnv of ['MISSING', 'EMPTY'])
    assert.throws(() => readLogin({ user: 'shop', passwordEnv }, env), { code: 'failed_precondition', reason: 'SECRET_MISSING' })
  for (const options of [{ password: 'x' }, { user: 'shop', password: 'x', passwordEnv: 'RABBITMQ_PASSWORD' }])
    assert.throws(() => readLogin(options, env), { code: 'invalid_argument', reason: 'LOGIN_UNCLEAR' })
})

test('readServers() takes login and virtual host of the address before the other ones', () => {
  const defaults = { login: { user: 'shop', password: 'right' }, vhost: 'one', tls: undefined }
  const read = (address: string) =>
    readServers(address, defaults).map(({ url, user, password, vhost, tls }) => [url, user, password, vhost, tls])

  assert.deepEqual(read('localhost, amqps://a:b%40@[::1]/two%2Fx'), [
    ['amqp://localhost:5672', 'shop', 'right', 'one', false],
    ['amqps://[::1]:5671/two%2Fx', 'a', 'b@', 'two/x', true],
  ])
  assert.deepEqual(
    readServers('x', { ...defaults, login: {}, vhost: undefined }).map(({ user, password, vhost }) => [user, password, vhost]),
    [['guest', 'guest', '/']],
  )
})

test('names of queues differ where group, topic or exchange do, and fit into what AMQP allows', () => {
  const [micro, shop] = [layoutOf('micro', false), layoutOf('shop', true)]
  const long = 'x'.repeat(255)
  const names = [
    groupQueue(micro, 'a', 'b.c'),
    groupQueue(micro, 'a.b', 'c'),
    groupQueue(shop, 'a', 'b.c'),
    durableQueue(micro, 'a', 'b.c'),
    durableQueue(micro, long, long),
    durableQueue(micro, long, long.slice(1)),
  ]

  assert.equal(new Set(names).size, names.length)
  for (const name of names) assert.ok(name.length <= 255)
  assert.deepEqual(['a.*', 'a.>', '>', 'a'].map(bindingKey), ['a.*', 'a.*.#', '*.#', 'a'])
})
