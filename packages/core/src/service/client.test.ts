import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StandardSchemaV1 } from '../base/index.js'
import { clientOf, type ClientOf } from './client.js'
import { endpoint } from './definition.js'
import { createService } from './service.js'

interface Order {
  readonly item: string
}
declare const schemaOf: <Input, Output = Input>() => StandardSchemaV1<Input, Output>
const anything = { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } } as unknown as ReturnType<
  typeof schemaOf<Order>
>

const orders = createService({
  name: 'orders',
  endpoints: {
    'Orders.Place': endpoint({ input: anything }, async (order) => ({ id: order.item })),
    'Orders.List': endpoint({}, async () => [1, 2]),
    'Stock.Count': endpoint({ output: anything }, () => ({ item: 'tea' })),
  },
})

function recording() {
  const calls: unknown[][] = []
  const client = clientOf<typeof orders>(async (...call) => void calls.push(call), 'orders')
  return { calls, client }
}

test('clientOf() calls Handler.Method of the service by property', async () => {
  const { calls, client } = recording()

  await client.Orders.Place({ item: 'tea' }, { timeoutMs: 5 })
  await client.Orders.List()

  assert.deepEqual(calls, [
    ['orders', 'Orders.Place', { item: 'tea' }, { timeoutMs: 5 }],
    ['orders', 'Orders.List', undefined, undefined],
  ])
})

test('clientOf() is no promise: it can be returned from an async function, and awaited', async () => {
  const { calls, client } = recording()

  const awaited = await Promise.resolve(client)
  const handler = await Promise.resolve(client.Orders)

  assert.equal(awaited, client)
  assert.equal(handler, client.Orders)
  assert.equal(JSON.stringify({ client, handler }), '{"client":{},"handler":{}}')
  assert.deepEqual(calls, [])
})

test('clientOf() gives the same object for the same name', () => {
  const { client } = recording()

  assert.equal(client.Orders, client.Orders)
  assert.equal(client.Orders.Place, client.Orders.Place)
})

test('ClientOf types inputs and outputs by the service', async () => {
  const check = async (client: ClientOf<typeof orders>) => {
    const { id }: { id: string } = await client.Orders.Place({ item: 'tea' })
    const list: number[] = await client.Orders.List()
    const { item }: Order = await client.Stock.Count()
    // @ts-expect-error the item is a text
    await client.Orders.Place({ item: 1 })
    // @ts-expect-error the input is wanted
    await client.Orders.Place()
    // @ts-expect-error there is no such method
    void client.Orders.Plcae
    // @ts-expect-error there is no such handler
    void client.Order
    // @ts-expect-error the reply has no total
    const total: unknown = (await client.Orders.Place({ item: 'tea' })).total
    return [id, list, item, total]
  }

  assert.equal(typeof check, 'function')
})
