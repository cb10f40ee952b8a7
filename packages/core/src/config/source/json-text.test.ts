import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseJson } from './json-text.js'

const accepts = (text: string, read: (text: string) => unknown) => {
  try {
    read(text)
    return true
  } catch {
    return false
  }
}

test('parseJson() reads what JSON.parse reads', () => {
  const value = fc.jsonValue({ maxDepth: 4 }).filter((json) => !JSON.stringify(json).includes('__proto__'))
  fc.assert(
    fc.property(value, fc.constantFrom(undefined, 1, '\t'), (json, space) => {
      const text = JSON.stringify(json, undefined, space)
      assert.deepEqual(parseJson(text, 'f'), JSON.parse(text))
    }),
  )
})

test('parseJson() refuses what JSON.parse refuses', () => {
  const alphabet = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    '"',
    ':',
    ',',
    '1',
    '0',
    '-',
    '.',
    'e',
    '\\',
    'n',
    'u',
    'true',
    'null',
    ' ',
    '\n',
    'a',
  )
  fc.assert(
    fc.property(fc.string({ unit: alphabet, maxLength: 12 }), (text) => {
      if (accepts(text, (json) => parseJson(json, 'f'))) assert.ok(accepts(text, JSON.parse), text)
      // What it refuses beyond that is only what would be lost: a key that is there twice, a number out of range.
      else assert.ok(!accepts(text, JSON.parse) || /"|\d{3}|e/.test(text), text)
    }),
    { numRuns: 2000 },
  )
})

const places: readonly (readonly [text: string, line: number, column: number])[] = [
  ['', 1, 1],
  ['{"a": }', 1, 7],
  ['{\n  "a": 1,\n  b: 2\n}', 3, 3],
  ['{"a": 1,}', 1, 9],
  ['{"a": 1} x', 1, 10],
  ['[1, 2', 1, 6],
  ['{"a": tru}', 1, 7],
  ['{"a": "no end', 1, 7],
  ['{"a": "tab\there"}', 1, 11],
  ['{"a": "\\x"}', 1, 8],
  ['{"a": 01}', 1, 8],
  ['\uFEFF{,', 1, 2],
  ['{"a": 1,\r\n "a": 2}', 2, 2],
  ['{"b": {"__proto__": {}}}', 1, 8],
  ['[12345678901234567890]', 1, 2],
  ['[1e999]', 1, 2],
]
for (const [text, line, column] of places)
  test(`parseJson() of ${JSON.stringify(text)} names line ${line}, column ${column}`, () => {
    assert.throws(() => parseJson(text, 'config.json'), {
      code: 'failed_precondition',
      reason: 'CONFIG_INVALID',
      place: { file: 'config.json', line, column },
    })
  })

test('parseJson() refuses endless depth instead of running out of stack', () => {
  assert.throws(() => parseJson('['.repeat(1_000_000), 'f'), { reason: 'CONFIG_INVALID' })
})
