import assert from 'node:assert/strict'
import { memoryRegistry, type ServiceRecord } from '@microts/core/registry'

const orders: ServiceRecord = {
  name: 'orders',
  version: '1.0.0',
  metadata: {},
  endpoints: [{ name: 'Orders.Place', metadata: {} }],
  nodes: [{ id: 'orders-1', address: '127.0.0.1:40113', metadata: { protocol: 'mucp' } }],
}

const registry = memoryRegistry()
const changes = await registry.watch({ service: 'orders' })

await registry.register(orders, { ttlMs: 60_000 })

const [found] = await registry.lookup('orders')
assert.equal(found?.nodes[0]?.address, '127.0.0.1:40113')
assert.deepEqual(await registry.list(), ['orders'])
// Nobody there is an empty list, never an error.
assert.deepEqual(await registry.lookup('stock'), [])

await registry.deregister(orders)

const seen: string[] = []
for await (const change of changes) {
  seen.push(change.type)
  if (change.type === 'delete') break
}
assert.deepEqual(seen, ['create', 'delete'])

await registry.close()
