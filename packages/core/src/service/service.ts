import { checkDefinition } from './check-definition.js'
import type { Endpoints, ServiceOptions } from './definition.js'
import type { RunOptions } from './run.js'
import type { RunningService, StartOptions } from './start.js'

/** A service, defined and not yet started. It holds nothing and may be started many times: tests do. */
export interface Service<E extends Endpoints = Endpoints> {
  readonly name: string
  readonly options: ServiceOptions<E>
  /** Starts it in this process, and resolves when it is ready: it listens, its plugins are connected, its `ready` hook is done, it is registered. */
  start(options?: StartOptions): Promise<RunningService>
  /**
   * Is the process: reads environment and flags, starts, says that it is ready, stops on SIGTERM and SIGINT, sets the exit code. Resolves when it has stopped;
   * the process then ends within two seconds, whatever the program still holds open.
   * A failure is told in one line with its hint, never thrown.
   */
  run(options?: RunOptions): Promise<void>
}

/**
 * A service: its name, what others call, what it listens to.
 *
 * Which broker, store or registry is behind it is not said here: main.ts hands over its plugins, environment and flags choose among them.
 *
 * @throws `invalid_argument`: SERVICE_NAME_INVALID, ENDPOINT_NAME_INVALID, ENDPOINT_NAME_TAKEN
 */
export function createService<const E extends Endpoints>(options: ServiceOptions<E>): Service<E> {
  checkDefinition(options)
  return {
    name: options.name,
    options,
    start: async (startOptions) => (await import('./start.js')).startService(options, startOptions),
    run: async (runOptions) => (await import('./run.js')).runService(options, runOptions),
  }
}
