import { resolve as resolvePath } from 'node:path'
import { baseErrors, MicroError, systemClock, type Clock } from '@microts/core/base'
import {
  checkKey,
  checkPut,
  checkQuery,
  checkScopeName,
  type PutLimits,
  type Store,
  type StoreFeature,
  type StoreQuery,
  type StoreRecord,
  type StoreScope,
} from '@microts/core/store'
import { createCatalog, type Catalog } from './catalog.js'
import { createCompaction } from './compaction.js'
import type { Entry } from './entry.js'
import { fileErrors } from './errors.js'
import type { Files } from './files.js'
import { createLog, unattended, type Log, type Place } from './log.js'
import { nodeFiles } from './node-files.js'
import type { NewRecord } from './record.js'
import { recoverLog } from './recover.js'
import { corrupt, readValue } from './value.js'

/** How a {@link fileStore} is made. */
export interface FileStoreOptions {
  /** Where the log is kept. Made, for its owner alone, when it is not there; of one that is, nothing but `*.log`, `*.log.tmp` and `lock*` is touched. */
  readonly folder: string
  /** @default systemClock */
  readonly clock?: Clock
  /** Where records go when a call names no database. @default "micro" */
  readonly database?: string
  /** Where records go when a call names no table. @default "micro" */
  readonly table?: string
  /** The most that one value may have, in bytes. @default 16_777_216 (16 MiB) */
  readonly maxValueBytes?: number
  /** How many bytes of values may stay in memory. @default 33_554_432 (32 MiB) */
  readonly cacheBytes?: number
  /** A file of the log that has this many bytes is followed by a new one. @default 67_108_864 (64 MiB) */
  readonly maxSegmentBytes?: number
  /** The log is compacted when more than half of it, and at least this much, is no longer needed. @default 67_108_864 (64 MiB) */
  readonly minGarbageBytes?: number
  /** Something worth telling: a write that was cut off by a crash, a compaction that did not work. @default process.emitWarning */
  readonly warn?: (message: string, data?: Readonly<Record<string, unknown>>) => void
  /** The disk. @default the machine's own */
  readonly files?: Files
}

/**
 * Opens a store in one folder, for this process alone.
 *
 * A put or delete resolves when the disk has it: it survives `kill -9` and a power cut. Those that wait at the same time share one sync.
 * Keys, metadata and where values stand are kept in memory, values on disk. README.md has the format and what holds in which crash.
 *
 * @throws `failed_precondition`/`STORE_LOCKED` when another process has the folder open, `FOLDER_UNUSABLE`, or `LOG_VERSION_UNKNOWN`
 * @throws `data_loss`/`LOG_CORRUPT` when something that was safe cannot be read
 */
export async function fileStore(options: FileStoreOptions): Promise<Store> {
  const { clock = systemClock, database = 'micro', table = 'micro', cacheBytes = 32 * 1024 * 1024, files = nodeFiles } = options
  const { maxSegmentBytes = 64 * 1024 * 1024, minGarbageBytes = 64 * 1024 * 1024 } = options
  const { warn = (message: string) => process.emitWarning(message) } = options
  checkScopeName('database', database)
  checkScopeName('table', table)
  const folder = resolvePath(options.folder)

  // While the log is read there is none to write to; a record that ends meanwhile ends again the next time.
  let sayExpired: (entry: Entry) => void = () => undefined
  const catalog = createCatalog({ clock, cacheBytes, onExpired: (entry) => sayExpired(entry) })
  const { segments, unlock } = await open(files, folder, catalog, warn)
  const log = createLog({ files, folder, segments, maxSegmentBytes, onCommitted: () => compaction.consider() })
  sayExpired = (entry) => log.append(expiryOf(entry))
  const compaction = createCompaction({ files, folder, log, catalog, minGarbageBytes, warn })
  compaction.consider()

  const close = async () => {
    await compaction.stop()
    await log.close()
    catalog.close()
    await unlock()
  }
  return createStore({ ...options, clock, database, table }, catalog, log, close)
}

async function open(files: Files, folder: string, catalog: Catalog, warn: NonNullable<FileStoreOptions['warn']>) {
  let unlock: (() => Promise<void>) | undefined
  try {
    await files.makeFolder(folder)
    unlock = await files.lock(folder, warn)
    const segments = await recoverLog({ files, folder, onRecord: catalog.restore, warn })
    return { segments, unlock }
  } catch (error) {
    catalog.close()
    await unlock?.()
    throw MicroError.is(error) ? error : fileErrors.folderUnusable(folder, error)
  }
}

// That a record has ended is said in the log, so that a wall clock that is set back does not bring it back to life. Nobody waits for it, and without it
// the record would end by its time all the same.
function expiryOf({ key, home, expiresAtMs }: Entry) {
  return unattended({ type: 'expire', scope: home.scope, key, metadata: '', expiresAtMs, ttlMs: 0, value: nothing })
}

const nothing = new Uint8Array(0)

type StoreSettings = FileStoreOptions & { readonly clock: Clock; readonly database: string; readonly table: string }

function createStore(settings: StoreSettings, catalog: Catalog, log: Log, closeFiles: () => Promise<void>): Store {
  const { clock, database, table, maxValueBytes = 16 * 1024 * 1024 } = settings
  const features: ReadonlySet<StoreFeature> = new Set<StoreFeature>(['ttl', 'watch', 'durable', 'metadata'])
  const limits: PutLimits = { what: 'the file store', features, maxValueBytes }
  let closing: Promise<void> | undefined

  const enter = (signal: AbortSignal | undefined, what: string) => {
    if (closing !== undefined) throw baseErrors.closed('file store')
    if (signal?.aborted === true) throw baseErrors.canceled(what, signal.reason)
  }
  const scopeOf = ({ database: ofDatabase = database, table: ofTable = table }: StoreScope = {}) => {
    checkScopeName('database', ofDatabase)
    checkScopeName('table', ofTable)
    return `${ofDatabase}/${ofTable}`
  }
  const main = catalog.home(scopeOf())
  const findHome = (scope: StoreScope | undefined) =>
    scope?.database === undefined && scope?.table === undefined ? main : catalog.find(scopeOf(scope))
  const fromCache = (entry: Entry, record: StoreRecord) => {
    entry.isUsed = true
    return record
  }
  const read = async (entry: Entry): Promise<StoreRecord> => {
    if (entry.cached !== undefined) return fromCache(entry, entry.cached)
    if (!entry.isSound) throw corrupt(entry.key, entry.place)
    return catalog.remember(entry, await readValue(entry.key, entry.place))
  }
  // Once it is being written it cannot be taken back: whoever gives up then does not know whether it was done.
  const write = <T>(record: NewRecord, signal: AbortSignal | undefined, done: (place: Place) => T): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      const giveUp = () => {
        pending.isCanceled = true
        reject(baseErrors.canceled(`writing "${record.key}"`, signal?.reason))
      }
      const pending = {
        record,
        isCanceled: false,
        commit(place: Place) {
          signal?.removeEventListener('abort', giveUp)
          resolve(done(place))
        },
        reject(error: Error) {
          signal?.removeEventListener('abort', giveUp)
          reject(error)
        },
      }
      signal?.addEventListener('abort', giveUp, { once: true })
      log.append(pending)
    })

  async function* entries(query: StoreQuery): AsyncGenerator<Entry, void, void> {
    enter(query.signal, 'listing records')
    checkQuery(query)
    for (const [, entry] of findHome(query)?.table.list(query, catalog.isLive) ?? []) {
      yield entry
      enter(query.signal, 'listing records')
    }
  }

  return {
    name: 'file',
    features,
    async get(key, options) {
      enter(options?.signal, 'getting a record')
      const entry = findHome(options)?.table.get(key)
      if (entry === undefined) {
        checkKey(key)
        return undefined
      }
      if (!catalog.isLive(entry)) return undefined
      return entry.cached === undefined ? read(entry) : fromCache(entry, entry.cached)
    },
    async put(key, value, options) {
      enter(options?.signal, 'putting a record')
      const scope = findHome(options)?.scope ?? scopeOf(options)
      const plain = checkPut(key, value, options, limits)
      const ttlMs = options?.ttlMs ?? 0
      const expiresAtMs = ttlMs === 0 ? 0 : clock.now() + ttlMs
      const record: NewRecord = {
        type: 'put',
        scope,
        key,
        metadata: plain === undefined ? '' : JSON.stringify(plain),
        expiresAtMs,
        ttlMs,
        value,
      }
      await write(record, options?.signal, (place) => catalog.put(catalog.home(scope), record, value, place))
    },
    async delete(key, options) {
      enter(options?.signal, 'deleting a record')
      const scope = findHome(options)?.scope ?? scopeOf(options)
      checkKey(key)
      // Nothing is there and nothing is on its way, so there is nothing to say in the log.
      if (log.isIdle && catalog.find(scope)?.table.get(key) === undefined) return false
      const record: NewRecord = { type: 'delete', scope, key, metadata: '', expiresAtMs: 0, ttlMs: 0, value: nothing }
      return write(record, options?.signal, () => catalog.delete(catalog.home(scope), key))
    },
    async *list(query = {}) {
      for await (const { key } of entries(query)) yield key
    },
    async *getAll(query = {}) {
      for await (const entry of entries(query)) yield read(entry)
    },
    async watch(query = {}) {
      enter(query.signal, 'watching')
      checkQuery(query)
      return catalog.home(scopeOf(query)).watchers.watch(query)
    },
    close: () => (closing ??= closeFiles()),
  }
}
