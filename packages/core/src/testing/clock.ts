import type { Cancel, Clock } from '../base/index.js'

/** A clock that stands still until a test moves it. */
export interface TestClock extends Clock {
  /**
   * Moves both times ahead by `ms`, running on the way what is due, in the order of its time; between two of them the promises that wait get their turn.
   * What is scheduled meanwhile and falls into the span runs too.
   */
  advance(ms: number): Promise<void>
  /** Moves the wall clock alone (also back), as an administrator or a time server does. */
  jump(ms: number): void
  /** How many timers wait. */
  readonly pending: number
}

/** How a {@link TestClock} begins. */
export interface TestClockOptions {
  /** The wall clock at the start. @default 1_767_225_600_000 (2026-01-01T00:00:00Z) */
  readonly nowMs?: number
}

/** A clock for tests. */
export function testClock(options: TestClockOptions = {}): TestClock {
  let wallMs = options.nowMs ?? Date.UTC(2026, 0, 1)
  let elapsedMs = 0
  let count = 0
  const timers = new Map<number, { readonly atMs: number; readonly run: () => void }>()

  const move = (toMs: number) => {
    wallMs += toMs - elapsedMs
    elapsedMs = toMs
  }
  const nextDue = (untilMs: number) => {
    let next: { id: number; atMs: number } | undefined
    for (const [id, timer] of timers)
      if (timer.atMs <= untilMs && (next === undefined || timer.atMs < next.atMs)) next = { id, atMs: timer.atMs }
    return next?.id
  }

  return {
    now: () => wallMs,
    monotonicMs: () => elapsedMs,
    after(delayMs, run): Cancel {
      const id = count++
      timers.set(id, { atMs: elapsedMs + delayMs, run })
      return () => void timers.delete(id)
    },
    async advance(ms) {
      const untilMs = elapsedMs + ms
      await settle()
      for (let id = nextDue(untilMs); id !== undefined; id = nextDue(untilMs)) {
        const timer = timers.get(id)
        timers.delete(id)
        if (timer === undefined) continue
        move(Math.max(elapsedMs, timer.atMs))
        timer.run()
        await settle()
      }
      move(untilMs)
    },
    jump(ms) {
      wallMs += ms
    },
    get pending() {
      return timers.size
    },
  }
}

// A turn of the event loop lets every promise chain that is ready run to its end, however long it is.
const settle = () => new Promise<void>((resolve) => setImmediate(resolve))
