import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testClock, type TestClock } from '../testing/clock.js'
import { conformance } from '../testing/conformance.js'
import { storeSuite } from './conformance.js'
import { assertRefused, bytes, collect, text } from './conformance/assertions.js'
import { memoryStore } from './memory.js'
import type { Store } from './store.js'

const clocks = new WeakMap<Store, TestClock>()

conformance(test, storeSuite, {
  create() {
    const clock = testClock()
    const store = memoryStore({ clock })
    clocks.set(store, clock)
    return store
  },
  advance: (ms, store) => (clocks.get(store) as TestClock).advance(ms),
})

test('memoryStore() hands out the very bytes that were put', async () => {
  const store = memoryStore()
  const value = bytes('not copied')
  await store.put('a', value)

  assert.equal((await store.get('a'))?.value, value)
})

test('memoryStore() neither ends nor prolongs a record when the wall clock jumps', async () => {
  const clock = testClock()
  const store = memoryStore({ clock })
  await store.put('a', bytes('1'), { ttlMs: 10_000 })

  clock.jump(3_600_000)
  await clock.advance(5000)
  assert.equal(text((await store.get('a'))?.value), '1')

  clock.jump(-7_200_000)
  await clock.advance(5000)
  assert.equal(await store.get('a'), undefined)
})

test('memoryStore() has one timer for all records that end, and none when closed or when nothing ends', async () => {
  const clock = testClock()
  const store = memoryStore({ clock })
  await store.put('stays', bytes('1'))
  assert.equal(clock.pending, 0)

  for (let i = 0; i < 1000; i++) await store.put(`key ${i}`, bytes('1'), { ttlMs: 1 + i * 37 })
  assert.equal(clock.pending, 1)
  await clock.advance(60_000)
  assert.equal(clock.pending, 0)
  assert.deepEqual(await collect(store.list()), ['stays'])

  await store.put('ends', bytes('1'), { ttlMs: 50 })
  await store.close()
  assert.equal(clock.pending, 0)
})

test('memoryStore() keeps a record whose time is longer than a timer can wait', async () => {
  const clock = testClock()
  const store = memoryStore({ clock })
  const dayMs = 86_400_000
  await store.put('a', bytes('1'), { ttlMs: 60 * dayMs })

  await clock.advance(59 * dayMs)
  assert.equal(text((await store.get('a'))?.value), '1')
  await clock.advance(2 * dayMs)
  assert.equal(await store.get('a'), undefined)
})

test('memoryStore() takes values up to maxValueBytes and none above', async () => {
  const store = memoryStore({ maxValueBytes: 10 })
  await store.put('a', new Uint8Array(10))

  await assertRefused(store.put('a', new Uint8Array(11)), 'resource_exhausted', 'VALUE_TOO_LARGE')
  await assertRefused(store.put('a', bytes('1'), { metadata: { text: 'longer than ten' } }), 'resource_exhausted', 'VALUE_TOO_LARGE')
  assert.equal((await store.get('a'))?.value.byteLength, 10)
})

test('memoryStore() uses the database and table that it was made with', async () => {
  const store = memoryStore({ database: 'shop', table: 'orders' })
  await store.put('a', bytes('1'))

  assert.equal(text((await store.get('a', { database: 'shop', table: 'orders' }))?.value), '1')
  assert.equal(await store.get('a', { table: 'micro' }), undefined)
  assert.throws(() => memoryStore({ table: 'a/b' }), { code: 'invalid_argument', reason: 'SCOPE_INVALID' })
})

test('memoryStore() refuses a value that is no bytes as a mistake of the program', async () => {
  await assert.rejects(memoryStore().put('a', 'text' as unknown as Uint8Array), TypeError)
})

test('memoryStore() tells the end of a record before what is put in its place', async () => {
  const clock = testClock()
  const store = memoryStore({ clock })
  await store.put('a', bytes('1'), { ttlMs: 100 })
  const watch = await store.watch()
  await clock.advance(150)

  await store.put('a', bytes('2'))
  await store.close()

  assert.deepEqual(
    (await collect(watch)).map(({ type }) => type),
    ['delete', 'put'],
  )
})
