import assert from 'node:assert/strict'
import { assertRefused, bytes, collect, text, type StoreCase } from './assertions.js'

const one = bytes('1')

/** ttl, metadata, durable: what a store may leave out, and then refuses. */
export const featureCases: readonly StoreCase[] = [
  {
    name: 'put() with ttlMs keeps the record until its time has run out, and says when that is',
    needs: 'ttl',
    refuses: ({ subject }) => subject.put('a', one, { ttlMs: 1000 }),
    async run({ subject, advance }) {
      await subject.put('a', one, { ttlMs: 1000 })
      await subject.put('b', one)

      assert.equal(typeof (await subject.get('a'))?.expiresAtMs, 'number')
      await advance(1100)

      assert.equal(await subject.get('a'), undefined)
      assert.deepEqual(await collect(subject.list()), ['b'])
      assert.deepEqual(
        (await collect(subject.getAll())).map(({ key }) => key),
        ['b'],
      )
      assert.equal(await subject.delete('a'), false)
    },
  },
  {
    name: 'put() with ttlMs of 500 says a time that lies 500 ms after that of a put before it',
    needs: 'ttl',
    async run({ subject }) {
      await subject.put('a', one, { ttlMs: 60_000 })
      await subject.put('b', one, { ttlMs: 60_500 })

      const a = (await subject.get('a'))?.expiresAtMs ?? 0
      const b = (await subject.get('b'))?.expiresAtMs ?? 0
      assert.ok(b - a >= 499 && b - a < 10_500, `found ${b - a} ms between them`)
    },
  },
  {
    name: 'put() without ttlMs makes a record stay that had a time',
    needs: 'ttl',
    async run({ subject, advance }) {
      await subject.put('a', one, { ttlMs: 300 })
      await subject.put('a', bytes('2'))
      await advance(1500)

      const record = await subject.get('a')
      assert.equal(text(record?.value), '2')
      assert.equal(record?.expiresAtMs, undefined)
    },
  },
  {
    name: 'put() with ttlMs begins its time anew',
    needs: 'ttl',
    async run({ subject, advance }) {
      await subject.put('a', one, { ttlMs: 1500 })
      await advance(900)
      await subject.put('a', bytes('2'), { ttlMs: 1500 })
      await advance(900)

      assert.equal(text((await subject.get('a'))?.value), '2')
      await advance(700)
      assert.equal(await subject.get('a'), undefined)
    },
  },
  {
    name: 'put() over a record whose time has run out keeps the new one',
    needs: 'ttl',
    async run({ subject, advance }) {
      await subject.put('a', one, { ttlMs: 200 })
      await advance(300)
      await subject.put('a', bytes('2'))
      await advance(1500)

      assert.equal(text((await subject.get('a'))?.value), '2')
    },
  },
  {
    name: 'get(), list() and delete() know nothing of a record as soon as its time has run out',
    needs: 'ttl',
    async run({ subject, advance }) {
      for (const key of ['a', 'b']) await subject.put(key, one, { ttlMs: 200 })
      await advance(300)

      assert.equal(await subject.get('a'), undefined)
      assert.deepEqual(await collect(subject.list()), [])
      assert.equal(await subject.delete('a'), false)
      assert.equal(await subject.delete('b'), false)
    },
  },
  {
    name: 'list() counts no record whose time has run out towards limit and offset',
    needs: 'ttl',
    async run({ subject, advance }) {
      await subject.put('a', one, { ttlMs: 200 })
      for (const key of ['b', 'c', 'd']) await subject.put(key, one)
      await advance(300)

      assert.deepEqual(await collect(subject.list({ limit: 1, offset: 1 })), ['c'])
    },
  },
  {
    name: 'put() refuses a ttlMs that is no whole number from 1',
    needs: 'ttl',
    async run({ subject }) {
      for (const ttlMs of [0, -1, 0.5, Number.NaN, Infinity]) {
        await assertRefused(subject.put('a', one, { ttlMs }), 'invalid_argument', 'QUERY_INVALID')
      }
      assert.equal(await subject.get('a'), undefined)
    },
  },
  {
    name: 'put() with metadata keeps it beside the value, as JSON says it',
    needs: 'metadata',
    refuses: ({ subject }) => subject.put('a', one, { metadata: { type: 'x' } }),
    async run({ subject }) {
      const metadata = { text: 'ä💾', number: 1.5, nothing: null, yes: true, list: [1, { deep: 'x' }], '': 'empty' }
      await subject.put('a', one, { metadata: { ...metadata, gone: undefined, at: new Date(0) } })
      await subject.put('b', one, { metadata: {} })

      const wanted = { ...metadata, at: '1970-01-01T00:00:00.000Z' }
      assert.deepEqual((await subject.get('a'))?.metadata, wanted)
      assert.deepEqual(
        (await collect(subject.getAll())).map((record) => record.metadata),
        [wanted, {}],
      )
    },
  },
  {
    name: 'put() replaces the metadata of the record before; without any, there is none',
    needs: 'metadata',
    async run({ subject }) {
      await subject.put('a', one, { metadata: { first: 1 } })
      await subject.put('a', one, { metadata: { second: 2 } })
      assert.deepEqual((await subject.get('a'))?.metadata, { second: 2 })

      await subject.put('a', one)
      assert.equal((await subject.get('a'))?.metadata, undefined)
    },
  },
  {
    name: 'put() refuses metadata that is no JSON object',
    needs: 'metadata',
    async run({ subject }) {
      const cycle: Record<string, unknown> = {}
      cycle['self'] = cycle
      for (const metadata of [cycle, { big: 1n }, [1] as unknown as Record<string, unknown>, 'x' as unknown as Record<string, unknown>]) {
        await assertRefused(subject.put('a', one, { metadata }), 'invalid_argument', 'QUERY_INVALID')
      }
    },
  },
  {
    name: 'put() with durable is done by a store that claims it, and refused by one that does not',
    needs: 'durable',
    refuses: ({ subject }) => subject.put('a', one, { durable: true }),
    async run({ subject }) {
      await subject.put('a', one, { durable: true })

      assert.equal(text((await subject.get('a'))?.value), '1')
    },
  },
  {
    name: 'put() with durable: false asks for nothing, and any store does it',
    async run({ subject }) {
      await subject.put('a', one, { durable: false })

      assert.equal(text((await subject.get('a'))?.value), '1')
    },
  },
]
