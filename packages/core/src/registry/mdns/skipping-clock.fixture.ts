import type { Cancel, Clock } from '../../base/index.js'

/** A clock that goes with the machine's and can be sent ahead. For tests with real sockets, whose packets do not wait for a clock that stands still. */
export interface SkippingClock extends Clock {
  /** Moves ahead by `ms`: what falls due runs in the order of its time, what is not due comes as much sooner. */
  skip(ms: number): Promise<void>
}

interface Timer {
  readonly atMs: number
  readonly run: () => void
  readonly options: Parameters<Clock['after']>[2]
  cancel: Cancel
}

/** A clock for tests, made from the machine's. */
export function skippingClock(machine: Clock): SkippingClock {
  let skippedMs = 0
  const timers = new Set<Timer>()
  const monotonicMs = () => machine.monotonicMs() + skippedMs

  const fire = (timer: Timer) => {
    timers.delete(timer)
    timer.cancel()
    timer.run()
  }
  const arm = (timer: Timer) => {
    timer.cancel()
    timer.cancel = machine.after(Math.max(0, timer.atMs - monotonicMs()), () => fire(timer), timer.options)
  }

  return {
    now: () => machine.now() + skippedMs,
    monotonicMs,
    after(delayMs, run, options) {
      const timer: Timer = { atMs: monotonicMs() + delayMs, run, options, cancel: () => undefined }
      timers.add(timer)
      arm(timer)
      return () => {
        timers.delete(timer)
        timer.cancel()
      }
    },
    async skip(ms) {
      skippedMs += ms
      const due = [...timers].filter((timer) => timer.atMs <= monotonicMs()).sort((a, b) => a.atMs - b.atMs)
      for (const timer of due) if (timers.has(timer)) fire(timer)
      for (const timer of timers) arm(timer)
      // Packets that were sent have to arrive.
      await new Promise<void>((resolve) => machine.after(5, resolve))
    },
  }
}
