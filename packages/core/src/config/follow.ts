import { backoffMs, MicroError, type Cancel, type Clock } from '../base/index.js'
import type { ConfigSource, JsonValue } from './config.js'
import { configErrors } from './errors.js'
import { frozenJson, isMap } from './json-value.js'

/** What following a source needs. */
export interface FollowOptions {
  readonly clock: Clock
  /** The source's tree, frozen: the first one, and each that comes after a change. */
  readonly onTree: (tree: JsonValue) => void
  /** A change that could not be read. The tree before it still counts. */
  readonly onInvalid: (error: MicroError) => void
}

/** A source that is being read. */
export interface Followed {
  /** Resolves when the first tree has been handed over; rejects when it cannot be had. */
  readonly ready: Promise<void>
  /** Ends it; nothing is handed over afterwards. */
  stop(): void
}

/**
 * Reads `source` once and again after each change, one read at a time, so that an older tree never replaces a newer one.
 *
 * The watch begins before the first read, so that a change between the two is not missed. A source that is out of reach is asked again, with growing
 * waits; one whose content is invalid only after its next change.
 */
export function followSource(source: ConfigSource, options: FollowOptions): Followed {
  const { clock, onTree, onInvalid } = options
  const controller = new AbortController()
  const { signal } = controller
  let loading = false
  let changedMeanwhile = false
  let failures = 0
  let cancelRetry: Cancel | undefined

  async function load(): Promise<void> {
    try {
      const tree = treeOf(source, await source.load(signal))
      failures = 0
      if (!signal.aborted) onTree(tree)
    } catch (thrown) {
      throw MicroError.is(thrown) ? thrown : configErrors.sourceUnavailable(source.name, thrown)
    }
  }

  async function reload(): Promise<void> {
    cancelRetry?.()
    changedMeanwhile = loading
    if (loading || signal.aborted) return
    loading = true
    const error = await load().then(
      () => undefined,
      (failed: MicroError) => failed,
    )
    loading = false
    if (signal.aborted) return
    if (changedMeanwhile) return reload()
    if (error === undefined) return
    if (isTransient(error)) cancelRetry = clock.after(backoffMs(++failures, { baseMs: 1000 }), () => void reload(), { background: true })
    onInvalid(error)
  }

  async function begin(): Promise<void> {
    loading = true
    await load()
    loading = false
    if (changedMeanwhile) void reload()
  }

  const unwatch = source.watch?.(() => void reload())
  return {
    ready: begin(),
    stop() {
      unwatch?.()
      cancelRetry?.()
      controller.abort()
    },
  }
}

function treeOf(source: ConfigSource, loaded: unknown): JsonValue {
  const tree = frozenJson(loaded, (at, why) => configErrors.sourceInvalid(source.name, `at "${at}": ${why}`))
  if (!isMap(tree)) throw configErrors.sourceInvalid(source.name, 'its content is one value, wanted a map of settings')
  return tree
}

// What is wrong with the content stays wrong until the source changes, and that will be told.
const isTransient = (error: MicroError) => error.code !== 'failed_precondition' && error.code !== 'invalid_argument'
