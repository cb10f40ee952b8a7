import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StandardSchemaV1 } from '../base/index.js'
import { memoryBroker, type Broker, type SubscribeOptions } from '../broker/index.js'
import { testClock } from '../testing/index.js'
import { topic, type TopicDefinition } from './definition.js'
import { jsonLogger } from './log.js'
import { startService } from './start.js'

const env = { MICRO_PROJECT: 'test', MICRO_TRANSPORT: 'memory', MICRO_REGISTRY: 'memory' }
const aText: StandardSchemaV1<unknown, string> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => (typeof value === 'string' ? { value } : { issues: [{ message: 'wanted a text' }] }),
  },
}

async function started(definition: TopicDefinition, broker: Broker = memoryBroker()) {
  const clock = testClock()
  const lines: string[] = []
  const log = jsonLogger({ write: (line) => void lines.push(line), now: () => clock.now() })
  const running = await startService({ name: 'notify', log, topics: { 'orders.placed': definition } }, { env, use: { broker }, clock })
  const logged = () =>
    lines.map((line) => JSON.parse(line) as { level: number; topic?: string; message?: string; err?: Record<string, unknown> })
  const publish = (value: unknown, metadata = {}) => running.context.broker.publish('orders.placed', value, { metadata })
  return { clock, running, logged, publish, broker }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

test('topic() hands over the message, checked, with its headers as metadata', async () => {
  const got: unknown[] = []
  const { publish, running } = await started(
    topic(
      { input: aText },
      (text, { metadata, account, deadline, name }) =>
        void got.push([text, metadata['tenant'], metadata['micro-topic'], account, deadline, name]),
    ),
  )

  await publish('tea', { Tenant: 'a' })

  await until(() => got.length > 0)
  assert.deepEqual(got, [['tea', 'a', 'orders.placed', undefined, undefined, 'notify']])
  await running.stop()
})

test('topic() shares messages among the copies of the service, unless it says otherwise', async () => {
  const got: string[] = []
  const broker = memoryBroker()
  const one = await started(
    topic({}, () => void got.push('shared')),
    broker,
  )
  const two = await started(
    topic({}, () => void got.push('shared')),
    broker,
  )
  const each = await started(
    topic({ queue: false }, () => void got.push('each')),
    broker,
  )
  const same = await started(
    topic({ queue: 'audit' }, () => void got.push('audit')),
    broker,
  )

  await one.publish(1)

  await until(() => got.length >= 3)
  await Promise.all([one, two, each, same].map(({ running }) => running.stop()))
  assert.deepEqual(got.toSorted(), ['audit', 'each', 'shared'])
})

test('topic() hands its options to the broker, the service’s name as the queue', async () => {
  const seen: (SubscribeOptions | undefined)[] = []
  const memory = memoryBroker()
  const broker: Broker = {
    ...memory,
    subscribe: (name, handler, options) => {
      seen.push(options)
      return memory.subscribe(name, handler)
    },
  }

  for (const definition of [topic({}, () => {}), topic({ queue: false, concurrency: 4, durable: true }, () => {})]) {
    const { running } = await started(definition, broker)
    await running.stop()
  }

  assert.deepEqual(
    seen.map((options) => [options?.queue, options?.concurrency, options?.durable, typeof options?.onError]),
    [
      ['notify', undefined, undefined, 'function'],
      [undefined, 4, true, 'function'],
    ],
  )
})

test('a message that fails is logged with its topic and id, and the next one is handled', async () => {
  const got: string[] = []
  const { publish, logged, running } = await started(
    topic({ input: aText }, (text) => {
      if (text === 'bad') throw new RangeError('too much')
      got.push(text)
    }),
  )

  for (const value of ['bad', 7, 'good']) await publish(value)

  await until(() => got.length > 0)
  const errors = logged().filter(({ level }) => level === 50)
  assert.deepEqual(
    errors.map(({ topic: name, err }) => [name, err?.['type'], err?.['reason']]),
    [
      ['orders.placed', 'RangeError', undefined],
      ['orders.placed', 'MicroError', 'SCHEMA_MISMATCH'],
    ],
  )
  assert.match(errors[0]?.message ?? '', /^[0-9a-f-]{36}$/)
  await running.stop()
})

test('stop() begins no further message, and waits for the one in work', async () => {
  const got: string[] = []
  let finish = () => {}
  let wasAborted: boolean | undefined
  const { publish, running } = await started(
    topic({}, async (text, { signal }) => {
      got.push(`begun ${String(text)}`)
      await new Promise<void>((resolve) => (finish = resolve))
      wasAborted = signal.aborted
      got.push(`done ${String(text)}`)
    }),
  )
  await publish('one')
  await publish('two')
  await until(() => got.length > 0)

  const stopping = running.stop()
  await new Promise((resolve) => setImmediate(resolve))
  finish()
  await stopping

  assert.deepEqual(got, ['begun one', 'done one'])
  assert.equal(wasAborted, false)
})

test('stop() waits no longer than its cap, aborts what is in work, and says so', async () => {
  let aborted = false
  let isBegun = false
  const { publish, running, clock, logged } = await started(
    topic({}, (_message, { signal }) => {
      isBegun = true
      return new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => {
          aborted = true
          resolve()
        })
      })
    }),
  )
  await publish('one')
  await until(() => isBegun)

  const stopping = running.stop({ capMs: 1000 })
  await clock.advance(999)
  const before = aborted
  await clock.advance(1)
  await stopping

  assert.deepEqual([before, aborted], [false, true])
  assert.equal(logged().filter(({ level }) => level === 40).length, 1)
})
