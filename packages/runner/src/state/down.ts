import { type Clock, sleep, systemClock } from '@microts/core/base'
import { sendSignal } from '../process/end-groups.js'
import type { Environment } from '../project/find.js'
import { stateErrors } from './errors.js'
import type { RunRecord } from './record.js'
import { isAlive, readRun, runningProjects } from './run-file.js'

/** What {@link down} takes. */
export interface DownOptions {
  readonly env?: Environment
  readonly clock?: Clock
  /** How long to wait for the supervisor, in milliseconds. @default 30_000 */
  readonly timeoutMs?: number
  /** Called about four times a second while it waits, with what still runs. */
  readonly onWait?: (record: RunRecord) => void
}

const lookMs = 50
const tellEvery = 5

/**
 * Stops the `up` of a project: signals its supervisor (SIGTERM) and resolves when that has ended, with the record as it was before.
 *
 * @throws MicroError `failed_precondition`/`NOT_RUNNING`, or `deadline_exceeded`/`NOT_STOPPED`
 */
export async function down(projectId: string, options: DownOptions = {}): Promise<RunRecord> {
  const { env = process.env, clock = systemClock, timeoutMs = 30_000, onWait } = options
  // Also clears what a dead supervisor has left.
  await runningProjects(env)
  const record = readRun(projectId, env)
  if (record === undefined) throw stateErrors.notRunning(projectId)
  const { supervisor } = record
  sendSignal(supervisor.pid, 'SIGTERM')
  const untilMs = clock.monotonicMs() + timeoutMs
  for (let looks = 1; isAlive(supervisor); looks++) {
    if (clock.monotonicMs() >= untilMs) throw stateErrors.notStopped(record.project, supervisor.pid, timeoutMs)
    if (looks % tellEvery === 0) onWait?.(readRun(projectId, env) ?? record)
    await sleep(lookMs, { clock })
  }
  return record
}
