import { baseErrors } from '@microts/core/base'
import { checkKey, checkPut, checkQuery, checkScopeName, createTable } from '@microts/core/store'
import type { Store, StoreFeature, StoreQuery, StoreRecord, StoreScope } from '@microts/core/store'
import { openJsonFile } from './json-file.js'
import { toJson, toTables } from './tables.js'

/** How a {@link jsonStore} is made. */
export interface JsonStoreOptions {
  /** Made when it is not there, with its folder. */
  readonly file: string
  readonly maxValueBytes: number
}

/**
 * A store in one JSON file, which is read when it is opened and written anew with each change: for a few thousand small records.
 *
 * A put or delete that fails may still be kept, as with a server that did not answer. There is no `ttl` and no `watch`.
 */
export async function jsonStore({ file, maxValueBytes }: JsonStoreOptions): Promise<Store> {
  const what = 'the json store'
  const features: ReadonlySet<StoreFeature> = new Set<StoreFeature>(['durable', 'metadata'])
  const json = await openJsonFile(file, () => toJson(tables))
  const tables = toTables(file, json.content)
  let closing: Promise<void> | undefined

  const enter = (signal: AbortSignal | undefined, doing: string) => {
    if (closing !== undefined) throw baseErrors.closed(what)
    if (signal?.aborted === true) throw baseErrors.canceled(doing, signal.reason)
  }
  const tableOf = ({ database = 'micro', table = 'micro' }: StoreScope = {}) => {
    checkScopeName('database', database)
    checkScopeName('table', table)
    const name = `${database}/${table}`
    const found = tables.get(name) ?? createTable<StoreRecord>()
    tables.set(name, found)
    return found
  }
  async function* getAll(query: StoreQuery = {}): AsyncGenerator<StoreRecord, void, void> {
    enter(query.signal, 'listing records')
    checkQuery(query)
    for (const [, record] of tableOf(query).list(query, () => true)) {
      yield record
      enter(query.signal, 'listing records')
    }
  }

  return {
    name: 'json',
    features,
    async get(key, options) {
      enter(options?.signal, `getting "${key}"`)
      checkKey(key)
      return tableOf(options).get(key)
    },
    async put(key, value, options) {
      enter(options?.signal, `putting "${key}"`)
      const metadata = checkPut(key, value, options, { what, features, maxValueBytes })
      tableOf(options).set(key, { key, value, ...(metadata === undefined ? {} : { metadata }) })
      await json.save()
    },
    async delete(key, options) {
      enter(options?.signal, `deleting "${key}"`)
      checkKey(key)
      const had = tableOf(options).delete(key)
      if (had) await json.save()
      return had
    },
    async *list(query) {
      for await (const { key } of getAll(query)) yield key
    },
    getAll,
    async watch() {
      throw baseErrors.unimplemented(what, 'watch')
    },
    // What was begun before is on the disk when this resolves.
    close: () => (closing ??= json.settled()),
  }
}
