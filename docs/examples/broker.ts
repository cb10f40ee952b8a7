import assert from 'node:assert/strict'
import { memoryBroker, type Message } from '@microts/core/broker'

const order = (id: number): Message => ({
  header: { 'Content-Type': 'application/json' },
  body: new TextEncoder().encode(JSON.stringify({ id })),
})
const idOf = (message: Message) => (JSON.parse(new TextDecoder().decode(message.body)) as { id: number }).id

const broker = memoryBroker()
const audited: number[] = []
const mailed: number[] = []

// Without a queue every subscriber gets every message; with one, each message goes to one of the queue's subscribers.
const audit = await broker.subscribe('orders.placed', ({ message }) => void audited.push(idOf(message)))
await broker.subscribe('orders.placed', ({ message }) => void mailed.push(idOf(message)), { queue: 'mail' })
await broker.subscribe('orders.placed', ({ message }) => void mailed.push(idOf(message)), { queue: 'mail' })

for (const id of [1, 2, 3]) await broker.publish('orders.placed', order(id))

// close() of a subscription resolves when the messages in work are done.
await new Promise((resolve) => setTimeout(resolve, 10))
await audit.close()
await broker.publish('orders.placed', order(4))
await new Promise((resolve) => setTimeout(resolve, 10))

assert.deepEqual(audited, [1, 2, 3])
assert.deepEqual(mailed.sort(), [1, 2, 3, 4])
assert.equal(broker.guarantee, 'at-most-once')

await assert.rejects(broker.publish('orders placed', order(5)), { reason: 'TOPIC_INVALID' })
await assert.rejects(broker.publish('orders.placed', order(6), { durable: true }), { code: 'unimplemented' })

await broker.close()
