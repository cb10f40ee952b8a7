import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryRegistry } from '@microts/core/registry'
import { testApp } from '@microts/core/testing'
import { orders } from './orders.js'

test('Orders.Place stores the order and publishes it', async () => {
  await using app = await testApp(orders)
  const published: unknown[] = []
  await app.broker.subscribe('orders.placed', ({ message }) => void published.push(JSON.parse(new TextDecoder().decode(message.body))))

  const { id } = await app.client(orders).Orders.Place({ item: 'tea', quantity: 2 })

  assert.deepEqual(await app.store(orders).get(`orders/${id}`), { item: 'tea', quantity: 2 })
  await app.eventually(() => published.length === 1)
  assert.deepEqual(published, [{ id, item: 'tea', quantity: 2 }])
})

test('Orders.Place refuses an order that does not fit its schema', async () => {
  await using app = await testApp(orders)

  const placing = app.client(orders).Orders.Place({ item: 'tea', quantity: -1 })

  await assert.rejects(placing, { code: 'invalid_argument', reason: 'SCHEMA_MISMATCH' })
})

test('Orders tells the registry the shapes of its messages', async () => {
  const registry = memoryRegistry()
  const app = await testApp(orders, { use: { registry } })

  const [record] = await registry.lookup('orders')

  const place = record?.endpoints.find(({ name }) => name === 'Orders.Place')
  assert.deepEqual(
    place?.request?.values.map(({ name, type }) => [name, type]),
    [
      ['item', 'string'],
      ['quantity', 'integer'],
    ],
  )
  assert.deepEqual(
    place?.response?.values.map(({ name, type }) => [name, type]),
    [['id', 'string']],
  )
  await app.close()
  await registry.close()
})
