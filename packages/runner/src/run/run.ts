import type { Clock } from '@microts/core/base'
import type { FetchOptions } from '../plugins/fetch-options.js'
import type { Environment } from '../project/find.js'
import type { SaidChoices } from './said.js'
import type { ServiceState } from '../state/record.js'
import type { RunEvent } from '../timeline/event.js'
import type { Catalog, DriverName } from '../types/manifest.js'

/** Programs of our own that a run starts, as absolute paths of JavaScript files. */
export interface RunTools {
  /** `process/watchdog.ts`, bundled. */
  readonly watchdog: string
  /** `process/broker.ts`, bundled. */
  readonly broker: string
}

/** What {@link up} takes. */
export interface UpOptions {
  /** Where to look for the project: this folder, or the nearest one above it. */
  readonly folder: string
  readonly tools: RunTools
  /** The service types and implementations that can be named. */
  readonly catalog: Catalog
  /** The driver to try first; goes before `prefer:` of the file. */
  readonly prefer?: DriverName
  /** The environment of our services, and where choices such as `MICRO_BROKER` are looked for. @default process.env */
  readonly env?: Environment
  /** @default systemClock */
  readonly clock?: Clock
  /** How plugins that the project names are fetched. The events of it come as events of the run, too; `stop()` ends it. */
  readonly fetching?: FetchOptions
  /** How long a service of ours has to stop before it is killed, in milliseconds. @default 10_000 */
  readonly graceMs?: number
}

/** What {@link run} takes: `up`'s options, and which services. */
export interface RunOptions extends UpOptions {
  /** `./...`, `./services/orders`, `services/...`, relative to `folder`. @default ['./...'] */
  readonly patterns?: readonly string[]
  /** The references that each service's `plugins.ts` is to have, or `none`; undefined leaves it as it is. Of an interface that they have one of, that one is used. */
  readonly plugins?: readonly string[]
  /** Writes over a `plugins.ts` that somebody edited. @default false */
  readonly force?: boolean
  /** Which implementations to use, before all that files and environment say. */
  readonly said?: SaidChoices
}

/** Services that run, or are about to. */
export interface Run {
  /**
   * What happens, from the beginning, in order; it ends after `ended`. It is read once, by one `for await`. When its reader is more than 10 000
   * events behind, log lines are left out, and a notice `LOGS_LEFT_OUT` says how many; they are in the log files all the same.
   */
  readonly events: AsyncIterable<RunEvent>
  /**
   * Resolves when all services are ready. Rejects with a MicroError when the project cannot be read, nothing of it was started then; or with that of the
   * first service that cannot be started, the others run on until `stop()`; or with `canceled`/`STOPPED` when it is stopped before.
   */
  readonly ready: Promise<void>
  /** Resolves when the run is over: after `stop()`, or when it could not begin. Never rejects. */
  readonly ended: Promise<void>
  /** One row a service, in the order of the file, the run's own broker last. Empty until the project is read. */
  state(): readonly ServiceState[]
  /**
   * Stops all services, those that need others first, and resolves when no process, port or temporary file of the run is left.
   * A second call while the first one waits kills what still runs.
   */
  stop(): Promise<void>
}
