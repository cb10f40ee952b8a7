import { systemClock, type Clock } from '../base/index.js'
import type { Kind, Kinds, PluginEntry } from '../plugin/index.js'
import type { Registry } from '../registry/registry.js'
import { clientOf, type ClientOf } from './client.js'
import type { Endpoints } from './definition.js'
import { processLogger } from './log-process.js'
import { createParts, type Parts } from './parts.js'
import { identifyProject } from './project.js'
import type { Service } from './service.js'
import { readSettings } from './settings.js'

/** How a client outside of a service is made. All may be left out. */
export interface ClientOptions {
  /** @default none */
  readonly plugins?: readonly PluginEntry[]
  /** Implementations made by the program; not closed by the client. */
  readonly use?: { readonly [K in Kind]?: Kinds[K] }
  /** `MICRO_REGISTRY` and the like. @default process.env */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Where the project is looked for. @default process.cwd() */
  readonly folder?: string
  /** @default the machine's */
  readonly clock?: Clock
}

/** A client that holds connections until it is closed. */
export type StandaloneClient<S> = ClientOf<S> & { close(): Promise<void> }

// What a call needs: a client opens neither a broker nor a store, whatever the environment names.
const clientKinds = ['codec', 'registry', 'selector', 'transport'] as const
type ClientParts = Parts<(typeof clientKinds)[number]>

/**
 * A client of a service, for a program that is not itself one: a Next or Express app, a script.
 *
 * The types come from the service (`createClient<typeof orders>('orders')`); nothing is generated, and none of the service's code is loaded. It connects at the
 * first call, which rejects when that fails. `close()` gives back what it holds; a call after it connects anew.
 */
export function createClient<S extends Service<Endpoints>>(service: string, options: ClientOptions = {}): StandaloneClient<S> {
  let connecting: Promise<ClientParts> | undefined
  const client = clientOf<S>(async (name, endpoint, input, callOptions) => {
    connecting ??= connectClient(options)
    return (await connecting).parts.client.call(name, endpoint, input, callOptions)
  }, service)
  const close = async () => {
    const connected = connecting
    connecting = undefined
    await (await connected)?.close()
  }
  return new Proxy(client as object, { get: (target, key) => (key === 'close' ? close : Reflect.get(target, key)) }) as StandaloneClient<S>
}

/**
 * The registry that services of this environment use, for a program that looks at them. Its `close()` is the caller's.
 *
 * @throws what choosing and creating it throws: PLUGIN_NOT_LISTED, REGISTRY_UNAVAILABLE
 */
export async function openRegistry(options: ClientOptions = {}): Promise<Registry> {
  const { parts, close } = await connectClient(options)
  return Object.assign(Object.create(parts.registry) as Registry, { close })
}

function connectClient(options: ClientOptions): Promise<ClientParts> {
  const { plugins = [], use = {}, env = process.env, folder = process.cwd(), clock = systemClock } = options
  return createParts(clientKinds, {
    name: 'client',
    plugins,
    use,
    settings: readSettings(env, []),
    env,
    argv: [],
    project: identifyProject(env, folder),
    clock,
    random: Math.random,
    log: processLogger('client', env, clock),
  })
}
