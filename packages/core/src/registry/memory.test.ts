import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testClock, type TestClock } from '../testing/clock.js'
import { conformance } from '../testing/conformance.js'
import { registrySuite } from './conformance.js'
import { memoryRegistry, memoryTable } from './memory.js'
import type { Registry, ServiceRecord } from './registry.js'

const clocks = new WeakMap<Registry, TestClock>()

conformance(test, registrySuite, {
  create() {
    const clock = testClock()
    const registry = memoryRegistry({ clock })
    clocks.set(registry, clock)
    return registry
  },
  advance: async (ms, registry) => clocks.get(registry)?.advance(ms),
})

const orders: ServiceRecord = {
  name: 'orders',
  version: '1.0.0',
  metadata: {},
  endpoints: [],
  nodes: [{ id: 'orders-1', address: '127.0.0.1:40001', metadata: {} }],
}

test('memoryRegistry() finds what another one registered with the same table', async () => {
  const table = memoryTable()
  const [here, there] = [memoryRegistry({ table }), memoryRegistry({ table })]

  await here.register(orders)

  assert.deepEqual(await there.lookup('orders'), [orders])
  assert.deepEqual(await there.list(), ['orders'])
})

test('memoryRegistry() takes its own nodes along when it is closed, and no others', async () => {
  const table = memoryTable()
  const [here, there] = [memoryRegistry({ table }), memoryRegistry({ table })]
  await here.register(orders)
  await there.register({ ...orders, name: 'payments' })
  const watch = await there.watch()

  await here.close()

  const change = await watch[Symbol.asyncIterator]().next()
  assert.deepEqual(change.value, { type: 'delete', service: orders })
  assert.deepEqual(await there.list(), ['payments'])
})

test('memoryRegistry() without a table sees nobody else', async () => {
  const [here, there] = [memoryRegistry(), memoryRegistry()]

  await here.register(orders)

  assert.deepEqual(await there.lookup('orders'), [])
})

test('memoryRegistry() leaves no timer behind when it is closed', async () => {
  const clock = testClock()
  const registry = memoryRegistry({ clock })
  await registry.register(orders, { ttlMs: 1000 })

  await registry.close()

  assert.equal(clock.pending, 0)
})
