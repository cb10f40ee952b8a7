import { systemClock, type Clock } from '../base/index.js'
import type { Kind, Kinds, PluginEntry } from '../plugin/index.js'
import { registration } from './registration.js'
import type { ServiceContext } from './context.js'
import type { ServiceOptions } from './definition.js'
import { handlersOf } from './handlers.js'
import { connect } from './connect.js'
import { listenTo } from './listen.js'
import type { Use } from './parts.js'
import { identifyProject } from './project.js'
import { readSettings } from './settings.js'
import { subscribeTopics } from './subscribe.js'

/** How a service is started inside a program. All may be left out. */
export interface StartOptions {
  /** What main.ts imports from plugins.ts. @default none */
  readonly plugins?: readonly PluginEntry[]
  /** Implementations made by the program. They win over everything that environment and flags say, and are not closed by the service. */
  readonly use?: { readonly [K in Kind]?: Kinds[K] }
  /** @default process.env */
  readonly env?: Readonly<Record<string, string | undefined>>
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
  /** The most that calls in work may take; then they are cut off. @default 25_000 */
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
  /** Leaves the registry, finishes what is in work, closes everything that it opened, in reverse. Twice is once. */
  stop(options?: StopOptions): Promise<void>
}

/** Puts a service together and starts it. What was opened before a failure is closed again before the failure is thrown. */
export async function startService(options: ServiceOptions, start: StartOptions = {}): Promise<RunningService> {
  const { env = process.env, argv = [], clock = systemClock, random = Math.random, folder = process.cwd() } = start
  const settings = readSettings(env, argv)
  const project = identifyProject(env, folder)
  const version = options.version ?? 'latest'
  const closers: (() => Promise<void>)[] = []
  const closeAll = async () => {
    for (const close of closers.splice(0).reverse()) await close()
  }

  try {
    const connected = await connect(options, {
      plugins: start.plugins ?? [],
      use: start.use ?? {},
      settings,
      env,
      argv,
      project,
      clock,
      random,
    })
    closers.push(() => connected.close())
    const { context, uses, parts } = connected
    const handlers = handlersOf(options, context, parts)

    let isReady = false
    const server = await listenTo({ options, settings, parts, handlers, context, ready: () => isReady })
    closers.push(() => server.close())
    await options.ready?.(context)
    const subscriptions = await subscribeTopics(options, parts, handlers, context)
    closers.push(() => subscriptions.close())
    const registered = await registration({ options, settings, parts, project, server, context })
    isReady = true

    const stop = async ({ graceMs = 0, capMs = 25_000 }: StopOptions = {}) => {
      isReady = false
      await registered.end()
      if (graceMs > 0) await new Promise<void>((resolve) => void clock.after(graceMs, resolve))
      await Promise.all([subscriptions.close(), server.drain(capMs)])
      await options.stop?.(context)
      await closeAll()
    }
    let stopping: Promise<void> | undefined
    return {
      name: options.name,
      version,
      node: registered.node,
      address: server.address,
      url: parts.transport.features.has('web') ? `http://${server.address}` : undefined,
      uses,
      context,
      stop: (stopOptions) => (stopping ??= stop(stopOptions)),
    }
  } catch (error) {
    await closeAll()
    throw error
  }
}
