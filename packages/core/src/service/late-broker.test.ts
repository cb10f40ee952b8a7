import assert from 'node:assert/strict'
import { test } from 'node:test'
import { conformance } from '../testing/index.js'
import { brokerSuite } from '../broker/conformance.js'
import { memoryBroker, type Broker } from '../broker/index.js'
import { lateBroker } from './late-broker.js'

const known = { name: 'memory', features: new Set(['wildcards'] as const), guarantee: 'at-most-once', address: 'not yet' } as const
const message = { header: {}, body: new Uint8Array() }

conformance(test, brokerSuite, {
  create: () => lateBroker(async () => memoryBroker(), known),
  dispose: (broker: Broker) => broker.close(),
})

function counting(fails: () => boolean = () => false) {
  const events: string[] = []
  const broker = lateBroker(async () => {
    events.push('create')
    if (fails()) throw new Error('no')
    const made = memoryBroker()
    return { ...made, close: async () => void events.push('close') }
  }, known)
  return { events, broker }
}

test('lateBroker() creates nothing until it is used, and then once', async () => {
  const { events, broker } = counting()
  const before = [broker.address, ...events]

  await Promise.all([broker.publish('a', message), broker.subscribe('a', () => {}), broker.publish('a', message)])
  await broker.close()

  assert.deepEqual(before, ['not yet'])
  assert.equal(broker.address, 'memory')
  assert.deepEqual(events, ['create', 'close'])
})

test('lateBroker() that was never used closes without being created', async () => {
  const { events, broker } = counting()

  await broker.close()

  assert.deepEqual(events, [])
  await assert.rejects(broker.publish('a', message), { reason: 'CLOSED' })
})

test('lateBroker() tries anew after a failure', async () => {
  let isDown = true
  const { events, broker } = counting(() => isDown)

  await assert.rejects(broker.publish('a', message), /no/)
  isDown = false
  await broker.publish('a', message)

  assert.deepEqual(events, ['create', 'create'])
  await broker.close()
})

test('lateBroker() closes what was on its way', async () => {
  const { events, broker } = counting()

  const publishing = broker.publish('a', message)
  await broker.close()
  await publishing

  assert.deepEqual(events, ['create', 'close'])
})
