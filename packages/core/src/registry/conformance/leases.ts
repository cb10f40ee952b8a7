import assert from 'node:assert/strict'
import { next, node, nodeCount, orders, placesOf, read, type Case } from './fixture.js'

/** What `ttlMs` does. */
export const leases: Case[] = [
  {
    name: 'register() with ttlMs lets the node go when it is not renewed, and tells watchers',
    needs: 'ttl',
    refuses: ({ subject }) => subject.register(orders, { ttlMs: 1000 }),
    async run({ subject, advance, eventually }) {
      await subject.register(orders, { ttlMs: 1000 })
      await subject.register(node('orders-2', 40_002))
      const changes = read(await subject.watch({ service: 'orders' }))
      assert.equal(nodeCount(await subject.lookup('orders')), 2)

      await advance(1500)

      await eventually(async () => nodeCount(await subject.lookup('orders')) === 1)
      assert.deepEqual(placesOf(await subject.lookup('orders')), ['orders-2 127.0.0.1:40002'])
      assert.equal(await next(changes), 'delete orders-1 127.0.0.1:40001')
      await changes.end()
    },
  },
  {
    name: 'register() again renews the lease, and without ttlMs lifts it',
    needs: 'ttl',
    refuses: ({ subject }) => subject.register(orders, { ttlMs: 1000 }),
    async run({ subject, advance }) {
      await subject.register(orders, { ttlMs: 2000 })
      await advance(1200)
      await subject.register(orders, { ttlMs: 2000 })
      await advance(1200)
      assert.equal(nodeCount(await subject.lookup('orders')), 1)

      await subject.register(orders)
      await advance(2500)

      assert.equal(nodeCount(await subject.lookup('orders')), 1)
    },
  },
  {
    name: 'list() leaves out a service whose last lease ran out',
    needs: 'ttl',
    refuses: ({ subject }) => subject.register(orders, { ttlMs: 1000 }),
    async run({ subject, advance, eventually }) {
      await subject.register(orders, { ttlMs: 1000 })
      await subject.register({ ...orders, name: 'payments' })

      await advance(1500)

      await eventually(async () => (await subject.list()).length === 1)
      assert.deepEqual(await subject.list(), ['payments'])
    },
  },
  {
    name: 'register() refuses a ttlMs that is not above 0 with a RangeError',
    needs: 'ttl',
    async run({ subject }) {
      for (const ttlMs of [0, -1, Number.NaN]) await assert.rejects(subject.register(orders, { ttlMs }), RangeError)
      assert.deepEqual(await subject.lookup('orders'), [])
    },
  },
]
