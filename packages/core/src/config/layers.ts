import { watchSource, type Watch, type WatchSource } from '../base/index.js'
import type { ConfigChange, JsonValue } from './config.js'
import { equalJson } from './json-value.js'
import { layerOf, mergeTrees } from './merge.js'
import { valueAt } from './tree.js'

/** Trees above one another, what they are together, and who is told when that changes. */
export interface Layers {
  get(steps: readonly string[]): JsonValue | undefined
  sourceOf(steps: readonly string[]): string | undefined
  /** The tree of one layer. */
  layer(index: number): JsonValue
  /** Puts a (frozen) tree in the place of a layer, and tells the watches whose value is another one now. */
  replace(index: number, tree: JsonValue): void
  watch(steps: readonly string[], signal: AbortSignal | undefined): Watch<ConfigChange>
  /** Ends all watches. */
  end(): void
}

/** Empty layers with these names, the weakest first. */
export function layers(names: readonly string[]): Layers {
  const trees: JsonValue[] = names.map(() => Object.freeze({}))
  let merged = mergeTrees(trees)
  const watches = new Map<symbol, { readonly steps: readonly string[]; readonly source: WatchSource<ConfigChange> }>()

  const sourceOf = (steps: readonly string[]) => {
    // The whole is there even when nobody has said anything; then it is nobody's.
    if (steps.length === 0 && equalJson(merged, {})) return undefined
    const index = layerOf(trees, steps)
    return index === undefined ? undefined : names[index]
  }

  return {
    get: (steps) => valueAt(merged, steps),
    sourceOf,
    layer: (index) => trees[index] as JsonValue,
    replace(index, tree) {
      const before = merged
      trees[index] = tree
      merged = mergeTrees(trees)
      for (const { steps, source } of watches.values()) {
        const previous = valueAt(before, steps)
        const value = valueAt(merged, steps)
        if (!equalJson(previous, value)) source.push({ path: steps, value, previous, source: sourceOf(steps) })
      }
    },
    watch(steps, signal) {
      const id = Symbol('watch')
      const source = watchSource<ConfigChange>({ what: 'the configuration', signal, onEnd: () => watches.delete(id) })
      if (signal?.aborted !== true) watches.set(id, { steps, source })
      return source.watch
    },
    end() {
      for (const { source } of watches.values()) source.end()
    },
  }
}
