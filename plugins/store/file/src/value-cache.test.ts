import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Entry } from './entry.js'
import { createValueCache } from './value-cache.js'

const entryOf = (key: string, valueBytes: number) =>
  ({ key, metadata: '', expiresAtMs: 0, place: { valueBytes }, cached: undefined, isUsed: false }) as unknown as Entry
const keptOf = (entries: readonly Entry[]) => entries.filter(({ cached }) => cached !== undefined).map(({ key }) => key)

test('createValueCache() keeps no more bytes than it may, and those in use rather than the others', () => {
  const cache = createValueCache(1000)
  const entries = Array.from({ length: 15 }, (_, index) => entryOf(`key ${index}`, 100))
  for (const entry of entries) {
    cache.keep(entry, new Uint8Array(100))
    for (const used of entries.slice(0, 2)) used.isUsed = true
  }

  const kept = keptOf(entries)
  assert.equal(kept.length, 10)
  assert.deepEqual(kept.slice(0, 2), ['key 0', 'key 1'])
})

test('createValueCache() goes on when all are in use, and when none is left', () => {
  const cache = createValueCache(800)
  const entries = Array.from({ length: 40 }, (_, index) => entryOf(`key ${index}`, 100))
  for (const entry of entries) {
    cache.keep(entry, new Uint8Array(100))
    for (const one of entries) one.isUsed = true
  }
  assert.equal(keptOf(entries).length, 8)

  for (const entry of entries) cache.drop(entry)
  assert.deepEqual(keptOf(entries), [])
  cache.keep(entries[0] as Entry, new Uint8Array(100))
  assert.deepEqual(keptOf(entries), ['key 0'])
})

test('createValueCache() keeps nothing that would take more than an eighth of it, and nothing at all with 0', () => {
  const large = entryOf('large', 126)
  assert.equal(createValueCache(1000).keep(large, new Uint8Array(126)).key, 'large')
  assert.equal(large.cached, undefined)

  const small = entryOf('small', 1)
  createValueCache(0).keep(small, new Uint8Array(1))
  assert.equal(small.cached, undefined)
})
