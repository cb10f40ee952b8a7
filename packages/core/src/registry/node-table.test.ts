import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testClock } from '../testing/clock.js'
import { nodeTable } from './node-table.js'
import type { ServiceRecord } from './registry.js'

const orders: ServiceRecord = {
  name: 'orders',
  version: '1.0.0',
  metadata: {},
  endpoints: [],
  nodes: [{ id: 'orders-1', address: '127.0.0.1:40001', metadata: {} }],
}
const owner = {}

test('put() describes a version as its last changed node does', () => {
  const table = nodeTable(testClock())
  table.put(orders, { owner })
  table.put({ ...orders, metadata: { team: 'new' }, nodes: [{ id: 'orders-2', address: '127.0.0.1:2', metadata: {} }] }, { owner })

  table.put(orders, { owner })
  assert.deepEqual(table.lookup('orders')[0]?.metadata, { team: 'new' })
  table.put({ ...orders, metadata: { team: 'newest' } }, { owner })

  assert.deepEqual(table.lookup('orders')[0]?.metadata, { team: 'newest' })
})

test('put() tells listeners of new and changed nodes, one by one, and not of renewals in another order of keys', () => {
  const table = nodeTable(testClock())
  const told: string[] = []
  const unsubscribe = table.subscribe(({ type, service }) => told.push(`${type} ${service.nodes.map(({ id }) => id).join()}`))
  const nodes = [1, 2].map((number) => ({ id: `n${number}`, address: `a:${number}`, metadata: { a: '1', b: '2' } }))

  table.put({ ...orders, nodes }, { owner })
  table.put({ ...orders, nodes: nodes.map((node) => ({ ...node, metadata: { b: '2', a: '1' } })) }, { owner })
  table.put({ ...orders, nodes: nodes.slice(0, 1), version: '2' }, { owner })
  unsubscribe()
  table.remove('orders', 'n1')

  assert.deepEqual(told, ['create n1', 'create n2', 'update n1'])
})

test('a node goes at its time, and the others stay until theirs, on one timer', async () => {
  const clock = testClock()
  const table = nodeTable(clock)
  const told: string[] = []
  table.subscribe(({ type, service }) => told.push(`${type} ${service.name} at ${clock.monotonicMs()}`))
  for (const [name, expiresAtMs] of [
    ['late', 300],
    ['early', 100],
    ['middle', 200],
    ['forever', undefined],
  ] as const)
    table.put({ ...orders, name }, { owner, expiresAtMs })
  assert.equal(clock.pending, 1)
  told.length = 0

  await clock.advance(1000)

  assert.deepEqual(told, ['delete early at 100', 'delete middle at 200', 'delete late at 300'])
  assert.deepEqual(table.names(), ['forever'])
  assert.equal(clock.pending, 0)
})

test('a node whose lease is renewed stays until the new time, longer than a timer can wait', async () => {
  const clock = testClock()
  const table = nodeTable(clock)
  const monthMs = 30 * 86_400_000
  table.put(orders, { owner, expiresAtMs: 100 })
  table.put(orders, { owner, expiresAtMs: monthMs })

  await clock.advance(monthMs - 1)
  assert.deepEqual(table.names(), ['orders'])
  await clock.advance(1)

  assert.deepEqual(table.names(), [])
  assert.equal(table.get('orders', 'orders-1'), undefined)
})

test('stop() leaves no timer', () => {
  const clock = testClock()
  const table = nodeTable(clock)
  table.put(orders, { owner, expiresAtMs: 100 })

  table.stop()

  assert.equal(clock.pending, 0)
})
