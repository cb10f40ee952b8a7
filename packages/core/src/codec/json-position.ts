import type { TextPosition } from './errors.js'

const SPACE = /[ \t\n\r]*/y
// What a string may not have as it is are the control characters.
// oxlint-disable-next-line no-control-regex
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const SCALAR = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y

/**
 * Where the JSON `text` stops being JSON; its end when it is cut off.
 *
 * For texts that `JSON.parse` has refused: it says what is wrong, but where only for some of the mistakes.
 */
export function positionOfMistake(text: string): TextPosition {
  const offset = offsetOfMistake(text)
  const before = text.slice(0, offset)
  return { offset, line: before.split('\n').length, column: offset - before.lastIndexOf('\n') }
}

type Expected = 'value' | 'value or ]' | 'key' | 'key or }' | ':' | ', or end' | 'nothing'

function offsetOfMistake(text: string): number {
  const open: ('{' | '[')[] = []
  let expected: Expected = 'value'
  let at = 0
  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at
    const matched = pattern.test(text)
    if (matched) at = pattern.lastIndex
    return matched
  }
  const afterValue = (): Expected => (open.length === 0 ? 'nothing' : ', or end')

  for (;;) {
    skip(SPACE)
    const next = text[at]
    if (next === undefined) return text.length
    const closes = open.at(-1) === '{' ? '}' : ']'
    if ((expected === 'value' || expected === 'value or ]') && (next === '{' || next === '[')) {
      open.push(next)
      expected = next === '{' ? 'key or }' : 'value or ]'
      at++
    } else if (next === closes && (expected === ', or end' || expected === 'key or }' || expected === 'value or ]')) {
      open.pop()
      expected = afterValue()
      at++
    } else if (next === ',' && expected === ', or end') {
      expected = closes === '}' ? 'key' : 'value'
      at++
    } else if (next === ':' && expected === ':') {
      expected = 'value'
      at++
    } else if ((expected === 'key' || expected === 'key or }') && skip(STRING)) expected = ':'
    else if ((expected === 'value' || expected === 'value or ]') && (skip(STRING) || skip(SCALAR))) expected = afterValue()
    else return at
  }
}
