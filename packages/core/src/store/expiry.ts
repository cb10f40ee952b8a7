import type { Cancel, Clock } from '../base/index.js'

/** Something whose time runs out. */
export interface Expiring {
  /** `clock.monotonicMs()` from which it counts as gone; `Infinity` when it stays. */
  readonly deadlineMs: number
}

/** Tells when the time of records has run out, with one timer for all of them. For authors of stores. */
export interface Expiry<R extends Expiring> {
  /** Has `record` told when its time has come. One that stays is passed over. */
  add(record: R): void
  /** Forgets `record`: it was replaced or deleted. */
  remove(record: R): void
  /** Forgets all, and frees the timer. */
  close(): void
}

// A record is told at most this long after its time (the contract allows a minute). Readers compare the deadline themselves and never see it late.
const spanMs = 1000
// The longest that setTimeout can wait.
const maxDelayMs = 2 ** 31 - 1

/**
 * Calls `onExpired` for each record that was added and not removed, within a second after its time, in no particular order.
 *
 * Records are gathered by the second in which they end, so that a million of them need one timer, and forgetting one is a look-up.
 * The timer does not keep the process alive.
 */
export function createExpiry<R extends Expiring>(clock: Clock, onExpired: (record: R) => void): Expiry<R> {
  const spans = new Map<number, Set<R>>()
  let cancel: Cancel | undefined
  let armedSpan = Infinity

  const arm = (span: number) => {
    cancel?.()
    armedSpan = span
    const delayMs = Math.max(0, span * spanMs - clock.monotonicMs())
    cancel = clock.after(Math.min(delayMs, maxDelayMs), run, { background: true })
  }
  const run = () => {
    cancel = undefined
    armedSpan = Infinity
    const now = clock.monotonicMs()
    let next = Infinity
    for (const [span, records] of spans) {
      if (span * spanMs <= now) {
        spans.delete(span)
        for (const record of records) onExpired(record)
      } else if (span < next) next = span
    }
    if (next < armedSpan) arm(next)
  }

  return {
    add(record) {
      if (record.deadlineMs === Infinity) return
      const span = spanOf(record)
      const records = spans.get(span)
      if (records === undefined) spans.set(span, new Set([record]))
      else records.add(record)
      if (span < armedSpan) arm(span)
    },
    remove(record) {
      if (record.deadlineMs === Infinity) return
      const records = spans.get(spanOf(record))
      if (records?.delete(record) === true && records.size === 0) spans.delete(spanOf(record))
    },
    close() {
      cancel?.()
      cancel = undefined
      spans.clear()
    },
  }
}

const spanOf = (record: Expiring) => Math.ceil(record.deadlineMs / spanMs)
