import type { JsonValue } from './config.js'
import { isMap } from './json-value.js'
import { valueAt } from './tree.js'

/**
 * One tree of several, the weakest first: maps are merged key by key, all else is replaced whole by the later one.
 *
 * Frozen inputs give a frozen result, which shares with them whatever only one of them has. The order of merging matters: a scalar between two maps
 * hides the first of them, so three are merged from the weakest up.
 */
export function mergeTrees(layers: readonly JsonValue[]): JsonValue {
  return layers.reduce<JsonValue>(mergeTwo, Object.freeze({}))
}

function mergeTwo(weak: JsonValue, strong: JsonValue): JsonValue {
  if (!isMap(weak) || !isMap(strong)) return strong
  const strongKeys = Object.keys(strong)
  if (strongKeys.length === 0) return weak
  const merged: Record<string, JsonValue> = { ...weak }
  for (const key of strongKeys) {
    const value = strong[key] as JsonValue
    merged[key] = Object.hasOwn(weak, key) ? mergeTwo(weak[key] as JsonValue, value) : value
  }
  return Object.freeze(merged)
}

/** Which of `layers` (an index) says what the merged tree has at `steps`: the last that has a part in it; undefined when there is nothing. */
export function layerOf(layers: readonly JsonValue[], steps: readonly string[]): number | undefined {
  // An empty map adds nothing to a map below it, but it does hide a scalar there.
  let empty: number | undefined
  for (let index = layers.length - 1; index >= 0; index--) {
    const value = valueAt(layers[index], steps)
    if (value === undefined && hides(layers[index], steps)) return empty
    if (value === undefined) continue
    if (!isMap(value)) return empty ?? index
    if (Object.keys(value).length > 0) return index
    empty ??= index
  }
  return empty
}

/** Whether `layer` has something on the way to `steps` that is no map, so that what weaker layers have below does not count. */
function hides(layer: JsonValue | undefined, steps: readonly string[]): boolean {
  return steps.some((_, length) => {
    const value = valueAt(layer, steps.slice(0, length))
    return value !== undefined && !isMap(value)
  })
}
