import type { Cancel, Clock } from './clock.js'
import { baseErrors } from './errors.js'

/**
 * The moment by which an answer is wanted, on the monotonic clock of this process.
 *
 * It never crosses the wire: the remaining time does, so that two machines need not agree on what time it is.
 */
export interface Deadline {
  /** `clock.monotonicMs()` at which the time is used up. */
  readonly atMs: number
  /** The time given in the first place, in milliseconds: for messages. */
  readonly timeoutMs: number
}

/** The deadline that lies `timeoutMs` ahead. */
export function deadlineAfter(timeoutMs: number, clock: Clock): Deadline {
  return { atMs: clock.monotonicMs() + timeoutMs, timeoutMs }
}

/** Milliseconds that are left; 0 when none are. */
export function remainingMs(deadline: Deadline, clock: Clock): number {
  return Math.max(0, deadline.atMs - clock.monotonicMs())
}

/** The earlier of the two: a hop may shorten the time of its caller, never lengthen it. */
export function earlier(a: Deadline, b: Deadline | undefined): Deadline {
  return b === undefined || a.atMs <= b.atMs ? a : b
}

/**
 * A signal that aborts with `deadline_exceeded` when `deadline` passes, and with the reason of `parent` when that aborts first.
 *
 * `cancel` must be called when the work is done; it frees the timer and the listener, and is safe to call twice.
 */
export function deadlineSignal(
  what: string,
  deadline: Deadline,
  clock: Clock,
  parent?: AbortSignal,
): { readonly signal: AbortSignal; readonly cancel: Cancel } {
  const controller = new AbortController()
  const onAbort = () => controller.abort(parent?.reason)
  const cancelTimer = clock.after(remainingMs(deadline, clock), () =>
    controller.abort(baseErrors.deadlineExceeded(what, deadline.timeoutMs)),
  )
  if (parent?.aborted === true) onAbort()
  parent?.addEventListener('abort', onAbort, { once: true })
  const cancel = () => {
    cancelTimer()
    parent?.removeEventListener('abort', onAbort)
  }
  return { signal: controller.signal, cancel }
}
