import type { Closable, Implementation, Watch } from '../base/index.js'

/**
 * What a store may have besides the contract's core.
 *
 * - `ttl`: `put` with `ttlMs`; records vanish by themselves
 * - `watch`: changes as they happen
 * - `durable`: what was acknowledged survives `kill -9` and a power cut; `put` with `durable: true` is accepted
 * - `metadata`: a record carries data beside its value
 */
export type StoreFeature = 'ttl' | 'watch' | 'durable' | 'metadata'

/** Which table of which database. A name is 1 to 64 of `A-Z a-z 0-9 _ -`; records of two tables never meet. */
export interface StoreScope {
  /** @default what the store was created with, else `"micro"` */
  readonly database?: string
  /** @default what the store was created with, else `"micro"` */
  readonly table?: string
}

/** A key with its value. */
export interface StoreRecord {
  /** 1 to 1024 bytes of UTF-8, without NUL. Keys sort by their UTF-8 bytes. `/` has no meaning: it is for people and prefixes. */
  readonly key: string
  /** 0 bytes to the store's limit (at least 1 MiB). Nobody mutates it: not the caller who put it, not the one who got it, not the store. */
  readonly value: Uint8Array
  /** JSON data beside the value; absent when none was given. Needs `metadata`. */
  readonly metadata?: Readonly<Record<string, unknown>>
  /** Wall-clock milliseconds at which the record vanishes; absent when it stays. */
  readonly expiresAtMs?: number
}

/** How a record is put. */
export interface PutOptions extends StoreScope {
  /** The record vanishes after this many milliseconds (a whole number, 1 or more). Absent: it stays, also when the record before it had a time. Needs `ttl`. */
  readonly ttlMs?: number
  /** Replaces the metadata of the record before; absent: none. Needs `metadata`. */
  readonly metadata?: Readonly<Record<string, unknown>>
  /** Demands that the promise resolves only when the record would survive a power cut. Needs `durable`, which always does so. */
  readonly durable?: boolean
  readonly signal?: AbortSignal
}

/** Which records. Without `prefix` and `suffix`: all of the table. */
export interface StoreQuery extends StoreScope {
  /** Only keys that begin with this. */
  readonly prefix?: string
  /** Only keys that end with this. */
  readonly suffix?: string
  /** At most this many (0 or more). */
  readonly limit?: number
  /** Passes over this many first (0 or more), of those that fit. */
  readonly offset?: number
  readonly signal?: AbortSignal
}

/** Something that happened to a record. A record whose time ran out is deleted; when that is told is up to the store, but within a minute. */
export type StoreChange =
  | { readonly type: 'put'; readonly key: string; readonly record: StoreRecord }
  | { readonly type: 'delete'; readonly key: string }

/**
 * Keeps records: a key, its bytes, perhaps a time to live.
 *
 * One `get` after an acknowledged `put` of the same client sees it. Two puts of one key end with one of the two whole, never a mix.
 * Values are bytes, whose meaning is the caller's. They are handed over without a copy where the store can, so they must never be mutated.
 *
 * Failures: a bad key, scope or number is `invalid_argument`/`KEY_INVALID`, `SCOPE_INVALID` or `QUERY_INVALID`; a value over the limit
 * `resource_exhausted`/`VALUE_TOO_LARGE`; a server out of reach `unavailable`/`STORE_UNAVAILABLE`; a record that can no longer be read `data_loss`/`RECORD_CORRUPT`;
 * an aborted signal `canceled`; all after `close()` `failed_precondition`/`CLOSED`.
 */
export interface Store extends Implementation<StoreFeature>, Closable {
  /** The record, or undefined when there is none or its time has run out. */
  get(key: string, options?: StoreScope & { readonly signal?: AbortSignal }): Promise<StoreRecord | undefined>
  /** Writes the record, in the place of one with that key. Resolves when a later `get` sees it (and, with `durable`, when it is safe). */
  put(key: string, value: Uint8Array, options?: PutOptions): Promise<void>
  /** Removes the record. Gives whether there was one (that had not expired). */
  delete(key: string, options?: StoreScope & { readonly signal?: AbortSignal }): Promise<boolean>
  /** The keys that fit, in the order of their bytes. A key put or deleted while the list is read may be in it or not; all others are in it once. */
  list(query?: StoreQuery): AsyncIterable<string>
  /** As `list`, with the records. */
  getAll(query?: StoreQuery): AsyncIterable<StoreRecord>
  /** Changes of the keys that begin with `prefix`, in order for one key. Needs `watch`. */
  watch(query?: StoreScope & { readonly prefix?: string; readonly signal?: AbortSignal }): Promise<Watch<StoreChange>>
}
