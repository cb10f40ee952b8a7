import { baseErrors, watchSource, type Watch } from '../base/index.js'
import type { NodeTable } from './node-table.js'
import type { RegistryChange } from './registry.js'

/** What every registry does in the same way between its creation and its `close()`: refuses, gives up and ends watches. */
export interface Lifetime {
  /** @throws `failed_precondition`/`CLOSED` after `end`, `canceled`/`CANCELED` when `signal` has aborted */
  check(what: string, signal?: AbortSignal): void
  /** `work`'s outcome, unless the signal aborts or the registry is closed first. `work` then goes on, unheard. */
  run<T>(what: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T>
  /** A watch of `table`, of one service or of all, that ends with the registry. `onEnd` is called once, when it has ended. */
  watch(
    table: NodeTable,
    options: { readonly service?: string | undefined; readonly signal?: AbortSignal | undefined; readonly onEnd?: () => void },
  ): Watch<RegistryChange>
  /** Ends it all. Gives false when it has ended before. */
  end(): boolean
}

/** The lifetime of a registry; `name` is for messages: `mdns registry`. */
export function lifetime(name: string): Lifetime {
  let isClosed = false
  const ends = new Set<() => void>()

  const check = (what: string, signal?: AbortSignal) => {
    if (isClosed) throw baseErrors.closed(name)
    if (signal?.aborted === true) throw baseErrors.canceled(what, signal.reason)
  }

  return {
    check,
    async run(what, work, signal) {
      check(what, signal)
      return new Promise((resolve, reject) => {
        const onAbort = () => settle(() => reject(baseErrors.canceled(what, signal?.reason)))
        const onEnd = () => settle(() => reject(baseErrors.closed(name)))
        const settle = (outcome: () => void) => {
          ends.delete(onEnd)
          signal?.removeEventListener('abort', onAbort)
          outcome()
        }
        ends.add(onEnd)
        signal?.addEventListener('abort', onAbort, { once: true })
        work().then(
          (value) => settle(() => resolve(value)),
          (error: unknown) => settle(() => reject(error)),
        )
      })
    },
    watch(table, { service, signal, onEnd }) {
      const source = watchSource<RegistryChange>({
        what: `the ${name}`,
        signal,
        onEnd: () => {
          unsubscribe()
          ends.delete(source.end)
          onEnd?.()
        },
      })
      const unsubscribe = table.subscribe((change) => {
        if (service === undefined || change.service.name === service) source.push(change)
      })
      ends.add(source.end)
      return source.watch
    },
    end() {
      if (isClosed) return false
      isClosed = true
      for (const end of ends) end()
      return true
    },
  }
}
