import assert from 'node:assert/strict'
import { assertRefused, assertSameBytes, bytes, collect, text, type StoreCase } from './assertions.js'

/** get, put, delete: one record at a time. */
export const recordCases: readonly StoreCase[] = [
  {
    name: 'get() of a key that was never put gives undefined',
    async run({ subject }) {
      assert.equal(await subject.get('nobody'), undefined)
    },
  },
  {
    name: 'get() gives the key and value that were put, and nothing that was not',
    async run({ subject }) {
      await subject.put('a', bytes('1'))

      const record = await subject.get('a')

      assert.equal(record?.key, 'a')
      assertSameBytes(record.value, bytes('1'))
      assert.equal(record.metadata, undefined)
      assert.equal(record.expiresAtMs, undefined)
      assert.ok(!('metadata' in record) && !('expiresAtMs' in record), 'what is absent is not a key either')
    },
  },
  {
    name: 'put() replaces the record with that key',
    async run({ subject }) {
      await subject.put('a', bytes('a long first value'))
      await subject.put('a', bytes('2'))

      assert.equal(text((await subject.get('a'))?.value), '2')
      assert.deepEqual(await collect(subject.list()), ['a'])
    },
  },
  {
    name: 'put() of no bytes keeps a record, which is not the same as none',
    async run({ subject }) {
      await subject.put('empty', new Uint8Array(0))

      assertSameBytes((await subject.get('empty'))?.value, new Uint8Array(0))
      assert.equal(await subject.delete('empty'), true)
    },
  },
  {
    name: 'put() keeps 1 MiB whole',
    async run({ subject }) {
      const value = new Uint8Array(1024 * 1024)
      for (let i = 0; i < value.length; i++) value[i] = (i * 31 + (i >>> 8)) & 0xff

      await subject.put('large', value)

      assertSameBytes((await subject.get('large'))?.value, value)
    },
  },
  {
    name: 'put() keeps every byte as it is, also in a view of a larger buffer',
    async run({ subject }) {
      const every = Uint8Array.from({ length: 256 }, (_, index) => index)
      const larger = new Uint8Array(1024).fill(7)
      larger.set(every, 100)

      await subject.put('every', larger.subarray(100, 356))

      assertSameBytes((await subject.get('every'))?.value, every)
    },
  },
  {
    name: 'put() of more than the limit is refused as VALUE_TOO_LARGE, and the record before stays',
    async run({ subject }) {
      // The limit is each store's own; whoever takes 65 MiB has to keep them whole.
      const huge = new Uint8Array(65 * 1024 * 1024)
      await subject.put('a', bytes('before'))

      const failure: unknown = await subject.put('a', huge).then(
        () => undefined,
        (error: unknown) => error,
      )

      if (failure === undefined) return assertSameBytes((await subject.get('a'))?.value, huge)
      await assertRefused(Promise.reject(failure), 'resource_exhausted', 'VALUE_TOO_LARGE')
      return assert.equal(text((await subject.get('a'))?.value), 'before')
    },
  },
  {
    name: 'put() tells keys apart that look alike: case, accents, spaces and slashes',
    async run({ subject }) {
      const keys = [
        'a',
        'A',
        'a ',
        ' a',
        'a/',
        '/a',
        '/',
        '//',
        'é',
        'e\u0301',
        '\u00a0',
        '.',
        '..',
        '*',
        'a\n',
        '__proto__',
        'constructor',
        '💾',
      ]
      for (const key of keys) await subject.put(key, bytes(`value of ${key}`))

      for (const key of keys) assert.equal(text((await subject.get(key))?.value), `value of ${key}`)
      assert.equal((await collect(subject.list())).length, keys.length)
    },
  },
  {
    name: 'put() takes keys of 1 and of 1024 bytes',
    async run({ subject }) {
      const longest = 'é'.repeat(512)
      await subject.put('k', bytes('short'))
      await subject.put(longest, bytes('long'))

      assert.equal(text((await subject.get('k'))?.value), 'short')
      assert.equal(text((await subject.get(longest))?.value), 'long')
    },
  },
  {
    name: 'get(), put() and delete() refuse a key that is empty, over 1024 bytes, or has a NUL or half a surrogate pair',
    async run({ subject }) {
      for (const key of ['', 'x'.repeat(1025), 'é'.repeat(513), 'a\0b', 'a\ud800', '\udc00a']) {
        await assertRefused(subject.get(key), 'invalid_argument', 'KEY_INVALID')
        await assertRefused(subject.put(key, bytes('1')), 'invalid_argument', 'KEY_INVALID')
        await assertRefused(subject.delete(key), 'invalid_argument', 'KEY_INVALID')
      }
    },
  },
  {
    name: 'delete() removes the record and gives whether there was one',
    async run({ subject }) {
      await subject.put('a', bytes('1'))

      assert.equal(await subject.delete('a'), true)
      assert.equal(await subject.get('a'), undefined)
      assert.equal(await subject.delete('a'), false)
      assert.equal(await subject.delete('never'), false)
    },
  },
  {
    name: 'put() after delete() begins anew',
    async run({ subject }) {
      await subject.put('a', bytes('1'))
      await subject.delete('a')
      await subject.put('a', bytes('2'))

      assert.equal(text((await subject.get('a'))?.value), '2')
    },
  },
  {
    name: 'put() by two callers of one key ends with one of the two whole',
    async run({ subject, peer }) {
      const other = await peer()
      const ones = new Uint8Array(100_000).fill(1)
      const twos = new Uint8Array(50_000).fill(2)

      for (let round = 0; round < 5; round++) {
        await Promise.all([subject.put('a', ones), other.put('a', twos)])

        const value = (await subject.get('a'))?.value
        assertSameBytes(value, value?.[0] === 1 ? ones : twos)
      }
    },
  },
  {
    name: 'put() by many callers at once keeps every record',
    async run({ subject, peer }) {
      const other = await peer()
      const keys = Array.from({ length: 200 }, (_, index) => `key ${index}`)

      await Promise.all(keys.map((key, index) => (index % 2 === 0 ? subject : other).put(key, bytes(key))))

      for (const key of keys) assert.equal(text((await subject.get(key))?.value), key)
    },
  },
  {
    name: 'delete() by two callers at once gives true to one of them',
    async run({ subject, peer }) {
      const other = await peer()
      await subject.put('a', bytes('1'))

      const had = await Promise.all([subject.delete('a'), other.delete('a')])

      assert.deepEqual(had.sort(), [false, true])
    },
  },
  {
    name: 'get() sees at once what the same client put, and soon what another one did',
    async run({ subject, peer, eventually }) {
      const other = await peer()
      for (let i = 0; i < 20; i++) {
        await subject.put('a', bytes(String(i)))
        assert.equal(text((await subject.get('a'))?.value), String(i))
      }

      await eventually(async () => text((await other.get('a'))?.value) === '19')
    },
  },
]
