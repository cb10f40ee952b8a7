import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MicroError } from '../base/index.js'
import { memoryBroker } from '../broker/index.js'
import { memoryRegistry } from '../registry/index.js'
import type { PluginEntry } from '../plugin/index.js'
import { memoryStore, type Store } from '../store/index.js'
import { memoryTransport } from '../transport/index.js'
import { endpoint, topic, type ServiceOptions } from './definition.js'
import { startService, type StartOptions } from './start.js'

const env = { LOG_LEVEL: 'silent', MICRO_PROJECT: 'test', MICRO_REGISTRY: 'memory', MICRO_TRANSPORT: 'memory', MICRO_BROKER: 'memory' }

/** A store from a plugin, that writes into `events` what becomes of it. */
function storePlugin(events: string[], create: () => Promise<Store> = async () => memoryStore()): PluginEntry {
  const manifest = { reference: 'store/noting', kind: 'store', name: 'noting', api: '^1.0' } as const
  const made = async () => {
    events.push('store created')
    const store = await create()
    return { ...store, name: 'noting', close: async () => void events.push('store closed') }
  }
  return { manifest, load: async () => ({ default: { ...manifest, create: made } }) }
}

function start(options: Partial<ServiceOptions>, startOptions: StartOptions = {}) {
  return startService({ name: 'orders', ...options }, { env, ...startOptions })
}

test('startService() says what it is, where it listens, and what it stands on and why', async () => {
  const running = await start(
    { version: '1.2.3' },
    { env: { ...env, MICRO_TRANSPORT: 'http' }, argv: ['--store=memory'], plugins: [storePlugin([])] },
  )

  const { name, version, node, address, url, uses } = running
  assert.deepEqual([name, version], ['orders', '1.2.3'])
  assert.match(node, /^orders-[0-9a-f-]{36}$/)
  assert.match(address, /^127\.0\.0\.1:\d+$/)
  assert.equal(url, `http://${address}`)
  assert.deepEqual(
    uses.map((use) => [use.kind, use.name, use.why]),
    [
      ['config', 'memory', 'default'],
      ['codec', 'json', 'default'],
      ['auth', 'noop', 'default'],
      ['registry', 'memory', 'MICRO_REGISTRY'],
      ['selector', 'least-pending', 'default'],
      ['transport', 'http', 'MICRO_TRANSPORT'],
      ['store', 'memory', '--store'],
      ['broker', 'memory', 'MICRO_BROKER'],
    ],
  )
  assert.equal(uses.at(-1)?.note, 'at-most-once')
  await running.stop()
})

test('startService() runs under the name, id and version that the environment gives', async () => {
  const registry = memoryRegistry()
  const running = await start(
    { version: '1.0.0' },
    { env: { ...env, MICRO_SERVER_NAME: 'blue', MICRO_SERVER_ID: '7', MICRO_SERVER_VERSION: '2.0.0' }, use: { registry } },
  )

  assert.deepEqual([running.name, running.version, running.node, running.context.name], ['blue', '2.0.0', 'blue-7', 'blue'])
  assert.deepEqual(await registry.list(), ['blue'])
  await running.stop()
  await assert.rejects(start({}, { env: { ...env, MICRO_SERVER_NAME: 'No Name' } }), { reason: 'SERVICE_NAME_INVALID' })
})

test('startService() gives the configuration the environment, MICRO_ settings above it, and flags on top', async () => {
  const running = await start(
    {},
    { env: { ...env, SMTP_URL: 'smtp://a', MICRO_DATABASE__HOST: 'a', MICRO_DATABASE__PORT: '1' }, argv: ['--database.host=b'] },
  )

  const { config } = running.context
  assert.equal(config.get('env.SMTP_URL'), 'smtp://a')
  assert.deepEqual(config.get('database'), { host: 'b', port: 1 })
  await running.stop()
})

test('startService() creates nothing when one interface cannot be chosen', async () => {
  const events: string[] = []

  const starting = start({}, { plugins: [storePlugin(events)], env: { ...env, MICRO_BROKER: 'mqtt' } })

  await assert.rejects(starting, { reason: 'PLUGIN_NOT_LISTED' })
  assert.deepEqual(events, [])
})

test('startService() closes what it created when another plugin cannot be created', async () => {
  const events: string[] = []
  const manifest = { reference: 'broker/broken', kind: 'broker', name: 'broken', api: '^1.0' } as const
  const broken: PluginEntry = { manifest, load: async () => ({ default: { ...manifest, create: () => Promise.reject(new Error('no')) } }) }
  const { MICRO_BROKER: _, ...rest } = env

  await assert.rejects(start({}, { plugins: [storePlugin(events), broken], env: rest }), {
    code: 'unavailable',
    reason: 'PLUGIN_CREATE_FAILED',
  })
  assert.deepEqual(events, ['store created', 'store closed'])
})

test('startService() closes everything when the ready hook throws, and throws what it threw', async () => {
  const events: string[] = []
  const transport = memoryTransport()
  const registry = memoryRegistry()
  const thrown = new TypeError('the pool is empty')
  const ready = ({ name }: { name: string }) => {
    events.push(`ready ${name}`)
    throw thrown
  }

  const starting = start({ ready, stop: () => void events.push('stop') }, { plugins: [storePlugin(events)], use: { transport, registry } })

  await assert.rejects(starting, (error) => error === thrown)
  assert.deepEqual(events, ['store created', 'ready orders', 'store closed'])
  assert.deepEqual(await registry.list(), [])
  // The port is free again: nobody takes connections there.
  const again = await start({}, { use: { transport, registry } })
  await again.stop()
})

test('startService() runs the stop hook when the start fails after ready', async () => {
  const events: string[] = []
  const topics = { 'not a topic': topic({}, () => {}) }

  const starting = start(
    { topics, ready: () => void events.push('ready'), stop: () => void events.push('stop') },
    { plugins: [storePlugin(events)] },
  )

  await assert.rejects(starting, { reason: 'TOPIC_INVALID' })
  assert.deepEqual(events, ['store created', 'ready', 'stop', 'store closed'])
})

test('startService() throws what stopped it, also when clearing up fails', async () => {
  const ready = () => {
    throw new MicroError('unavailable', 'Cannot warm up', { reason: 'COLD' })
  }
  const failing = storePlugin([], async () => memoryStore())
  const plugin: PluginEntry = {
    manifest: failing.manifest,
    load: async () => ({
      default: {
        ...failing.manifest,
        create: () => ({ ...memoryStore(), name: 'noting', close: () => Promise.reject(new Error('stuck')) }),
      },
    }),
  }

  await assert.rejects(start({ ready }, { plugins: [plugin] }), { reason: 'COLD' })
})

test('stop() leaves the registry, lets work finish, runs the hook, closes in reverse', async () => {
  const events: string[] = []
  const registry = memoryRegistry()
  let finish = () => {}
  const running = await start(
    {
      endpoints: {
        'Orders.Slow': endpoint({}, async () => {
          events.push('begun')
          await new Promise<void>((resolve) => (finish = resolve))
          events.push('done')
          return 'late'
        }),
      },
      stop: async () => void events.push(`hook, ${(await registry.list()).length} registered`),
    },
    { plugins: [storePlugin(events)], use: { registry } },
  )

  const call = running.context.client('orders') as unknown as { Orders: { Slow(): Promise<unknown> } }
  const reply = call.Orders.Slow()
  while (!events.includes('begun')) await new Promise((resolve) => setImmediate(resolve))
  const stopping = running.stop()
  while ((await registry.list()).length > 0) await new Promise((resolve) => setImmediate(resolve))
  finish()

  assert.equal(await reply, 'late')
  await stopping
  assert.deepEqual(events, ['store created', 'begun', 'done', 'hook, 0 registered', 'store closed'])
})

test('stop() twice is once', async () => {
  let count = 0
  const running = await start({ stop: () => void count++ })

  await Promise.all([running.stop(), running.stop()])
  await running.stop()

  assert.equal(count, 1)
})

test('stop() closes everything, and rejects, when the stop hook throws', async () => {
  const events: string[] = []
  const stop = () => {
    throw new RangeError('no')
  }
  const running = await start({ stop }, { plugins: [storePlugin(events)] })

  await assert.rejects(running.stop(), RangeError)

  assert.deepEqual(events, ['store created', 'store closed'])
})

test('stop() leaves open what the program handed in', async () => {
  const broker = memoryBroker()
  const running = await start({ topics: { 'orders.placed': topic({}, () => {}) } }, { use: { broker } })

  await running.stop()

  await broker.publish('orders.placed', { header: {}, body: new Uint8Array() })
  await broker.close()
})

test('a handler calls on within the time of its own call, and is given up with it', async () => {
  const seen: { timeoutMs?: number; trace?: string | undefined; authorization?: string | undefined; aborted?: boolean } = {}
  const registry = memoryRegistry()
  const transport = memoryTransport()
  const stock = await startService(
    {
      name: 'stock',
      endpoints: {
        'Stock.Reserve': endpoint({}, (_input, { deadline, metadata, signal }) => {
          Object.assign(seen, { timeoutMs: deadline?.timeoutMs, trace: metadata['traceparent'], authorization: metadata['authorization'] })
          return new Promise((resolve) => signal.addEventListener('abort', () => resolve((seen.aborted = true))))
        }),
      },
    },
    { env: { ...env, MICRO_SERVER_ADDRESS: '127.0.0.1:1' }, use: { registry, transport } },
  )
  const orders = await startService(
    {
      name: 'orders',
      endpoints: {
        'Orders.Place': endpoint({}, (_input, { client }) =>
          (client('stock') as unknown as { Stock: { Reserve(): unknown } }).Stock.Reserve(),
        ),
      },
    },
    { env: { ...env, MICRO_SERVER_ADDRESS: '127.0.0.1:2' }, use: { registry, transport } },
  )
  const caller = orders.context.client('orders') as unknown as { Orders: { Place(input: unknown, options: object): Promise<unknown> } }

  const metadata = { traceparent: '00-1-2-01', authorization: 'Bearer secret' }
  await assert.rejects(caller.Orders.Place({}, { timeoutMs: 200, metadata }), { code: 'deadline_exceeded' })

  while (seen.aborted !== true) await new Promise((resolve) => setImmediate(resolve))
  assert.ok(Number(seen.timeoutMs) <= 200, String(seen.timeoutMs))
  assert.deepEqual([seen.trace, seen.authorization], ['00-1-2-01', undefined])
  await Promise.all([orders.stop(), stock.stop()])
})
