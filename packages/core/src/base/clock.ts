/** Cancels what it was given for. A second call, or one after the time has come, does nothing. */
export type Cancel = () => void

/**
 * Time, handed in, so that a test moves it and a whole cluster can run on a virtual one.
 *
 * Code of ours never calls `Date.now`, `performance.now` or `setTimeout` itself.
 */
export interface Clock {
  /** Wall-clock milliseconds since 1970 UTC. It may jump; use it only for what people or other machines read. */
  now(): number
  /** Milliseconds from an arbitrary start that never go back: for deadlines, leases, back-off and durations. */
  monotonicMs(): number
  /** Runs `run` once, no sooner than after `delayMs` (0 to 2^31 - 1) milliseconds. A waiting timer keeps the process alive unless `background`. */
  after(delayMs: number, run: () => void, options?: { readonly background?: boolean }): Cancel
}

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, run, options) {
    const timer = setTimeout(run, delayMs)
    if (options?.background === true) timer.unref()
    return () => clearTimeout(timer)
  },
}

/** Resolves after `delayMs`, or rejects with the signal's reason as soon as `signal` aborts. */
export function sleep(delayMs: number, options: { readonly clock?: Clock; readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
  const { clock = systemClock, signal } = options
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason as Error)
    const onAbort = () => {
      cancel()
      reject(signal?.reason as Error)
    }
    const cancel = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}
