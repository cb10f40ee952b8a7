import type { Clock } from '../base/index.js'
import { authErrors } from './errors.js'

/** Wrong secrets that cost nothing: what a person mistypes. */
const freeAttempts = 5
const firstPauseMs = 1000
const longestPauseMs = 60_000
/** After this long without a wrong one, they are forgotten. */
const forgetAfterMs = 15 * 60_000
/** Ids that are remembered. Each wrong one has cost its sender a hash, so to push one out takes minutes. */
const maxIds = 10_000

interface Count {
  failures: number
  lastMs: number
  waiting: number
  turn: Promise<unknown>
}

/** Slows down whoever guesses secrets. */
export interface Attempts {
  /**
   * Gives what `prove` gives (whether the secret was right), once it is the turn of this id: one attempt an id at a time, so that many at once are
   * counted as well as many in a row.
   *
   * After 5 wrong ones in a row each further one is refused until a pause has passed: one second, then twice as long each time, at most a minute.
   * The right secret is refused during the pause as well; otherwise the pause would not slow anyone down. A right one, or 15 minutes, end the count.
   *
   * @throws `resource_exhausted`/`TOO_MANY_ATTEMPTS`; `prove` is not called then
   */
  run(id: string, prove: () => Promise<boolean>): Promise<boolean>
}

/** A count of attempts by id, on the monotonic clock. */
export function attempts(clock: Clock): Attempts {
  const counts = new Map<string, Count>()

  function countOf(id: string): Count {
    const count = counts.get(id) ?? { failures: 0, lastMs: 0, waiting: 0, turn: Promise.resolve() }
    // Put in again, so that the map stays in the order of the last attempt.
    counts.delete(id)
    counts.set(id, count)
    if (counts.size > maxIds) dropOldest()
    return count
  }

  function dropOldest(): void {
    for (const [id, count] of counts) {
      if (count.waiting > 0) continue
      counts.delete(id)
      return
    }
  }

  async function attempt(count: Count, prove: () => Promise<boolean>): Promise<boolean> {
    const sinceMs = clock.monotonicMs() - count.lastMs
    if (sinceMs >= forgetAfterMs) count.failures = 0
    const waitMs = pauseMs(count.failures) - sinceMs
    if (waitMs > 0) throw authErrors.tooManyAttempts(waitMs)
    const isRight = await prove()
    count.failures = isRight ? 0 : count.failures + 1
    count.lastMs = clock.monotonicMs()
    return isRight
  }

  return {
    async run(id, prove) {
      const count = countOf(id)
      count.waiting++
      const mine = count.turn.then(() => attempt(count, prove))
      // The next one has its turn whatever becomes of this one; its own caller is told.
      count.turn = mine.catch(() => undefined)
      try {
        return await mine
      } finally {
        count.waiting--
        if (count.waiting === 0 && count.failures === 0) counts.delete(id)
      }
    },
  }
}

const pauseMs = (failures: number) =>
  failures < freeAttempts ? 0 : Math.min(longestPauseMs, firstPauseMs * 2 ** (failures - freeAttempts))
