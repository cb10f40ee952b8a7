import assert from 'node:assert/strict'
import { sleep, type Watch } from '../../base/index.js'
import type { StoreChange } from '../store.js'
import { assertRefused, bytes, collect, text, type StoreCase } from './assertions.js'

const one = bytes('1')

/** watch. */
export const watchCases: readonly StoreCase[] = [
  {
    name: 'watch() tells puts and deletes of a key in their order, with the record',
    needs: 'watch',
    refuses: ({ subject }) => subject.watch(),
    async run({ subject, peer }) {
      const other = await peer()
      await subject.put('before', one)
      const watch = await subject.watch()

      await other.put('a', one)
      await subject.put('a', bytes('2'))
      await other.delete('a')

      const changes = await take(watch, 3)
      assert.deepEqual(changes.map(describe), ['put a = 1', 'put a = 2', 'delete a'])
      await watch.close()
    },
  },
  {
    name: 'watch() with a prefix tells only of keys that begin with it, and only of its table',
    needs: 'watch',
    async run({ subject }) {
      const watch = await subject.watch({ prefix: 'order/', table: 'shop' })

      await subject.put('order/0', one)
      await subject.put('user/1', one, { table: 'shop' })
      await subject.put('order/1', one, { table: 'shop' })
      await subject.delete('user/1', { table: 'shop' })
      await subject.put('order/2', one, { table: 'shop' })

      assert.deepEqual((await take(watch, 2)).map(describe), ['put order/1 = 1', 'put order/2 = 1'])
      await watch.close()
    },
  },
  {
    name: 'watch() tells nothing of a delete that removed nothing',
    needs: 'watch',
    async run({ subject }) {
      const watch = await subject.watch()

      await subject.delete('nobody')
      await subject.put('a', one)

      assert.deepEqual((await take(watch, 1)).map(describe), ['put a = 1'])
      await watch.close()
    },
  },
  {
    name: 'watch() tells two watchers the same',
    needs: 'watch',
    async run({ subject, peer }) {
      const other = await peer()
      const watches = [await subject.watch(), await other.watch()]

      await subject.put('a', one)

      for (const watch of watches) {
        assert.deepEqual((await take(watch, 1)).map(describe), ['put a = 1'])
        await watch.close()
      }
    },
  },
  {
    name: 'watch() ends quietly when it is closed, also twice, and while its reader waits',
    needs: 'watch',
    async run({ subject }) {
      const watch = await subject.watch()
      const reading = collect(watch)

      await watch.close()
      await watch.close()

      assert.deepEqual(await reading, [])
      await subject.put('a', one)
    },
  },
  {
    name: 'watch() ends quietly when its signal aborts',
    needs: 'watch',
    async run({ subject }) {
      const controller = new AbortController()
      const watch = await subject.watch({ signal: controller.signal })
      const reading = collect(watch)

      controller.abort()

      assert.deepEqual(await reading, [])
    },
  },
  {
    name: 'watch() ends when the store is closed, after what was told before',
    needs: 'watch',
    async run({ subject }) {
      const watch = await subject.watch()
      const reading = collect(watch)
      await subject.put('a', one)
      await subject.close()

      assert.ok((await reading).length <= 1, 'more than was told')
    },
  },
  {
    name: 'watch() that nobody reads ends with WATCH_OVERFLOW, and does not hold puts up',
    needs: 'watch',
    async run({ subject }) {
      const watch = await subject.watch()
      for (let round = 0; round < 12; round++) {
        await Promise.all(Array.from({ length: 1000 }, (_, index) => subject.put(`key ${index}`, one)))
      }

      await assertRefused(collect(watch), 'resource_exhausted', 'WATCH_OVERFLOW')
    },
  },
  {
    name: 'watch() refuses a bad table, and a signal that is aborted already',
    needs: 'watch',
    async run({ subject }) {
      await assertRefused(subject.watch({ table: 'a/b' }), 'invalid_argument', 'SCOPE_INVALID')
      await assertRefused(subject.watch({ signal: AbortSignal.abort() }), 'canceled', 'CANCELED')
    },
  },
]

/** watch and ttl together: a store with the one and without the other has nothing to show. */
export const expiryWatchCases: readonly StoreCase[] = [
  {
    name: 'watch() tells a record whose time ran out as deleted within a minute, once',
    needs: 'watch',
    async run({ subject, advance }) {
      if (!subject.features.has('ttl')) return
      const watch = await subject.watch()
      await subject.put('a', one, { ttlMs: 300 })
      await subject.put('b', one, { ttlMs: 300 })
      await subject.delete('b')

      const reading = take(watch, 5, 70_000)
      // A store that waits for real is asked for as little as it may need; one with a clock is moved on.
      let told = false
      void reading
        .finally(() => (told = true))
        .catch(() => {
          // Awaited below, where it fails the case.
        })
      await advance(1500)
      await subject.put('after', one)
      for (let waited = 0; !told && waited < 60_000; waited += 1000) await advance(1000)

      const changes = (await reading).map(describe)
      assert.deepEqual(
        changes.filter((change) => change.endsWith(' a') || change.includes(' a =')),
        ['put a = 1', 'delete a'],
      )
      assert.deepEqual(
        changes.filter((change) => change.endsWith(' b') || change.includes(' b =')),
        ['put b = 1', 'delete b'],
      )
      await watch.close()
    },
  },
]

// A change that never comes fails the case by name, where waiting for it would only hang the run.
async function take(watch: Watch<StoreChange>, count: number, withinMs = 10_000): Promise<StoreChange[]> {
  const changes: StoreChange[] = []
  const iterator = watch[Symbol.asyncIterator]()
  const done = new AbortController()
  const late = sleep(withinMs, { signal: done.signal }).then(() => 'late' as const)
  late.catch(() => {
    // Everything came in time, so the waiting was called off.
  })
  try {
    while (changes.length < count) {
      const next = await Promise.race([iterator.next(), late])
      assert.ok(next !== 'late', `${changes.length} of ${count} changes came within ${withinMs} ms`)
      assert.ok(next.done !== true, `the watch ended after ${changes.length} of ${count} changes`)
      changes.push(next.value)
    }
  } finally {
    done.abort()
  }
  return changes
}

const describe = (change: StoreChange) =>
  change.type === 'put' ? `put ${change.key} = ${text(change.record.value)}` : `delete ${change.key}`
