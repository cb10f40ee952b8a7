import type { Code, MicroError, Place } from '@microts/core/base'
import type { SourceEvent } from '@microts/source'
import type { ServiceState } from '../state/record.js'

/** A {@link MicroError} as plain data: it goes through JSON whole. */
export interface ErrorData {
  readonly code: Code
  readonly reason: string
  readonly message: string
  readonly hint?: string
  readonly place?: Place
  readonly details?: Readonly<Record<string, unknown>>
}

/** What happened in a run. `time` is in milliseconds since 1970 UTC. */
export type RunEvent = { readonly time: number } & RunHappening

/** What happened, without its time. */
export type RunHappening =
  /** The file was read, drivers and ports are chosen; nothing runs yet. One row a service, in the order of the file, the run's own broker last. */
  | { readonly type: 'resolved'; readonly project: string; readonly folder: string; readonly services: readonly ServiceState[] }
  /** What happens while plugins of other places are looked for and fetched; before `resolved`. */
  | { readonly type: 'plugin'; readonly event: SourceEvent }
  /** A service of ours was bundled into `file`. */
  | { readonly type: 'built'; readonly service: string; readonly file: string; readonly tookMs: number; readonly bytes: number }
  /** A process was started. `attempt` counts from 1, over all restarts. */
  | { readonly type: 'started'; readonly service: string; readonly pid: number; readonly attempt: number }
  /** A service can be used, `afterMs` after its process was started. */
  | { readonly type: 'ready'; readonly service: string; readonly state: ServiceState; readonly afterMs: number }
  /** All services are ready, for the first time in this run. */
  | { readonly type: 'running'; readonly services: readonly ServiceState[]; readonly afterMs: number }
  /** One line of a service, without its line end; at most 64 KiB of it. It is as the service wrote it, escape sequences included. */
  | { readonly type: 'log'; readonly service: string; readonly stream: 'stdout' | 'stderr'; readonly line: string }
  /** A process ended. */
  | {
      readonly type: 'exited'
      readonly service: string
      readonly pid: number
      readonly exitCode: number | null
      readonly signal: string | null
      /** Whether we asked for it. */
      readonly expected: boolean
    }
  /** A service is started again in `delayMs`. `crashes`: how often in a row it has died; with 3 or more it is a crash loop. */
  | {
      readonly type: 'restarting'
      readonly service: string
      readonly crashes: number
      readonly crashLoop: boolean
      readonly delayMs: number
      readonly why: string
    }
  /** A service cannot be started, and is not tried again; without `service`, the run as a whole cannot. */
  | { readonly type: 'failed'; readonly service?: string; readonly error: ErrorData }
  /** A service was asked to stop; it has `graceMs` before it is killed. */
  | { readonly type: 'stopping'; readonly service: string; readonly graceMs: number }
  /** The stop of the run has lasted `sinceMs`, and waits for these services' processes. */
  | { readonly type: 'waiting'; readonly services: readonly string[]; readonly sinceMs: number }
  /** A service did not stop in its time, or a second stop was asked for: its processes were killed. */
  | { readonly type: 'killed'; readonly service: string }
  /** A service has stopped; none of its processes is left. */
  | { readonly type: 'stopped'; readonly service: string }
  /** Something worth telling that is no failure. `reason` is UPPER_SNAKE, for programs. */
  | { readonly type: 'notice'; readonly reason: string; readonly message: string; readonly hint?: string; readonly service?: string }
  /** The run is over, nothing of it is left. The last event. */
  | { readonly type: 'ended' }

/** An error as data. */
export function errorData(error: MicroError): ErrorData {
  const { code, reason, message, hint, place, details } = error
  return {
    code,
    reason,
    message,
    ...(hint !== undefined && { hint }),
    ...(place !== undefined && { place }),
    ...(details !== undefined && { details }),
  }
}
