import assert from 'node:assert/strict'
import { next, node, nodeCount, orders, placesOf, read, sameMetadata, type Case } from './fixture.js'

/** What another process sees. */
export const sharing: Case[] = [
  {
    name: 'lookup() and list() of another process see what this one registered, changed and took out',
    needs: 'shared',
    async run({ subject, peer, eventually }) {
      const other = await peer()
      await subject.register(orders)
      await subject.register(node('orders-2', 40_002))

      await eventually(async () => nodeCount(await other.lookup('orders')) === 2)
      const [found] = await other.lookup('orders')
      assert.deepEqual(found?.endpoints, orders.endpoints)
      sameMetadata(found.nodes.find(({ id }) => id === 'orders-1')?.metadata, orders.nodes[0]?.metadata)
      await eventually(async () => (await other.list()).join() === 'orders')

      await subject.register(node('orders-1', 40_009))
      await eventually(async () => placesOf(await other.lookup('orders'))[0] === 'orders-1 127.0.0.1:40009')
      await subject.deregister(orders)
      await eventually(async () => placesOf(await other.lookup('orders')).join() === 'orders-2 127.0.0.1:40002')
    },
  },
  {
    name: 'watch() of another process tells of nodes that come, change and leave',
    needs: 'shared',
    async run({ subject, peer }) {
      const other = await peer()
      await subject.register(node('orders-0', 40_000))
      const changes = read(await other.watch({ service: 'orders' }))

      await subject.register(orders)
      assert.equal(await next(changes), 'create orders-1 127.0.0.1:40001')
      await subject.register(node('orders-1', 40_009, { region: 'us' }))
      assert.equal(await next(changes), 'update orders-1 127.0.0.1:40009')
      await subject.deregister(orders)
      assert.equal(await next(changes), 'delete orders-1 127.0.0.1:40009')
      await changes.end()
    },
  },
  {
    name: 'close() takes the nodes that were registered away from the others',
    needs: 'shared',
    async run({ subject, peer, eventually }) {
      const other = await peer()
      await other.register(orders)
      await eventually(async () => nodeCount(await subject.lookup('orders')) === 1)

      await other.close()

      await eventually(async () => nodeCount(await subject.lookup('orders')) === 0)
    },
  },
]
