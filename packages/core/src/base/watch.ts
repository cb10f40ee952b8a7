import { baseErrors } from './errors.js'

/**
 * Changes, from the moment that the watch was handed out: nothing that happens later is missed, in the order in which it happened.
 *
 * It is read once, by one `for await`. Leaving the loop, `close()` and the signal that was given to `watch` all end it quietly: the loop ends, what
 * is still unread is dropped. A reader that falls too far behind gets `resource_exhausted`/`WATCH_OVERFLOW`, lists again and watches anew.
 */
export interface Watch<T> extends AsyncIterable<T> {
  /** Ends the watch. Twice is once. */
  close(): Promise<void>
}

/** The writing end of a {@link Watch}. */
export interface WatchSource<T> {
  readonly watch: Watch<T>
  /** Hands over one change. After the end it does nothing. */
  push(change: T): void
  /** Ends the watch with an error, after what was pushed before has been read. */
  fail(error: Error): void
  /** Ends the watch, after what was pushed before has been read. */
  end(): void
}

/** How to make a {@link WatchSource}. */
export interface WatchOptions {
  /** What is watched, for messages: `"the store"`. */
  readonly what: string
  readonly signal?: AbortSignal | undefined
  /** Changes that may wait to be read, before the watch fails. @default 10_000 */
  readonly maxBuffered?: number
  /** Called once when the watch has ended, whatever ended it. */
  readonly onEnd?: () => void
}

/** A watch and its writing end. */
export function watchSource<T>(options: WatchOptions): WatchSource<T> {
  const { what, signal, maxBuffered = 10_000, onEnd } = options
  const buffered: T[] = []
  let readIndex = 0
  let ended = false
  let failure: Error | undefined
  let wake: (() => void) | undefined

  const stop = () => {
    if (ended) return
    ended = true
    signal?.removeEventListener('abort', drop)
    onEnd?.()
    wake?.()
  }
  const drop = () => {
    buffered.length = 0
    readIndex = 0
    stop()
  }
  const fail = (error: Error) => {
    if (ended) return
    failure = error
    stop()
  }
  if (signal?.aborted === true) stop()
  else signal?.addEventListener('abort', drop, { once: true })

  async function* read(): AsyncGenerator<T, void, void> {
    try {
      for (;;) {
        while (readIndex < buffered.length) yield buffered[readIndex++] as T
        buffered.length = 0
        readIndex = 0
        if (ended) break
        await new Promise<void>((resolve) => (wake = resolve))
        wake = undefined
      }
      if (failure !== undefined) throw failure
    } finally {
      drop()
    }
  }
  const iterator = read()

  return {
    watch: {
      [Symbol.asyncIterator]: () => iterator,
      close: async () => drop(),
    },
    push(change) {
      if (ended) return
      if (buffered.length - readIndex >= maxBuffered) return fail(baseErrors.watchOverflow(what, maxBuffered))
      buffered.push(change)
      wake?.()
    },
    fail,
    end: stop,
  }
}
