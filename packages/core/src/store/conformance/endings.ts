import assert from 'node:assert/strict'
import type { Store } from '../store.js'
import { assertRefused, bytes, collect, text, type StoreCase } from './assertions.js'

const one = bytes('1')

/** Signals and close. */
export const endingCases: readonly StoreCase[] = [
  {
    name: 'get(), put(), delete() and list() with an aborted signal are canceled, and nothing is changed',
    async run({ subject }) {
      const signal = AbortSignal.abort()
      await subject.put('a', one)

      await assertRefused(subject.get('a', { signal }), 'canceled', 'CANCELED')
      await assertRefused(subject.put('a', bytes('2'), { signal }), 'canceled', 'CANCELED')
      await assertRefused(subject.delete('a', { signal }), 'canceled', 'CANCELED')
      await assertRefused(collect(subject.list({ signal })), 'canceled', 'CANCELED')
      await assertRefused(collect(subject.getAll({ signal })), 'canceled', 'CANCELED')
      assert.equal(text((await subject.get('a'))?.value), '1')
    },
  },
  {
    name: 'list() whose signal aborts on the way is canceled',
    async run({ subject }) {
      for (const key of ['a', 'b', 'c']) await subject.put(key, one)
      const controller = new AbortController()
      const seen: string[] = []

      const reading = (async () => {
        for await (const key of subject.list({ signal: controller.signal })) {
          seen.push(key)
          controller.abort()
        }
      })()

      await assertRefused(reading, 'canceled', 'CANCELED')
      assert.deepEqual(seen, ['a'])
    },
  },
  {
    name: 'put() with a signal that does not abort is done, and the signal may abort later',
    async run({ subject }) {
      const controller = new AbortController()
      await subject.put('a', one, { signal: controller.signal })
      controller.abort()

      assert.equal(text((await subject.get('a'))?.value), '1')
    },
  },
  {
    name: 'close() refuses whatever comes after it as CLOSED',
    async run({ subject }) {
      await subject.put('a', one)
      await subject.close()

      for (const attempt of attempts(subject)) await assertRefused(attempt(), 'failed_precondition', 'CLOSED')
      if (subject.features.has('watch')) await assertRefused(subject.watch(), 'failed_precondition', 'CLOSED')
    },
  },
  {
    name: 'close() twice is once, also at the same time',
    async run({ subject }) {
      await Promise.all([subject.close(), subject.close()])
      await subject.close()
    },
  },
  {
    name: 'close() finishes or refuses what was begun before it',
    async run({ subject }) {
      const puts = Array.from({ length: 50 }, (_, index) => subject.put(`key ${index}`, one))
      const outcomes = Promise.allSettled(puts)
      await subject.close()

      for (const outcome of await outcomes) {
        if (outcome.status === 'rejected') await assertRefused(Promise.reject(outcome.reason as Error), 'failed_precondition', 'CLOSED')
      }
    },
  },
]

const attempts = (store: Store): readonly (() => Promise<unknown>)[] => [
  () => store.get('a'),
  () => store.put('a', one),
  () => store.delete('a'),
  () => collect(store.list()),
  () => collect(store.getAll()),
]
