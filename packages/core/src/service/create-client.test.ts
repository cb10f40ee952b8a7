import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MicroError } from '../base/index.js'
import { memoryRegistry } from '../registry/index.js'
import { memoryTransport } from '../transport/index.js'
import type { PluginEntry } from '../plugin/index.js'
import { createClient, openRegistry } from './create-client.js'
import { endpoint } from './definition.js'
import { createService } from './service.js'

const env = { LOG_LEVEL: 'silent', MICRO_PROJECT: 'test', MICRO_TRANSPORT: 'memory', MICRO_BROKER: 'memory' }
const serviceOf = (name: string) =>
  createService({ name, endpoints: { 'Say.Name': endpoint({}, (_input, context): string => context.name) } })

async function running(...names: string[]) {
  const use = { registry: memoryRegistry(), transport: memoryTransport() }
  const started = await Promise.all(
    names.map((name, index) => serviceOf(name).start({ env: { ...env, MICRO_SERVER_ADDRESS: `127.0.0.1:${index + 1}` }, use })),
  )
  return { use, stop: () => Promise.all(started.map((one) => one.stop())) }
}

test('createClient() calls a service by name, and needs neither broker nor store', async () => {
  const { use, stop } = await running('orders')
  const client = createClient<ReturnType<typeof serviceOf>>('orders', {
    env: { ...env, MICRO_BROKER: 'absent', MICRO_STORE: 'absent' },
    use,
  })

  assert.equal(await client.Say.Name(), 'orders')

  await client.close()
  await stop()
})

test('createClient() for several services, side by side', async () => {
  const { use, stop } = await running('orders', 'stock')
  const clients = ['orders', 'stock'].map((name) => createClient<ReturnType<typeof serviceOf>>(name, { env, use }))

  assert.deepEqual(await Promise.all(clients.map((client) => client.Say.Name())), ['orders', 'stock'])

  await Promise.all(clients.map((client) => client.close()))
  await stop()
})

test('createClient() connects anew after close()', async () => {
  const { use, stop } = await running('orders')
  const client = createClient<ReturnType<typeof serviceOf>>('orders', { env, use })

  await client.close()
  await client.Say.Name()
  await client.close()

  assert.equal(await client.Say.Name(), 'orders')
  await client.close()
  await stop()
})

test('createClient() reads the environment at the first call, which rejects when it is wrong', async () => {
  const client = createClient<ReturnType<typeof serviceOf>>('orders', { env: { ...env, MICRO_REGISTRY: 'mdn' } })

  await assert.rejects(
    client.Say.Name(),
    (error) => MicroError.is(error) && error.reason === 'PLUGIN_NOT_LISTED' && /"mdns"/.test(error.hint ?? ''),
  )
  await client.close()
})

test('createClient() tries anew at the next call when it could not connect', async () => {
  const { use, stop } = await running('orders')
  let isDown = true
  const manifest = { reference: 'registry/flaky', kind: 'registry', name: 'flaky', api: '^1.0' } as const
  const create = () => {
    if (isDown) throw new MicroError('unavailable', 'Cannot reach it', { reason: 'REGISTRY_UNAVAILABLE' })
    return use.registry
  }
  const plugin: PluginEntry = { manifest, load: async () => ({ default: { ...manifest, create } }) }
  const client = createClient<ReturnType<typeof serviceOf>>('orders', { env, plugins: [plugin], use: { transport: use.transport } })

  await assert.rejects(client.Say.Name(), { reason: 'REGISTRY_UNAVAILABLE' })
  isDown = false

  assert.equal(await client.Say.Name(), 'orders')
  await stop()
  await client.close()
})

test('openRegistry() gives the registry of the environment, for the caller to close', async () => {
  const registry = await openRegistry({ env: { ...env, MICRO_REGISTRY: 'memory' } })

  assert.deepEqual([registry.name, await registry.list()], ['memory', []])
  await registry.close()
  await assert.rejects(registry.list(), { reason: 'CLOSED' })
  await assert.rejects(openRegistry({ env: { MICRO_REGISTRY: 'absent' } }), { reason: 'PLUGIN_NOT_LISTED' })
})
