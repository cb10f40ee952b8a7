import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testClock, type TestClock } from '../testing/clock.js'
import { conformance } from '../testing/conformance.js'
import { storeSuite } from './conformance.js'
import { assertRefused, bytes, collect, text } from './conformance/assertions.js'
import { memoryStore } from './memory.js'
import { scoped } from './scoped.js'
import type { Store } from './store.js'

const clocks = new WeakMap<Store, TestClock>()

conformance(test, storeSuite, {
  create() {
    const clock = testClock()
    const view = scoped(memoryStore({ clock }), { database: 'shop', table: 'orders' })
    clocks.set(view, clock)
    return view
  },
  advance: (ms, view) => (clocks.get(view) as TestClock).advance(ms),
})

test('scoped() sends calls that name no table to its own, and the others where they say', async () => {
  const store = memoryStore()
  const orders = scoped(store, { table: 'orders' })
  await orders.put('a', bytes('order'))
  await orders.put('a', bytes('user'), { table: 'users' })

  assert.equal(text((await store.get('a', { table: 'orders' }))?.value), 'order')
  assert.equal(text((await store.get('a', { table: 'users' }))?.value), 'user')
  assert.equal(await store.get('a'), undefined)
  assert.deepEqual(await collect(orders.list()), ['a'])
})

test('scoped() of a scoped store fills in what the inner one left open', async () => {
  const store = memoryStore()
  const inner = scoped(scoped(store, { database: 'shop' }), { table: 'orders' })
  await inner.put('a', bytes('1'))

  assert.equal(text((await store.get('a', { database: 'shop', table: 'orders' }))?.value), '1')
})

test('scoped() closes its watches and itself, and leaves the store open', async () => {
  const store = memoryStore()
  const view = scoped(store, { table: 'orders' })
  const reading = collect(await view.watch())
  const others = await store.watch({ table: 'orders' })

  await view.close()

  assert.deepEqual(await reading, [])
  await assertRefused(view.get('a'), 'failed_precondition', 'CLOSED')
  await store.put('a', bytes('1'), { table: 'orders' })
  await store.close()
  assert.equal((await collect(others)).length, 1)
})

test('scoped() refuses a name that cannot be one', () => {
  assert.throws(() => scoped(memoryStore(), { database: '' }), { code: 'invalid_argument', reason: 'SCOPE_INVALID' })
})
