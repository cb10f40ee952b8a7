import type { Clock } from '@microts/core/base'
import { createExpiry, createTable, createWatchers, type StoreRecord } from '@microts/core/store'
import { toRecord, type Entry, type Home } from './entry.js'
import type { Place } from './log.js'
import type { FoundRecord } from './record.js'
import { createValueCache } from './value-cache.js'

/** What is needed of a record that was written, besides its place. */
export type Written = Pick<FoundRecord, 'key' | 'metadata' | 'expiresAtMs' | 'ttlMs'>

/** How a catalog is made. */
export interface CatalogOptions {
  readonly clock: Clock
  /** How many bytes of values may stay in memory. */
  readonly cacheBytes: number
  /** Called when the time of a record has run out, after it was taken out. */
  readonly onExpired: (entry: Entry) => void
}

/** What the store has, by table and key. It follows the log: a change comes here when it is safe there. */
export interface Catalog {
  /** Bytes in the log that are still needed. */
  readonly liveBytes: number
  readonly homes: Iterable<Home>
  find(scope: string): Home | undefined
  /** The table of that name; made when there is none. */
  home(scope: string): Home
  isLive(entry: Entry): boolean
  /** A record as the log had it when it was opened. */
  restore(record: FoundRecord, place: Place): void
  /** A record that was put now. */
  put(home: Home, written: Written, value: Uint8Array, place: Place): void
  /** Gives whether there was a record, and not one whose time had run out. */
  delete(home: Home, key: string): boolean
  /** Whether `entry` is still what its key stands for. */
  isCurrent(entry: Entry): boolean
  /** Keeps a value that was read, for the next one who asks. */
  remember(entry: Entry, value: Uint8Array): StoreRecord
  /** Ends all watches and frees the timer. */
  close(): void
}

/** An empty catalog. */
export function createCatalog({ clock, cacheBytes, onExpired }: CatalogOptions): Catalog {
  const homes = new Map<string, Home>()
  const cache = createValueCache(cacheBytes)
  let liveBytes = 0

  const expiry = createExpiry<Entry>(clock, (entry) => {
    if (!isCurrent(entry)) return
    drop(entry)
    onExpired(entry)
  })
  const isLive = ({ deadlineMs }: Entry) => deadlineMs === Infinity || deadlineMs > clock.monotonicMs()
  const isCurrent = (entry: Entry) => entry.home.table.get(entry.key) === entry

  const home = (scope: string): Home => {
    const known = homes.get(scope)
    if (known !== undefined) return known
    const made = { scope, table: createTable<Entry>(), watchers: createWatchers('the file store') }
    homes.set(scope, made)
    return made
  }
  // Everything but the table: when another takes the key, the table replaces by itself, and its order stays known.
  const forget = (entry: Entry) => {
    liveBytes -= entry.place.recordBytes
    cache.drop(entry)
    expiry.remove(entry)
  }
  const drop = (entry: Entry) => {
    forget(entry)
    entry.home.table.delete(entry.key)
    if (!entry.home.watchers.idle) entry.home.watchers.tell({ type: 'delete', key: entry.key })
  }
  const take = (entry: Entry) => {
    const before = entry.home.table.get(entry.key)
    if (before !== undefined && isLive(before)) forget(before)
    else if (before !== undefined) drop(before)
    liveBytes += entry.place.recordBytes
    entry.home.table.set(entry.key, entry)
    expiry.add(entry)
  }

  return {
    get liveBytes() {
      return liveBytes
    },
    homes: { [Symbol.iterator]: () => homes.values() },
    find: (scope) => homes.get(scope),
    home,
    isLive,
    restore(record, place) {
      if (record.type === 'end') return
      const at = home(record.scope)
      if (record.type === 'put') return take(toEntry(at, record, place, remainingMs(record, clock), record.isSound))
      const entry = at.table.get(record.key)
      if (entry !== undefined && (record.type === 'delete' || entry.expiresAtMs === record.expiresAtMs)) drop(entry)
    },
    put(at, written, value, place) {
      const entry = toEntry(at, written, place, written.ttlMs === 0 ? Infinity : written.ttlMs, true)
      take(entry)
      // What is left of a larger buffer would be kept from being freed by a few bytes of it.
      const whole = value.byteLength === value.buffer.byteLength ? value : new Uint8Array(value)
      const record = cache.keep(entry, whole)
      if (!at.watchers.idle) at.watchers.tell({ type: 'put', key: entry.key, record })
    },
    delete(at, key) {
      const entry = at.table.get(key)
      if (entry === undefined) return false
      const wasLive = isLive(entry)
      drop(entry)
      return wasLive
    },
    isCurrent,
    remember: (entry, value) => (isCurrent(entry) ? cache.keep(entry, value) : toRecord(entry, value)),
    close() {
      expiry.close()
      for (const { watchers } of homes.values()) watchers.end()
    },
  }

  function toEntry(at: Home, { key, metadata, expiresAtMs, ttlMs }: Written, place: Place, lastsMs: number, isSound: boolean): Entry {
    const deadlineMs = lastsMs === Infinity ? Infinity : clock.monotonicMs() + lastsMs
    return { key, home: at, place, metadata, expiresAtMs, ttlMs, deadlineMs, isSound, cached: undefined, isUsed: false }
  }
}

// Between two runs only the wall clock has gone on. One that was set back meanwhile prolongs a record, but never beyond what was asked for.
function remainingMs({ expiresAtMs, ttlMs }: Written, clock: Clock): number {
  return expiresAtMs === 0 ? Infinity : Math.min(ttlMs, expiresAtMs - clock.now())
}
