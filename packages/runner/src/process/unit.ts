import { type MicroError, sleep } from '@microts/core/base'
import { type Attempt, attemptUnit, type Outcome } from './attempt.js'

// A service that has run this long counts as well again: its next death is a first one.
const steadyMs = 30_000
const longestDelayMs = 30_000
// As many starts as may fail before the run as a whole counts as failed: one can be bad luck, three are not.
const firstStarts = 3
const crashLoopFrom = 3

/** The wait before a service is started again, in milliseconds: 1, 2, 4 ... 30 seconds. `crashes` counts from 1. */
export function restartDelayMs(crashes: number): number {
  return Math.min(longestDelayMs, 1000 * 2 ** (crashes - 1))
}

/**
 * Runs a unit until it is stopped: waits for its needs, starts it, and starts it again when it dies. Resolves when it has stopped and nothing of it is left.
 *
 * Until it has been ready once it is given up when the failure is final (it says so itself, or cannot even be launched) or after three starts; later, never.
 */
export async function superviseUnit(
  attempt: Attempt,
  needsReady: Promise<unknown>,
  onFirstReady: () => void,
  onFailed: (name: string, error: MicroError) => void,
): Promise<void> {
  const { unit, clock, stopping, onChange, emit } = attempt
  const waits = unit.needs.length > 0 ? { why: `waits for ${unit.needs.join(', ')}` } : {}
  onChange(unit.name, { state: 'waiting', ...waits })
  await Promise.race([needsReady, aborted(stopping)])
  let wasReady = false
  let crashes = 0
  for (let number = 1; !stopping.aborted; number++) {
    const outcome: Outcome = await attemptUnit(attempt, number, () => {
      wasReady = true
      onFirstReady()
    })
    if (stopping.aborted || outcome.error === undefined) break
    crashes = outcome.readyForMs >= steadyMs ? 1 : crashes + 1
    if (!wasReady && (outcome.isFinal || crashes >= firstStarts)) {
      onFailed(unit.name, outcome.error)
      await aborted(stopping)
      break
    }
    const delayMs = restartDelayMs(crashes)
    const crashLoop = crashes >= crashLoopFrom
    const why = crashLoop ? `crash loop: ${outcome.how}, ${crashes} times in a row` : outcome.how
    onChange(unit.name, { state: 'restarting', process: undefined, restarts: number, why })
    emit({ type: 'restarting', service: unit.name, crashes, crashLoop, delayMs, why: outcome.how })
    await sleep(delayMs, { clock, signal: stopping }).catch(() => undefined) // the loop ends
  }
  await attempt.mayStop
}

const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
