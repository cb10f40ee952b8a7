import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { compareKeys, createTable } from './table.js'

const keys = fc.array(fc.string({ unit: 'binary', maxLength: 4 }), { maxLength: 30 })

test('compareKeys() orders as the UTF-8 bytes do', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
      assert.equal(Math.sign(compareKeys(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)))
    }),
  )
})

test('createTable() lists what a filter over sorted keys would, whether or not the order is remembered', () => {
  const part = fc.string({ unit: fc.constantFrom('a', 'b', '\ue000', '💾'), maxLength: 2 })
  const page = { limit: fc.nat(5), offset: fc.nat(3) }
  fc.assert(
    fc.property(keys, part, part, fc.record(page, { requiredKeys: [] }), fc.boolean(), (all, prefix, suffix, window, remembered) => {
      const table = createTable<number>()
      const full = [...all.map((key) => `${prefix}${key}${suffix}`), ...all]
      full.forEach((key, index) => table.set(key, index))
      if (remembered) table.list({}, () => true).next()

      const listed = [...table.list({ prefix, suffix, ...window }, (index) => index % 3 !== 0)]

      const { offset = 0, limit = Infinity } = window
      const wanted = [...new Set(full)]
        .filter((key) => key.startsWith(prefix) && key.endsWith(suffix))
        .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
        .filter((key) => full.lastIndexOf(key) % 3 !== 0)
        .slice(offset, offset + limit)
      assert.deepEqual(
        listed.map(([key]) => key),
        wanted,
      )
    }),
  )
})
