import type { JsonValue } from './config.js'
import { showPath } from './path.js'

/** A map of JSON: what has keys, and is merged. */
export type JsonMap = { readonly [key: string]: JsonValue }

/** How deep a tree may be. More than any person writes, and far less than what recursion can bear. */
export const maxDepth = 100

/** Whether `value` is a map; a list is none. */
export function isMap(value: JsonValue | undefined): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether two values say the same. The order of keys does not count. */
export function equalJson(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === b) return true
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => equalJson(item as JsonValue, b[index] as JsonValue))
  if (!isMap(a) || !isMap(b)) return false
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && equalJson(a[key], b[key]))
}

/**
 * A frozen copy of `value`, deep, so that nobody who holds the original changes a tree.
 *
 * `invalid` makes the error for a part that JSON cannot say (`undefined`, `NaN`, a Date, a cycle), for the key `__proto__`, and for more than
 * {@link maxDepth} levels; it gets the path of that part, and why.
 */
export function frozenJson(value: unknown, invalid: (at: string, why: string) => Error, steps: readonly string[] = []): JsonValue {
  const fail = (why: string) => invalid(showPath(steps), why)
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return value
    throw fail(`${value} is no number that JSON has`)
  }
  if (typeof value !== 'object') throw fail(`${typeof value} is nothing that JSON has`)
  if (steps.length >= maxDepth) throw fail(`it is deeper than ${maxDepth} levels, or holds itself`)
  if (Array.isArray(value)) {
    // Array.from also visits holes, which `map` would pass over and keep.
    return Object.freeze(Array.from(value, (item: unknown, index) => frozenJson(item, invalid, [...steps, String(index)])))
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) throw fail('it is an object of a class, wanted a plain object')
  const copy: Record<string, JsonValue> = {}
  for (const [key, item] of Object.entries(value)) {
    if (key === '__proto__') throw fail('"__proto__" cannot be a key')
    copy[key] = frozenJson(item, invalid, [...steps, key])
  }
  return Object.freeze(copy)
}
