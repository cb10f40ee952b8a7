import { sleep, systemClock, type Clock } from '../base/index.js'
import type { Kind, Kinds, PluginEntry } from '../plugin/index.js'
import { checkDefinition } from './check-definition.js'
import { closers } from './closers.js'
import { connect } from './connect.js'
import type { ServiceContext } from './context.js'
import type { NamedService, ServiceOptions } from './definition.js'
import type { Environment } from './environment.js'
import { handlersOf } from './handlers.js'
import { listenTo } from './listen.js'
import type { Use } from './parts.js'
import { identifyProject } from './project.js'
import { register } from './registration.js'
import { readSettings, type Settings } from './settings.js'
import { subscribeTopics } from './subscribe.js'

/** How a service is started inside a program. All may be left out. */
export interface StartOptions {
  /** What main.ts imports from plugins.ts. @default none */
  readonly plugins?: readonly PluginEntry[]
  /** Implementations made by the program. They win over everything that environment and flags say, and are not closed by the service. */
  readonly use?: { readonly [K in Kind]?: Kinds[K] }
  /** @default process.env */
  readonly env?: Environment
  /** Flags: `--broker=nats`. @default none */
  readonly argv?: readonly string[]
  /** Where the project is looked for. @default process.cwd() */
  readonly folder?: string
  /** @default the machine's */
  readonly clock?: Clock
  /** @default Math.random */
  readonly random?: () => number
}

/** How a running service is stopped. */
export interface StopOptions {
  /** After leaving the registry, go on serving this long for callers that have not heard yet. @default 0 */
  readonly graceMs?: number
  /** The most that calls and messages in work may take; then they are cut off. @default 25_000 */
  readonly capMs?: number
}

/** A service that is ready. */
export interface RunningService {
  readonly name: string
  readonly version: string
  /** Its id in the registry: `orders-<uuid>`. */
  readonly node: string
  /** Where it listens: `127.0.0.1:40113`. */
  readonly address: string
  /** For curl and browsers, where its transport speaks plain HTTP. */
  readonly url: string | undefined
  /** The implementations behind its interfaces, and why these. */
  readonly uses: readonly Use[]
  readonly context: ServiceContext
  /** Leaves the registry, finishes what is in work, closes everything that it opened, in reverse. Rejects with the first failure, once all is closed. Twice is once. */
  stop(options?: StopOptions): Promise<void>
}

// Registering costs a new process some 20 ms of CPU, most of it for loading. Whoever waits at the port is answered before.
const headStartMs = 8

/** Puts a service together and starts it. What was opened before a failure is closed again before the failure is thrown. */
export async function startService(options: ServiceOptions, start: StartOptions = {}): Promise<RunningService> {
  const { plugins = [], use = {}, env = process.env, argv = [], folder = process.cwd(), clock = systemClock, random = Math.random } = start
  const settings = readSettings(env, argv)
  const service = named(options, settings)
  const project = identifyProject(env, folder)
  const opened = closers()

  try {
    const { parts, context, uses, close } = await connect(service, { plugins, use, settings, env, argv, project, clock, random })
    opened.add(close)
    const handlers = handlersOf(service, context, parts)

    let isReady = false
    const server = await listenTo({ service, settings, parts, handlers, context, ready: () => isReady })
    opened.add(() => server.close())
    await service.ready?.(context)
    opened.add(() => service.stop?.(context))
    const subscriptions = await subscribeTopics(service, parts, handlers, context)
    opened.add(() => subscriptions.close())
    if (parts.transport.features.has('web')) await sleep(headStartMs)
    const registration = await register({ service, settings, parts, project, server, context })
    isReady = true

    const stop = async ({ graceMs = 0, capMs = 25_000 }: StopOptions = {}) => {
      isReady = false
      await registration.end()
      if (graceMs > 0) await sleep(graceMs, { clock })
      await Promise.all([subscriptions.drain(capMs), server.drain(capMs)])
      await opened.close()
    }
    let stopping: Promise<void> | undefined
    return {
      name: service.name,
      version: service.version,
      node: registration.node,
      address: server.address,
      url: parts.transport.features.has('web') ? `http://${server.address}` : undefined,
      uses,
      context,
      stop: (stopOptions) => (stopping ??= stop(stopOptions)),
    }
  } catch (error) {
    // What stopped the start says more than what fails in clearing up after it.
    await opened.close().catch(() => undefined)
    throw error
  }
}

/** The definition under the name and version that it runs with. */
function named(options: ServiceOptions, { serverName, serverVersion }: Settings): NamedService {
  const name = serverName ?? options.name
  checkDefinition({ name })
  return { ...options, name, version: serverVersion ?? options.version ?? 'latest' }
}
