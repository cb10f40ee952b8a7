import type { JsonValue } from '../config.js'
import { configErrors } from '../errors.js'
import { maxDepth } from '../json-value.js'

/**
 * `text` read as JSON (RFC 8259), strictly: what `JSON.parse` would lose in silence is refused, namely a key that is there twice, `__proto__`, an integer
 * whose digits cannot all be kept, a number beyond the range. A byte order mark at the start is passed over. Not deeper than 100 levels.
 *
 * Written here, since the errors of `JSON.parse` tell no place in some versions of Node.
 *
 * @throws `failed_precondition`/`CONFIG_INVALID` with the place: `file`, line and column
 */
export function parseJson(text: string, file: string): JsonValue {
  let index = text.startsWith('\uFEFF') ? 1 : 0

  const fail = (why: string, at = index) => configErrors.sourceInvalid(file, why, { file, ...lineAndColumn(text, at) })
  const wanted = (what: string) => fail(`found ${index < text.length ? JSON.stringify(character(text, index)) : 'the end'}, wanted ${what}`)
  const skipSpace = () => {
    while (index < text.length && ' \t\r\n'.includes(text[index] as string)) index++
  }
  const take = (mark: string) => {
    skipSpace()
    if (text[index] !== mark) return false
    index++
    return true
  }

  function value(depth: number): JsonValue {
    skipSpace()
    if (depth > maxDepth) throw fail(`it is deeper than ${maxDepth} levels`)
    if (take('{')) return map(depth)
    if (take('[')) return list(depth)
    if (text[index] === '"') return string()
    for (const [word, meaning] of words) {
      if (!text.startsWith(word, index)) continue
      index += word.length
      return meaning
    }
    return number()
  }

  function map(depth: number): JsonValue {
    const entries: Record<string, JsonValue> = {}
    if (take('}')) return entries
    do {
      skipSpace()
      const at = index
      if (text[index] !== '"') throw wanted('a key in double quotes')
      const key = string()
      if (key === '__proto__') throw fail('"__proto__" cannot be a key', at)
      if (Object.hasOwn(entries, key)) throw fail(`the key ${JSON.stringify(key)} is there twice`, at)
      if (!take(':')) throw wanted('":"')
      entries[key] = value(depth + 1)
    } while (take(','))
    if (!take('}')) throw wanted('"," or "}"')
    return entries
  }

  function list(depth: number): JsonValue {
    const items: JsonValue[] = []
    if (take(']')) return items
    do items.push(value(depth + 1))
    while (take(','))
    if (!take(']')) throw wanted('"," or "]"')
    return items
  }

  function string(): string {
    const start = index
    for (index++; text[index] !== '"'; index++) {
      if (index >= text.length) throw fail('the string that begins here has no end', start)
      if (text.charCodeAt(index) < 0x20) throw fail('a string holds a control character, wanted an escape like "\\n"')
      if (text[index] !== '\\') continue
      const escape = /^\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.exec(text.slice(index, index + 6))
      if (escape === null) throw fail('a string holds an escape that JSON does not have')
      index += escape[0].length - 1
    }
    index++
    return JSON.parse(text.slice(start, index)) as string
  }

  function number(): number {
    const pattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
    pattern.lastIndex = index
    const digits = pattern.exec(text)?.[0]
    if (digits === undefined) throw wanted('a value')
    const parsed = Number(digits)
    const isKept = Number.isFinite(parsed) && (Number.isSafeInteger(parsed) || !/^-?\d+$/.test(digits) || String(parsed) === digits)
    if (!isKept) throw fail('a number is larger than can be kept exactly, wanted it in quotes')
    index += digits.length
    return parsed
  }

  const whole = value(1)
  skipSpace()
  if (index < text.length) throw wanted('the end')
  return whole
}

const words = [
  ['true', true],
  ['false', false],
  ['null', null],
] as const

const character = (text: string, index: number) => String.fromCodePoint(text.codePointAt(index) as number)

function lineAndColumn(text: string, index: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, index).split('\n')
  const isFirstOfMarked = before.length === 1 && text.startsWith('\uFEFF')
  return { line: before.length, column: (before.at(-1) as string).length + (isFirstOfMarked ? 0 : 1) }
}
