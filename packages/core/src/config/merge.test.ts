import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { JsonValue } from './config.js'
import { equalJson, frozenJson, isMap } from './json-value.js'
import { layerOf, mergeTrees } from './merge.js'
import { valueAt, withoutValue, withValue } from './tree.js'

// Few keys, so that trees overlap.
const key = fc.constantFrom('a', 'b', 'c', 'constructor')
const scalar = fc.oneof(fc.constant(null), fc.boolean(), fc.integer(), fc.string(), fc.array(fc.integer(), { maxLength: 2 }))
const { tree } = fc.letrec<{ tree: JsonValue; node: JsonValue }>((tie) => ({
  node: fc.oneof({ maxDepth: 3 }, scalar, tie('tree')),
  tree: fc.dictionary(key, tie('node'), { maxKeys: 3, noNullPrototype: true }),
}))
const frozen = tree.map((value) => frozenJson(value, (at, why) => new Error(`${at}: ${why}`)))
const path = fc.array(key, { maxLength: 4 })

test('mergeTrees() merges maps and replaces lists and scalars', () => {
  const merged = mergeTrees([
    { map: { a: 1, b: 1 }, list: [1, 2], scalar: 1, gone: { x: 1 } },
    { map: { b: 2 }, list: [3], scalar: null, gone: 0 },
  ])

  assert.deepEqual(merged, { map: { a: 1, b: 2 }, list: [3], scalar: null, gone: 0 })
})

test('mergeTrees() of no, one, or the same tree twice is that tree', () => {
  fc.assert(
    fc.property(frozen, (one) => {
      assert.deepEqual(mergeTrees([]), {})
      assert.deepEqual(mergeTrees([one]), one)
      assert.deepEqual(mergeTrees([one, one]), one)
      assert.deepEqual(mergeTrees([{}, one, {}]), one)
    }),
  )
})

test('mergeTrees() of the merged and another is the merge of all', () => {
  fc.assert(
    fc.property(fc.array(frozen, { maxLength: 3 }), frozen, (layers, top) => {
      assert.deepEqual(mergeTrees([mergeTrees(layers), top]), mergeTrees([...layers, top]))
    }),
  )
})

test('mergeTrees() has every value of the strongest, and no value that no layer has', () => {
  fc.assert(
    fc.property(fc.array(frozen, { minLength: 1, maxLength: 3 }), path, (layers, steps) => {
      const merged = valueAt(mergeTrees(layers), steps)
      const strongest = valueAt(layers.at(-1), steps)
      if (strongest !== undefined && !isMap(strongest)) assert.deepEqual(merged, strongest)
      if (merged !== undefined && !isMap(merged)) assert.ok(layers.some((layer) => equalJson(valueAt(layer, steps), merged)))
    }),
  )
})

test('layerOf() names a layer exactly where there is a value, and that layer has it', () => {
  fc.assert(
    fc.property(fc.array(frozen, { minLength: 1, maxLength: 4 }), path, (layers, steps) => {
      const index = layerOf(layers, steps)
      const merged = valueAt(mergeTrees(layers), steps)
      assert.equal(index === undefined, merged === undefined)
      const own = index === undefined ? undefined : valueAt(layers[index], steps)
      if (isMap(merged)) assert.ok(isMap(own) && (Object.keys(own).length > 0 || Object.keys(merged).length === 0))
      else assert.ok(equalJson(own, merged))
    }),
  )
})

test('withValue() puts exactly one value, and changes nothing that was there', () => {
  fc.assert(
    fc.property(frozen, path, scalar, path, (before, steps, value, other) => {
      const copy = structuredClone(before)
      const after = withValue(before, steps, value)
      assert.deepEqual(before, copy)
      assert.deepEqual(valueAt(after, steps), value)
      const isApart = other.some((step, index) => index < steps.length && step !== steps[index])
      if (isApart) assert.deepEqual(valueAt(after, other), valueAt(before, other))
    }),
  )
})

test('withoutValue() takes back what withValue() has put where nothing was', () => {
  fc.assert(
    fc.property(frozen, scalar, (before, value) => {
      const after = withoutValue(withValue(before, ['new', 'deep', 'path'], value), ['new', 'deep', 'path'])
      assert.deepEqual(after ?? {}, before)
      assert.equal(withoutValue(before, ['new']), before)
    }),
  )
})
