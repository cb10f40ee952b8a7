import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { textValue } from './text-value.js'

test('textValue() reads JSON where the text is exactly that', () => {
  const json: readonly (readonly [string, unknown])[] = [
    ['8080', 8080],
    ['-1.5', -1.5],
    ['0', 0],
    ['true', true],
    ['false', false],
    ['null', null],
    ['"8080"', '8080'],
    ['[1, "a"]', [1, 'a']],
    [' {"a": 1}', { a: 1 }],
  ]
  for (const [text, value] of json) assert.deepEqual(textValue(text), value, text)
})

test('textValue() leaves all else as it is written', () => {
  const texts = [
    '',
    ' ',
    'tea',
    '007',
    '1.10',
    '1e3',
    '+1',
    '.5',
    '-0',
    '0x10',
    '12345678901234567890',
    'NaN',
    'Infinity',
    'True',
    ' 5',
    '[::1]:80',
    '{x',
    '"open',
    '1,5',
    'nullx',
  ]
  for (const text of texts) assert.equal(textValue(text), text)
})

test('textValue() never loses a digit', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^-?\d{1,25}(\.\d{1,10})?$/), (text) => {
      assert.equal(String(textValue(text)), text)
    }),
  )
})
