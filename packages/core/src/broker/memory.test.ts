import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MicroError } from '../base/index.js'
import { conformance } from '../testing/conformance.js'
import { brokerSuite } from './conformance.js'
import { memoryBroker } from './memory.js'

conformance(test, brokerSuite, { create: () => memoryBroker() })

const message = (text: string) => ({ header: {}, body: new TextEncoder().encode(text) })

test('publish() runs handlers after the code of the publisher', async () => {
  const broker = memoryBroker()
  const events: string[] = []
  await broker.subscribe('a', () => void events.push('handled'))

  const published = broker.publish('a', message('x'))
  events.push('published')
  await published
  await Promise.resolve()

  assert.deepEqual(events, ['published', 'handled'])
})

test('publish() drops what is over the limit of a slow subscriber, says so for each message, and disturbs no other', async () => {
  const broker = memoryBroker({ maxWaitingMessages: 10 })
  const handled: string[] = []
  const dropped: string[] = []
  let open: () => void = () => undefined
  const door = new Promise<void>((resolve) => (open = resolve))
  const text = (body: Uint8Array) => new TextDecoder().decode(body)
  const slow = await broker.subscribe(
    'a',
    async (delivery) => {
      handled.push(text(delivery.message.body))
      await door
    },
    {
      onError(error, delivery) {
        assert.ok(MicroError.is(error))
        assert.equal(error.code, 'resource_exhausted')
        assert.equal(error.reason, 'SLOW_CONSUMER')
        dropped.push(text(delivery.message.body))
      },
    },
  )
  let quick = 0
  await broker.subscribe('a', () => void quick++)

  for (let count = 0; count < 20; count++) {
    await broker.publish('a', message(String(count)))
    await Promise.resolve()
  }
  open()
  await new Promise((resolve) => setImmediate(resolve))

  // One in work and ten that wait.
  assert.deepEqual(
    dropped,
    Array.from({ length: 9 }, (_, index) => String(index + 11)),
  )
  assert.equal(handled.length, 11)
  assert.equal(quick, 20)
  await slow.close()
})

test('publish() lets the event loop have its turn between many messages', async () => {
  const broker = memoryBroker()
  let handled = 0
  let handledAtTurn: number | undefined
  await broker.subscribe('a', () => void handled++)

  for (let count = 0; count < 10_000; count++) void broker.publish('a', message(''))
  setImmediate(() => (handledAtTurn = handled))
  while (handled < 10_000) await new Promise((resolve) => setImmediate(resolve))

  assert.ok(handledAtTurn !== undefined && handledAtTurn < 10_000, String(handledAtTurn))
})
