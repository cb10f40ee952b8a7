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
  // One iterator that stays where it is: a new one would pass over the holes that all evictions before have left.
  let hand = kept.values()

  const drop = (entry: Entry) => {
    if (!kept.delete(entry)) return
    bytes -= entry.place.valueBytes
    entry.cached = undefined
  }
  const evictOne = () => {
    const next = hand.next()
    if (next.done === true) hand = kept.values()
    else if (next.value.isUsed) next.value.isUsed = false
    else drop(next.value)
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
      while (bytes > maxBytes) evictOne()
      return record
    },
    drop,
  }
}
