import assert from 'node:assert/strict'
import type { ServiceRecord } from '../registry.js'
import { node, orders, placesOf, sameMetadata, type Case } from './fixture.js'

/** What registering and looking up do. */
export const basics: Case[] = [
  {
    name: 'register() makes a node known that lookup() gives as it was',
    async run({ subject }) {
      await subject.register({ ...orders, metadata: { team: 'shop' } })

      const [found, ...others] = await subject.lookup('orders')
      assert.equal(others.length, 0)
      assert.equal(found?.version, '1.0.0')
      assert.deepEqual(found.metadata, { team: 'shop' })
      assert.deepEqual(found.endpoints, orders.endpoints)
      assert.deepEqual(placesOf([found]), ['orders-1 127.0.0.1:40001'])
      sameMetadata(found.nodes[0]?.metadata, orders.nodes[0]?.metadata)
    },
  },
  {
    name: 'lookup() groups the nodes by version',
    async run({ subject }) {
      await subject.register(orders)
      await subject.register(node('orders-2', 40_002))
      await subject.register({ ...node('orders-3', 40_003), version: '2.0.0' })

      const found = await subject.lookup('orders')

      const byVersion = Object.fromEntries(found.map((one) => [one.version, one.nodes.map(({ id }) => id).sort()]))
      assert.deepEqual(byVersion, { '1.0.0': ['orders-1', 'orders-2'], '2.0.0': ['orders-3'] })
    },
  },
  {
    name: 'lookup() of a service that nobody runs gives an empty list',
    async run({ subject }) {
      await subject.register(orders)

      assert.deepEqual(await subject.lookup('nobody'), [])
      // The name of one may begin the name of another.
      assert.deepEqual(await subject.lookup('order'), [])
    },
  },
  {
    name: 'register() of several nodes at once makes all of them known',
    async run({ subject }) {
      const nodes = [1, 2, 3].map((number) => ({ id: `orders-${number}`, address: `127.0.0.1:4000${number}`, metadata: {} }))

      await subject.register({ ...orders, nodes })

      assert.deepEqual(
        placesOf(await subject.lookup('orders')),
        nodes.map((one) => `${one.id} ${one.address}`),
      )
    },
  },
  {
    name: 'register() of a known id replaces its data',
    async run({ subject }) {
      await subject.register(orders)
      await subject.register({ ...node('orders-1', 40_009, { region: 'us' }), version: '1.1.0' })

      const found = await subject.lookup('orders')
      assert.deepEqual(
        found.map((one) => one.version),
        ['1.1.0'],
      )
      assert.deepEqual(placesOf(found), ['orders-1 127.0.0.1:40009'])
      sameMetadata(found[0]?.nodes[0]?.metadata, { region: 'us' })
      assert.equal(found[0]?.nodes[0]?.metadata['protocol'], undefined)
    },
  },
  {
    name: 'register() of one id under two services keeps two nodes',
    async run({ subject }) {
      await subject.register(node('shared', 40_001))
      await subject.register({ ...node('shared', 40_002), name: 'payments' })

      assert.deepEqual(placesOf(await subject.lookup('orders')), ['shared 127.0.0.1:40001'])
      assert.deepEqual(placesOf(await subject.lookup('payments')), ['shared 127.0.0.1:40002'])
    },
  },
  {
    name: 'deregister() takes out the nodes that it names and no others',
    async run({ subject }) {
      await subject.register(orders)
      await subject.register(node('orders-2', 40_002))

      await subject.deregister(orders)

      assert.deepEqual(placesOf(await subject.lookup('orders')), ['orders-2 127.0.0.1:40002'])
    },
  },
  {
    name: 'deregister() passes over a node that is not there',
    async run({ subject }) {
      await subject.deregister(orders)
      await subject.register(node('orders-2', 40_002))
      await subject.deregister(orders)

      assert.deepEqual(placesOf(await subject.lookup('orders')), ['orders-2 127.0.0.1:40002'])
    },
  },
  {
    name: 'list() gives the names with a live node, sorted, each once',
    async run({ subject }) {
      assert.deepEqual(await subject.list(), [])
      await subject.register({ ...orders, name: 'zebra' })
      await subject.register(orders)
      await subject.register({ ...node('orders-2', 40_002), version: '2.0.0' })
      await subject.register({ ...orders, name: 'apples' })
      await subject.deregister({ ...orders, name: 'zebra' })

      assert.deepEqual(await subject.list(), ['apples', 'orders'])
    },
  },
  {
    name: 'register() takes names and ids with dots, dashes and underscores',
    async run({ subject }) {
      const service = { ...node('shop.orders-v1_a.7', 40_001), name: 'shop.orders-v1_a' }
      await subject.register({ ...node('7', 40_003), name: 'orders-v1_a' })
      await subject.register(service)

      assert.deepEqual(placesOf(await subject.lookup('shop.orders-v1_a')), ['shop.orders-v1_a.7 127.0.0.1:40001'])
      assert.deepEqual(placesOf(await subject.lookup('orders-v1_a')), ['7 127.0.0.1:40003'])
      assert.deepEqual(await subject.list(), ['orders-v1_a', 'shop.orders-v1_a'])
    },
  },
  {
    name: 'register() takes an IPv6 address',
    async run({ subject }) {
      await subject.register({ ...orders, nodes: [{ id: 'orders-6', address: '[::1]:40006', metadata: {} }] })

      assert.deepEqual(placesOf(await subject.lookup('orders')), ['orders-6 [::1]:40006'])
    },
  },
  {
    name: 'register() takes a service without metadata, endpoints and version, and one with much of them',
    async run({ subject }) {
      const bare: ServiceRecord = { ...node('bare-1', 40_001, {}), name: 'bare', version: '', endpoints: [] }
      const metadata = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`key-${index}`, `value ${index} `.repeat(8)]))
      const values = Array.from({ length: 50 }, (_, index) => ({ name: `field${index}`, type: 'string', values: [] }))
      const endpoints = Array.from({ length: 100 }, (_, index) => ({
        name: `Big.Method${index}`,
        request: { name: 'Request', type: 'Request', values },
        response: { name: 'Reply', type: 'Reply', values },
        metadata: {},
      }))

      await subject.register(bare)
      await subject.register({ ...node('big-1', 40_002, metadata), name: 'big', endpoints })

      assert.deepEqual(placesOf(await subject.lookup('bare')), ['bare-1 127.0.0.1:40001'])
      const [found] = await subject.lookup('big')
      assert.deepEqual(found?.endpoints, endpoints)
      sameMetadata(found.nodes[0]?.metadata, metadata)
    },
  },
  {
    name: 'register() of a service without nodes changes nothing',
    async run({ subject }) {
      await subject.register({ ...orders, nodes: [] })

      assert.deepEqual(await subject.lookup('orders'), [])
      assert.deepEqual(await subject.list(), [])
    },
  },
  {
    name: 'register() from two callers at once ends with one of the two, whole',
    async run({ subject }) {
      const contenders = [1, 2].map((number) => node('orders-1', 40_000 + number, { contender: String(number) }))

      await Promise.all([...contenders.map((one) => subject.register(one)), subject.register(node('orders-9', 40_009))])

      const found = (await subject.lookup('orders')).flatMap((one) => one.nodes)
      assert.deepEqual(found.map(({ id }) => id).sort(), ['orders-1', 'orders-9'])
      const winner = found.find(({ id }) => id === 'orders-1')
      assert.equal(winner?.address, `127.0.0.1:4000${winner?.metadata['contender']}`)
    },
  },
  {
    name: 'lookup() from many callers at once gives each the same',
    async run({ subject }) {
      await subject.register(orders)

      const all = await Promise.all(Array.from({ length: 50 }, () => subject.lookup('orders')))

      for (const found of all) assert.deepEqual(placesOf(found), ['orders-1 127.0.0.1:40001'])
    },
  },
  {
    name: 'explain() gives undefined or a sentence, and address a text for people',
    async run({ subject }) {
      await subject.lookup('nobody')

      const said = subject.explain()
      assert.ok(said === undefined || said.length > 0)
      assert.ok(subject.address.length > 0)
      assert.ok(subject.name.length > 0)
    },
  },
]
