import assert from 'node:assert/strict'
import type { ServiceRecord } from '../registry.js'
import { orders, refused, type Case } from './fixture.js'

/** What is refused, and how. */
export const refusals: Case[] = [
  {
    name: 'register() refuses a bad name, id or address with SERVICE_INVALID',
    async run({ subject }) {
      const bad: ServiceRecord[] = [
        ...['', 'a b', 'ä', 'a/b', 'x'.repeat(256)].map((name) => ({ ...orders, name })),
        ...['', 'a b', 'a@b', 'x'.repeat(256)].map((id) => ({ ...orders, nodes: [{ id, address: '127.0.0.1:1', metadata: {} }] })),
        ...['', 'localhost', ':80', '127.0.0.1:0', '127.0.0.1:65536', '::1:80', '[::1]', 'http://a:1'].map((address) => ({
          ...orders,
          nodes: [{ id: 'orders-1', address, metadata: {} }],
        })),
      ]

      for (const service of bad) await refused(subject.register(service), 'invalid_argument', 'SERVICE_INVALID')
      assert.deepEqual(await subject.list(), [])
    },
  },
  {
    name: 'register() of nodes of which one is bad makes none known',
    async run({ subject }) {
      const nodes = [...orders.nodes, { id: 'orders-2', address: 'nowhere', metadata: {} }]

      await refused(subject.register({ ...orders, nodes }), 'invalid_argument', 'SERVICE_INVALID')

      assert.deepEqual(await subject.lookup('orders'), [])
    },
  },
  {
    name: 'lookup(), watch() and deregister() refuse a bad name with SERVICE_INVALID',
    async run({ subject }) {
      await refused(subject.lookup('a b'), 'invalid_argument', 'SERVICE_INVALID')
      await refused(subject.watch({ service: '' }), 'invalid_argument', 'SERVICE_INVALID')
      await refused(subject.deregister({ ...orders, name: '*' }), 'invalid_argument', 'SERVICE_INVALID')
    },
  },
  {
    name: 'every operation gives up with canceled when its signal has aborted',
    async run({ subject }) {
      const signal = AbortSignal.abort()

      await refused(subject.register(orders, { signal }), 'canceled', 'CANCELED')
      await refused(subject.deregister(orders, { signal }), 'canceled', 'CANCELED')
      await refused(subject.lookup('orders', { signal }), 'canceled', 'CANCELED')
      await refused(subject.list({ signal }), 'canceled', 'CANCELED')
      await refused(subject.watch({ signal }), 'canceled', 'CANCELED')
      assert.deepEqual(await subject.lookup('orders'), [])
    },
  },
  {
    name: 'every operation is refused with CLOSED after close(), and close() twice is once',
    async run({ subject }) {
      await subject.register(orders)
      await Promise.all([subject.close(), subject.close()])
      await subject.close()

      await refused(subject.register(orders), 'failed_precondition', 'CLOSED')
      await refused(subject.deregister(orders), 'failed_precondition', 'CLOSED')
      await refused(subject.lookup('orders'), 'failed_precondition', 'CLOSED')
      await refused(subject.list(), 'failed_precondition', 'CLOSED')
      await refused(subject.watch(), 'failed_precondition', 'CLOSED')
    },
  },
]
