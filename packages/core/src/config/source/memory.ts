import type { ConfigSource, JsonValue } from '../config.js'

/** A source that the program itself fills. */
export interface MemorySource extends ConfigSource {
  /** Puts another tree in the place of the one before. Configurations made of this source have it a moment later. */
  replace(tree: JsonValue): void
}

/** A source that holds `tree` until another is put in its place: for defaults, and for tests of what a change does. */
export function memorySource(name: string, tree: JsonValue): MemorySource {
  let current = tree
  const told = new Set<() => void>()
  return {
    name,
    load: async () => current,
    watch(changed) {
      // A function of its own for each watch, so that one that watches twice is told twice and ends each alone.
      const tell = () => changed()
      told.add(tell)
      return () => told.delete(tell)
    },
    replace(next) {
      current = next
      for (const tell of told) tell()
    },
  }
}
