import type { StoreRecord } from '@microts/core/store'
import { toRecord, type Entry } from './entry.js'

/** Records whose values are in memory, those in use rather than the others. */
export interface ValueCache {
  /** Keeps `value` with its entry if it is not too large, and gives the record. */
  keep(entry: Entry, value: Uint8Array): StoreRecord
  drop(entry: Entry): void
}

/**
 * A cache of at most `maxBytes` bytes of values. What was asked for since the last look gets a second chance (the clock algorithm), so that a get
 * from the cache costs no more than a mark.
 */
export function createValueCache(maxBytes: number): ValueCache {
  const kept = new Set<Entry>()
  let bytes = 0

  const drop = (entry: Entry) => {
    if (!kept.delete(entry)) return
    bytes -= entry.place.valueBytes
    entry.cached = undefined
  }
  return {
    keep(entry, value) {
      const record = toRecord(entry, value)
      // One large value would push out a thousand small ones, and is read fast anyway.
      if (value.byteLength > maxBytes / 8) return record
      drop(entry)
      entry.cached = record
      entry.isUsed = false
      kept.add(entry)
      bytes += value.byteLength
      for (const oldest of kept) {
        if (bytes <= maxBytes) break
        if (!oldest.isUsed) {
          drop(oldest)
          continue
        }
        oldest.isUsed = false
        kept.delete(oldest)
        kept.add(oldest)
      }
      return record
    },
    drop,
  }
}
