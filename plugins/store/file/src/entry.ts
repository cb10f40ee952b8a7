import type { StoreRecord, Table, Watchers } from '@microts/core/store'
import type { Place } from './log.js'

/** A record that the store has: where it stands, and all of it but the value. */
export interface Entry {
  readonly key: string
  readonly home: Home
  /** Changes when the log is compacted. */
  place: Place
  /** JSON, or empty: none. */
  readonly metadata: string
  /** Wall clock; 0 when it stays. */
  readonly expiresAtMs: number
  readonly ttlMs: number
  /** Monotonic clock; `Infinity` when it stays. */
  readonly deadlineMs: number
  /** Whether the value had its checksum when the log was opened. */
  readonly isSound: boolean
  /** The whole record, while it is in the cache. */
  cached: StoreRecord | undefined
  /** Whether it was asked for since the cache looked at it last. */
  isUsed: boolean
}

/** One table. */
export interface Home {
  /** `database/table`. */
  readonly scope: string
  readonly table: Table<Entry>
  readonly watchers: Watchers
}

/** What is handed out. */
export function toRecord({ key, metadata, expiresAtMs }: Entry, value: Uint8Array): StoreRecord {
  return {
    key,
    value,
    ...(metadata === '' ? undefined : { metadata: JSON.parse(metadata) as Record<string, unknown> }),
    ...(expiresAtMs === 0 ? undefined : { expiresAtMs }),
  }
}
