import { baseErrors } from '@microts/core/base'

/** What every operation of a registry does in the same way: it is refused after the end, and given up when its signal aborts. */
export interface Lifetime {
  readonly isEnded: boolean
  /** @throws `failed_precondition`/`CLOSED` after `end`, `canceled`/`CANCELED` when `signal` has aborted */
  check(what: string, signal: AbortSignal | undefined): void
  /** `work`'s outcome, unless the signal aborts or the end comes first. `work` then goes on, unheard. */
  run<T>(what: string, work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T>
  /** Calls `onEnd` at the end; what it gives takes that back. */
  atEnd(onEnd: () => void): () => void
  /** Ends it all. Gives false when it has ended before. */
  end(): boolean
}

/** The lifetime of a registry; `name` is for messages: `etcd registry`. */
export function lifetime(name: string): Lifetime {
  let isEnded = false
  const ends = new Set<() => void>()

  const check: Lifetime['check'] = (what, signal) => {
    if (isEnded) throw baseErrors.closed(name)
    if (signal?.aborted === true) throw baseErrors.canceled(what, signal.reason)
  }
  const atEnd: Lifetime['atEnd'] = (onEnd) => {
    ends.add(onEnd)
    return () => void ends.delete(onEnd)
  }

  return {
    get isEnded() {
      return isEnded
    },
    check,
    atEnd,
    async run(what, work, signal) {
      check(what, signal)
      return new Promise((resolve, reject) => {
        const onAbort = () => settle(() => reject(baseErrors.canceled(what, signal?.reason)))
        const release = atEnd(() => settle(() => reject(baseErrors.closed(name))))
        const settle = (outcome: () => void) => {
          release()
          signal?.removeEventListener('abort', onAbort)
          outcome()
        }
        signal?.addEventListener('abort', onAbort, { once: true })
        work().then(
          (value) => settle(() => resolve(value)),
          (error: unknown) => settle(() => reject(error)),
        )
      })
    },
    end() {
      if (isEnded) return false
      isEnded = true
      for (const onEnd of ends) onEnd()
      return true
    },
  }
}
