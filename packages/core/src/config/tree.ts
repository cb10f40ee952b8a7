import type { JsonValue } from './config.js'
import { isMap, type JsonMap } from './json-value.js'

/** The value of `tree` at `steps`, or undefined. Steps lead through maps only, and only over their own keys: a list is one value. */
export function valueAt(tree: JsonValue | undefined, steps: readonly string[]): JsonValue | undefined {
  let value = tree
  for (const step of steps) {
    if (!isMap(value) || !Object.hasOwn(value, step)) return undefined
    value = value[step]
  }
  return value
}

/** `tree` with `value` at `steps`; what is not on the way is shared. A scalar or list on the way gives place to a map. */
export function withValue(tree: JsonValue | undefined, steps: readonly string[], value: JsonValue): JsonValue {
  const [step, ...below] = steps
  if (step === undefined) return value
  const map = isMap(tree) ? tree : {}
  return Object.freeze({ ...map, [step]: withValue(ownValue(map, step), below, value) })
}

/** `tree` without what is at `steps` and below; a map that becomes empty by it goes too. The same `tree` when there is nothing; undefined when nothing is left. */
export function withoutValue(tree: JsonValue | undefined, steps: readonly string[]): JsonValue | undefined {
  const [step, ...below] = steps
  if (step === undefined) return undefined
  if (!isMap(tree) || !Object.hasOwn(tree, step)) return tree
  const left = withoutValue(tree[step], below)
  if (left === tree[step]) return tree
  const { [step]: _gone, ...others } = tree
  if (left !== undefined) return Object.freeze({ ...others, [step]: left })
  return Object.keys(others).length === 0 ? undefined : Object.freeze(others)
}

const ownValue = (map: JsonMap, key: string) => (Object.hasOwn(map, key) ? map[key] : undefined)
