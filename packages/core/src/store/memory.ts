import { baseErrors, systemClock, type Clock } from '../base/index.js'
import { createExpiry } from './expiry.js'
import type { PutOptions, Store, StoreFeature, StoreQuery, StoreRecord, StoreScope } from './store.js'
import { createTable, type Table } from './table.js'
import { checkKey, checkPut, checkQuery, checkScopeName, type PutLimits } from './validate.js'
import { createWatchers, type Watchers } from './watchers.js'

/** How a {@link memoryStore} is made. */
export interface MemoryStoreOptions {
  /** @default systemClock */
  readonly clock?: Clock
  /** Where records go when a call names no database. @default "micro" */
  readonly database?: string
  /** Where records go when a call names no table. @default "micro" */
  readonly table?: string
  /** The most that one value may have, in bytes. @default 16_777_216 (16 MiB) */
  readonly maxValueBytes?: number
}

interface Kept {
  readonly record: StoreRecord
  readonly home: Home
  readonly deadlineMs: number
}

interface Home {
  readonly table: Table<Kept>
  readonly watchers: Watchers
}

/**
 * A store in this process, gone with it. Everything is kept until it is deleted or its time runs out.
 *
 * Values are kept and handed out without a copy. Time to live runs on the monotonic clock, so a jump of the wall clock neither ends
 * nor prolongs a record; `expiresAtMs` is the wall clock's view at the time of the put.
 *
 * @throws `invalid_argument`/`SCOPE_INVALID` when `database` or `table` cannot be a name
 */
export function memoryStore(options: MemoryStoreOptions = {}): Store {
  const { clock = systemClock, database = 'micro', table = 'micro', maxValueBytes = 16 * 1024 * 1024 } = options
  const features: ReadonlySet<StoreFeature> = new Set<StoreFeature>(['ttl', 'watch', 'metadata'])
  const limits: PutLimits = { what: 'the memory store', features, maxValueBytes }
  const homes = new Map<string, Home>()
  let closed = false

  const expire = (kept: Kept) => {
    if (kept.home.table.get(kept.record.key) === kept) remove(kept)
  }
  const expiry = createExpiry<Kept>(clock, expire)
  const isLive = (kept: Kept) => kept.deadlineMs === Infinity || kept.deadlineMs > clock.monotonicMs()
  const remove = (kept: Kept) => {
    const { home, record } = kept
    expiry.remove(kept)
    home.table.delete(record.key)
    if (!home.watchers.idle) home.watchers.tell({ type: 'delete', key: record.key })
  }
  const nameOf = ({ database: ofDatabase = database, table: ofTable = table }: StoreScope) => {
    checkScopeName('database', ofDatabase)
    checkScopeName('table', ofTable)
    return `${ofDatabase}/${ofTable}`
  }
  // Asking for a table does not make one, so that a stranger's table names cost nothing.
  const findHome = (scope: StoreScope): Home | undefined => homes.get(nameOf(scope))
  const homeOf = (scope: StoreScope): Home => {
    const name = nameOf(scope)
    const home = homes.get(name) ?? { table: createTable<Kept>(), watchers: createWatchers('the memory store') }
    homes.set(name, home)
    return home
  }
  const main = homeOf({})
  const enter = (signal: AbortSignal | undefined, what: string) => {
    if (closed) throw baseErrors.closed('memory store')
    if (signal?.aborted === true) throw baseErrors.canceled(what, signal.reason)
  }

  async function* getAll(query: StoreQuery = {}): AsyncGenerator<StoreRecord, void, void> {
    enter(query.signal, 'listing records')
    checkQuery(query)
    for (const [, { record }] of findHome(query)?.table.list(query, isLive) ?? []) {
      yield record
      enter(query.signal, 'listing records')
    }
  }

  return {
    name: 'memory',
    features,
    async get(key, options) {
      if (closed || options !== undefined) enter(options?.signal, `getting "${key}"`)
      const kept = (options === undefined ? main : findHome(options))?.table.get(key)
      if (kept !== undefined) return isLive(kept) ? kept.record : undefined
      // What is there was checked when it was put, so that only a miss costs the check.
      checkKey(key)
      return undefined
    },
    async put(key, value, options?: PutOptions) {
      if (closed || options !== undefined) enter(options?.signal, `putting "${key}"`)
      const home = options === undefined ? main : homeOf(options)
      const metadata = checkPut(key, value, options, limits)
      const before = home.table.get(key)
      // It has ended, though the timer has not come round to it: whoever watches is told before the new one.
      if (before !== undefined && !isLive(before)) remove(before)
      else if (before !== undefined) expiry.remove(before)

      const ttlMs = options?.ttlMs
      const record: StoreRecord = {
        key,
        value,
        ...(metadata === undefined ? undefined : { metadata }),
        ...(ttlMs === undefined ? undefined : { expiresAtMs: clock.now() + ttlMs }),
      }
      const kept = { record, home, deadlineMs: ttlMs === undefined ? Infinity : clock.monotonicMs() + ttlMs }
      home.table.set(key, kept)
      expiry.add(kept)
      if (!home.watchers.idle) home.watchers.tell({ type: 'put', key, record })
    },
    async delete(key, options) {
      enter(options?.signal, `deleting "${key}"`)
      const kept = findHome(options ?? {})?.table.get(key)
      if (kept === undefined) checkKey(key)
      const wasLive = kept !== undefined && isLive(kept)
      if (kept !== undefined) remove(kept)
      return wasLive
    },
    async *list(query) {
      for await (const { key } of getAll(query)) yield key
    },
    getAll,
    async watch(query = {}) {
      enter(query.signal, 'watching')
      checkQuery(query)
      return homeOf(query).watchers.watch(query)
    },
    async close() {
      if (closed) return
      closed = true
      expiry.close()
      for (const { watchers } of homes.values()) watchers.end()
      homes.clear()
    },
  }
}
