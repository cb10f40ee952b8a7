import { createService, endpoint } from '@microts/core'
import { z } from 'zod'

// The examples are what `micro up` shows a newcomer to type.
const Order = z.object({
  item: z
    .string()
    .min(1)
    .meta({ examples: ['tea'] }),
  quantity: z
    .number()
    .int()
    .positive()
    .meta({ examples: [2] }),
})

export const orders = createService({
  name: 'orders',
  version: '1.0.0',
  endpoints: {
    'Orders.Place': endpoint({ input: Order, output: z.object({ id: z.string() }) }, async (order, { store, broker }) => {
      const id = crypto.randomUUID()
      await store.put(`orders/${id}`, order)
      await broker.publish('orders.placed', { id, ...order })
      return { id }
    }),

    'Orders.List': endpoint({ output: z.array(Order.extend({ id: z.string() })) }, async (_input, { store }) => {
      const found = []
      for await (const { key, value } of store.getAll<z.infer<typeof Order>>({ prefix: 'orders/' }))
        found.push({ id: key.slice('orders/'.length), ...value })
      return found
    }),
  },
})
