import { baseErrors } from '../base/index.js'
import type { Store, StoreScope } from './store.js'
import { checkScopeName } from './validate.js'

/**
 * The same store with other defaults: calls that name no database or table go to those of `scope`. A call that names its own still reaches that one,
 * so this keeps users apart by habit, not by force.
 *
 * Closing the view ends its watches and refuses further calls on it. The store itself stays open: it belongs to whoever made it.
 *
 * @throws `invalid_argument`/`SCOPE_INVALID`
 */
export function scoped(store: Store, scope: StoreScope): Store {
  const { database, table } = scope
  if (database !== undefined) checkScopeName('database', database)
  if (table !== undefined) checkScopeName('table', table)
  const closing = new AbortController()

  const within = <O extends StoreScope>(options: O | undefined): O => {
    if (closing.signal.aborted) throw baseErrors.closed(`${store.name} store`)
    const named = { database: options?.database ?? database, table: options?.table ?? table }
    return {
      ...options,
      ...(named.database === undefined ? undefined : { database: named.database }),
      ...(named.table === undefined ? undefined : { table: named.table }),
    } as O
  }

  return {
    name: store.name,
    features: store.features,
    get: async (key, options) => store.get(key, within(options)),
    put: async (key, value, options) => store.put(key, value, within(options)),
    delete: async (key, options) => store.delete(key, within(options)),
    async *list(query) {
      for await (const key of store.list(within(query))) {
        yield key
        within(query)
      }
    },
    async *getAll(query) {
      for await (const record of store.getAll(within(query))) {
        yield record
        within(query)
      }
    },
    async watch(query) {
      const signal = query?.signal === undefined ? closing.signal : AbortSignal.any([query.signal, closing.signal])
      return store.watch({ ...within(query), signal })
    },
    async close() {
      closing.abort(baseErrors.closed(`${store.name} store`))
    },
  }
}
