import assert from 'node:assert/strict'
import { describe, next, node, orders, read, sameMetadata, type Case } from './fixture.js'

/** What a watch tells, and how it ends. */
export const watches: Case[] = [
  {
    name: 'watch() tells of nodes that come, change and leave, with the nodes concerned alone',
    async run({ subject }) {
      await subject.register(node('orders-0', 40_000))
      const changes = read(await subject.watch({ service: 'orders' }))
      const changed = node('orders-1', 40_009, { region: 'us' })

      await subject.register(orders)
      await subject.register(changed)
      await subject.deregister(changed)

      assert.equal(await next(changes), 'create orders-1 127.0.0.1:40001')
      assert.equal(await next(changes), 'update orders-1 127.0.0.1:40009')
      assert.equal(await next(changes), 'delete orders-1 127.0.0.1:40009')
      await changes.end()
    },
  },
  {
    name: 'watch() tells of changed endpoints and metadata as an update',
    async run({ subject }) {
      await subject.register(orders)
      const changes = read(await subject.watch({ service: 'orders' }))

      await subject.register({ ...orders, endpoints: [] })
      const first = await changes.next()
      await subject.register({ ...orders, endpoints: [], nodes: node('orders-1', 40_001, { region: 'us' }).nodes })
      const second = await changes.next()

      assert.equal(describe(first), 'update orders-1 127.0.0.1:40001')
      assert.deepEqual(first.service.endpoints, [])
      assert.equal(describe(second), 'update orders-1 127.0.0.1:40001')
      sameMetadata(second.service.nodes[0]?.metadata, { region: 'us' })
      await changes.end()
    },
  },
  {
    name: 'watch() tells neither of what is there already nor of what stays as it is',
    async run({ subject }) {
      await subject.register(orders)
      const changes = read(await subject.watch())

      await subject.register(orders)
      await subject.register(node('orders-2', 40_002))

      assert.equal(await next(changes), 'create orders-2 127.0.0.1:40002')
      await changes.end()
    },
  },
  {
    name: 'watch() of one service tells of no other, watch() of all tells of each',
    async run({ subject }) {
      const one = read(await subject.watch({ service: 'payments' }))
      const all = read(await subject.watch())

      await subject.register(orders)
      await subject.register({ ...node('payments-1', 40_002), name: 'payments' })

      assert.equal(await next(one), 'create payments-1 127.0.0.1:40002')
      assert.deepEqual([await next(all), await next(all)], ['create orders-1 127.0.0.1:40001', 'create payments-1 127.0.0.1:40002'])
      await one.end()
      await all.end()
    },
  },
  {
    name: 'watch() ends quietly by its own close(), by its signal, and by close() of the registry',
    async run({ subject }) {
      const controller = new AbortController()
      const closed = await subject.watch()
      const aborted = await subject.watch({ signal: controller.signal })
      const left = await subject.watch({ service: 'orders' })
      const loops = [closed, aborted, left].map(async (watch) => {
        let count = 0
        for await (const _ of watch) count++
        return count
      })

      await closed.close()
      controller.abort()
      await subject.close()

      assert.deepEqual(await Promise.all(loops), [0, 0, 0])
    },
  },
]
