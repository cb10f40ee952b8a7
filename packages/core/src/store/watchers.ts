import { watchSource, type Watch, type WatchSource } from '../base/index.js'
import type { StoreChange } from './store.js'

/** The watches of one table. For authors of stores that see every change themselves. */
export interface Watchers {
  /** Whether nobody watches, so that a change need not even be made. */
  readonly idle: boolean
  /** A watch of the keys that begin with `prefix`, from now on. */
  watch(options: { readonly prefix?: string | undefined; readonly signal?: AbortSignal | undefined }): Watch<StoreChange>
  /** Hands `change` to those whose prefix fits. */
  tell(change: StoreChange): void
  /** Ends all watches, after what was told before has been read. */
  end(): void
}

/** No watches yet. `what`: what is watched, for the message of an overflow: "the memory store". */
export function createWatchers(what: string): Watchers {
  const watches = new Set<{ readonly prefix: string; readonly source: WatchSource<StoreChange> }>()
  return {
    get idle() {
      return watches.size === 0
    },
    watch({ prefix = '', signal }) {
      const source = watchSource<StoreChange>({ what, signal, onEnd: () => watches.delete(watcher) })
      const watcher = { prefix, source }
      watches.add(watcher)
      return source.watch
    },
    tell(change) {
      for (const { prefix, source } of watches) if (change.key.startsWith(prefix)) source.push(change)
    },
    end() {
      for (const { source } of watches) source.end()
    },
  }
}
