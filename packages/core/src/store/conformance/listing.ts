import assert from 'node:assert/strict'
import type { Store } from '../store.js'
import { assertRefused, bytes, collect, text, type StoreCase } from './assertions.js'

/** list, getAll, and what keeps tables apart. */
export const listingCases: readonly StoreCase[] = [
  {
    name: 'list() of an empty table gives nothing',
    async run({ subject }) {
      assert.deepEqual(await collect(subject.list()), [])
      assert.deepEqual(await collect(subject.getAll()), [])
    },
  },
  {
    name: 'list() gives each key once, in the order of the UTF-8 bytes',
    async run({ subject }) {
      // UTF-16 would put U+10000 before U+E000 and U+FFFD; a locale would put é beside e, and A beside a.
      const ordered = ['\u0001', ' ', '/', '10', '9', 'A', 'Z', 'a', 'aa', 'b', '~', 'é', '中', '\ue000', '\ufffd', '\u{10000}', '💾']
      await putAll(subject, [...ordered].reverse())

      assert.deepEqual(await collect(subject.list()), ordered)
    },
  },
  {
    name: 'getAll() gives the records in the order of list()',
    async run({ subject }) {
      await putAll(subject, ['b', 'a', 'c'])

      const records = await collect(subject.getAll({ limit: 2 }))

      assert.deepEqual(
        records.map(({ key, value }) => [key, text(value)]),
        [
          ['a', 'value of a'],
          ['b', 'value of b'],
        ],
      )
    },
  },
  {
    name: 'list() with prefix and suffix gives the keys that have both',
    async run({ subject }) {
      await putAll(subject, ['order/1', 'order/1/item', 'order/2', 'orders', 'user/1', 'order%', 'order_'])

      assert.deepEqual(await collect(subject.list({ prefix: 'order/' })), ['order/1', 'order/1/item', 'order/2'])
      assert.deepEqual(await collect(subject.list({ suffix: '/1' })), ['order/1', 'user/1'])
      assert.deepEqual(await collect(subject.list({ prefix: 'order/', suffix: '1' })), ['order/1'])
      assert.deepEqual(await collect(subject.list({ prefix: 'nobody' })), [])
      assert.equal((await collect(subject.list({ prefix: '', suffix: '' }))).length, 7)
    },
  },
  {
    name: 'list() takes signs of a pattern language as themselves',
    async run({ subject }) {
      await putAll(subject, ['a%b', 'a_b', 'a*b', 'a?b', 'a[b', 'a\\b', 'a.b', 'axb'])

      for (const sign of ['%', '_', '*', '?', '[', '\\', '.']) {
        assert.deepEqual(await collect(subject.list({ prefix: `a${sign}` })), [`a${sign}b`])
        assert.deepEqual(await collect(subject.list({ suffix: `${sign}b` })), [`a${sign}b`])
      }
    },
  },
  {
    name: 'list() lets prefix and suffix overlap',
    async run({ subject }) {
      await putAll(subject, ['aba', 'ababa', 'ab'])

      assert.deepEqual(await collect(subject.list({ prefix: 'aba', suffix: 'aba' })), ['aba', 'ababa'])
    },
  },
  {
    name: 'list() with limit and offset gives a page of what fits',
    async run({ subject }) {
      await putAll(subject, ['a/1', 'a/2', 'a/3', 'a/4', 'b/1'])

      assert.deepEqual(await collect(subject.list({ prefix: 'a/', limit: 2 })), ['a/1', 'a/2'])
      assert.deepEqual(await collect(subject.list({ prefix: 'a/', limit: 2, offset: 2 })), ['a/3', 'a/4'])
      assert.deepEqual(await collect(subject.list({ prefix: 'a/', offset: 3 })), ['a/4'])
      assert.deepEqual(await collect(subject.list({ suffix: '1', offset: 1, limit: 5 })), ['b/1'])
      assert.deepEqual(await collect(subject.list({ limit: 0 })), [])
      assert.deepEqual(await collect(subject.list({ offset: 9 })), [])
    },
  },
  {
    name: 'list() and getAll() refuse a limit or offset that is no whole number from 0',
    async run({ subject }) {
      for (const query of [{ limit: -1 }, { limit: 1.5 }, { offset: -1 }, { offset: Number.NaN }]) {
        await assertRefused(collect(subject.list(query)), 'invalid_argument', 'QUERY_INVALID')
        await assertRefused(collect(subject.getAll(query)), 'invalid_argument', 'QUERY_INVALID')
      }
    },
  },
  {
    name: 'list() gives every key that stays once, while others come and go',
    async run({ subject, peer }) {
      const other = await peer()
      const stay = Array.from({ length: 50 }, (_, index) => `stay ${index}`)
      await putAll(subject, [...stay, 'go 1', 'zz go 2'])

      const seen: string[] = []
      for await (const key of subject.list()) {
        seen.push(key)
        if (seen.length === 5) await Promise.all([other.delete('go 1'), other.delete('zz go 2'), putAll(other, ['a new', 'stay 0', 'zzz'])])
      }

      assert.deepEqual(seen.filter((key) => key.startsWith('stay')).sort(), [...stay].sort())
    },
  },
  {
    name: 'list() that is left early holds nothing up',
    async run({ subject }) {
      await putAll(subject, ['a', 'b', 'c'])

      for await (const key of subject.list()) {
        assert.equal(key, 'a')
        break
      }
      await subject.put('d', bytes('4'))

      assert.equal((await collect(subject.list())).length, 4)
    },
  },
  {
    name: 'put() into one table or database is seen in no other',
    async run({ subject }) {
      const scopes = [
        {},
        { table: 'other' },
        { database: 'other' },
        { database: 'other', table: 'other' },
        { database: 'other-', table: 'o' },
      ]
      for (const [index, scope] of scopes.entries()) await subject.put('a', bytes(String(index)), scope)

      for (const [index, scope] of scopes.entries()) {
        assert.equal(text((await subject.get('a', scope))?.value), String(index))
        assert.deepEqual(await collect(subject.list(scope)), ['a'])
      }
      assert.equal(await subject.delete('a', { table: 'other' }), true)
      assert.equal(text((await subject.get('a'))?.value), '0')
      assert.equal(await subject.get('a', { table: 'nobody' }), undefined)
      assert.equal(await subject.delete('a', { table: 'nobody' }), false)
    },
  },
  {
    name: 'get(), put(), delete() and list() refuse a name of a database or table that cannot be one',
    async run({ subject }) {
      for (const name of ['', 'a/b', '..', 'ä', 'a b', 'a\0', 'x'.repeat(65)]) {
        for (const scope of [{ database: name }, { table: name }]) {
          await assertRefused(subject.get('a', scope), 'invalid_argument', 'SCOPE_INVALID')
          await assertRefused(subject.put('a', bytes('1'), scope), 'invalid_argument', 'SCOPE_INVALID')
          await assertRefused(subject.delete('a', scope), 'invalid_argument', 'SCOPE_INVALID')
          await assertRefused(collect(subject.list(scope)), 'invalid_argument', 'SCOPE_INVALID')
        }
      }
      await subject.put('a', bytes('1'), { database: 'AZaz09_-', table: 'x'.repeat(64) })
    },
  },
]

async function putAll(store: Store, keys: readonly string[]): Promise<void> {
  await Promise.all(keys.map((key) => store.put(key, bytes(`value of ${key}`))))
}
