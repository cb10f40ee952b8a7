import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryStore } from '../store/index.js'
import { createService, endpoint, topic } from '../service/index.js'
import { testApp } from './app.js'

const counter = createService({
  name: 'counter',
  endpoints: {
    'Counter.Add': endpoint({}, async (by, { store, broker }) => {
      const sum = ((await store.get<number>('sum')) ?? 0) + Number(by)
      await store.put('sum', sum)
      await broker.publish('counter.added', sum)
      return sum
    }),
    'Counter.Setting': endpoint({}, (_input, { config }) => config.get('limit')),
    'Counter.Hang': endpoint({}, () => new Promise(() => {})),
    'Counter.Now': endpoint({}, (_input, { clock }) => clock.now()),
  },
})
const listener = createService({ name: 'listener', topics: { 'counter.added': topic({}, (sum, { store }) => store.put('heard', sum)) } })

test('testApp() runs services together, each with a store of its own', async () => {
  await using app = await testApp([counter, listener])

  assert.equal(await app.client(counter).Counter.Add(2), 2)
  assert.equal(await app.client<typeof counter>('counter').Counter.Add(3), 5)

  await app.eventually(async () => (await app.store(listener).get('heard')) === 5)
  assert.equal(await app.store(counter).get('sum'), 5)
  assert.equal(await app.store(counter).get('heard'), undefined)
})

test('testApp() gives settings, and a clock that the test moves', async () => {
  await using app = await testApp(counter, { config: { limit: 7 } })

  const before = await app.client(counter).Counter.Now()
  await app.clock.advance(1000)

  assert.equal(await app.client(counter).Counter.Setting(), 7)
  assert.equal((await app.client(counter).Counter.Now()) - before, 1000)
})

test('testApp() takes an implementation of the test, and leaves it open', async () => {
  const store = memoryStore()
  const app = await testApp(counter, { use: { store } })
  await app.client(counter).Counter.Add(1)

  await app.close()

  assert.equal(new TextDecoder().decode((await store.get('sum'))?.value), '1')
})

test('testApp() stops a service alone', async () => {
  await using app = await testApp([counter, listener])

  await app.running(counter).stop()

  await assert.rejects(app.client(counter).Counter.Now(), { reason: 'SERVICE_NOT_FOUND' })
})

test('close() ends a call that never ends by itself', async () => {
  const app = await testApp(counter)
  const hanging = app.client(counter).Counter.Hang(undefined, { timeoutMs: 3_600_000 })
  const ended = assert.rejects(hanging, { code: 'unavailable' })
  await app.client(counter).Counter.Now()

  await app.close()
  await app.close()

  await ended
})

test('testApp() refuses a service that it does not have', async () => {
  await using app = await testApp(counter)

  assert.throws(() => app.store(listener), TypeError)
})

test('testApp() closes what it started when a later service does not start', async () => {
  let stopped = 0
  const first = createService({ name: 'first', stop: () => void stopped++ })
  const broken = createService({
    name: 'broken',
    ready: () => {
      throw new Error('no')
    },
  })

  await assert.rejects(testApp([first, broken]), /no/)

  assert.equal(stopped, 1)
})

test('eventually() rejects when it does not come true', { timeout: 10_000 }, async () => {
  await using app = await testApp(counter)

  await assert.rejects(
    app.eventually(() => false),
    /did not come true/,
  )
})
