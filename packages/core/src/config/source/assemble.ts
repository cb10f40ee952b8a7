import type { JsonValue } from '../config.js'
import { isMap } from '../json-value.js'
import { showPath } from '../path.js'

/** One setting that a source has found, before it has a place in a tree. */
export interface Entry {
  readonly steps: readonly string[]
  readonly value: JsonValue
  /** What it was found in, for errors: the name of a variable. */
  readonly origin: string
}

interface Place {
  leaf?: { readonly value: JsonValue; readonly origin: string }
  readonly below: Map<string, Place>
}

/** The key under which a value stands whose own place is taken by a map. */
export const ownValueKey = '_'

/**
 * The tree of `entries`, in which none of them is lost and their order does not count.
 *
 * A value that is a map is as good as one entry for each of its keys. Where one entry's path is the beginning of another's, its place is a map, and its
 * value stands in it under `_`: `DATABASE=x` and `DATABASE__HOST=y` give `{ database: { _: "x", host: "y" } }`.
 * Two entries for one place are an error, which `twice` makes.
 */
export function assemble(entries: readonly Entry[], twice: (path: string, origins: readonly [string, string]) => Error): JsonValue {
  const root: Place = { below: new Map() }

  function put({ steps, value, origin }: Entry): void {
    if (isMap(value) && Object.keys(value).length > 0) {
      for (const [key, item] of Object.entries(value)) put({ steps: [...steps, key], value: item, origin })
      return
    }
    let place = root
    for (const step of steps) {
      const next: Place = place.below.get(step) ?? { below: new Map() }
      place.below.set(step, next)
      place = next
    }
    if (place.leaf !== undefined) throw twice(showPath(steps), [place.leaf.origin, origin])
    place.leaf = { value, origin }
  }

  function treeOf({ leaf, below }: Place, steps: readonly string[]): JsonValue {
    if (below.size === 0) return leaf === undefined ? {} : leaf.value
    const map: Record<string, JsonValue> = {}
    for (const [step, place] of below) map[step] = treeOf(place, [...steps, step])
    // An empty map says no more than that there is one.
    if (leaf === undefined || isMap(leaf.value)) return map
    const inTheWay = below.get(ownValueKey)
    if (inTheWay !== undefined) throw twice(showPath([...steps, ownValueKey]), [leaf.origin, originOf(inTheWay)])
    return { ...map, [ownValueKey]: leaf.value }
  }

  for (const entry of entries) put(entry)
  return treeOf(root, [])
}

function originOf(place: Place): string {
  if (place.leaf !== undefined) return place.leaf.origin
  const [first] = place.below.values()
  return first === undefined ? '' : originOf(first)
}
