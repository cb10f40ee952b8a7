import { systemClock, type Clock } from '../base/index.js'
import type { Kind, Kinds, PluginEntry } from '../plugin/index.js'
import type { Registry } from '../registry/registry.js'
import type { RpcClient } from '../rpc/index.js'
import { clientOf, type ClientOf } from './client.js'
import type { Environment } from './environment.js'
import { processLogger } from './log-process.js'
import { clientKinds, outgoing } from './outgoing.js'
import { createParts, type PartsRequest } from './parts.js'
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
  readonly env?: Environment
  /** Where the project is looked for. @default process.cwd() */
  readonly folder?: string
  /** @default the machine's */
  readonly clock?: Clock
}

/** A client that holds connections until it is closed. */
export type StandaloneClient<S> = ClientOf<S> & { close(): Promise<void> }

/**
 * A client of a service, for a program that is not itself one: a Next or Express app, a script.
 *
 * The types come from the service (`createClient<typeof orders>('orders')`); nothing is generated, and none of the service's code is loaded. It opens neither a
 * broker nor a store, whatever the environment names. It connects at the first call, which rejects when that fails; the next call then tries anew.
 * `close()` gives back what it holds; a call after it connects anew.
 */
export function createClient<S extends Service>(service: string, options: ClientOptions = {}): StandaloneClient<S> {
  let connecting: Promise<ConnectedClient> | undefined
  const connected = () => {
    if (connecting !== undefined) return connecting
    const attempt = connectClient(options)
    connecting = attempt
    void attempt.catch(() => {
      if (connecting === attempt) connecting = undefined
    })
    return attempt
  }
  const close = async () => {
    const attempt = connecting
    connecting = undefined
    // A failure to connect was told by the call that asked for it.
    const open = await attempt?.catch(() => undefined)
    await open?.close()
  }
  const client = clientOf<S>(async (...call) => (await connected()).client.call(...call), service) as object
  return new Proxy(client, {
    get: (target, key) => (key === 'close' ? close : (Reflect.get(target, key) as unknown)),
  }) as StandaloneClient<S>
}

/**
 * The registry that services of this environment use, for a program that looks at them. Its `close()` is the caller's.
 *
 * @throws what choosing and creating it throws: PLUGIN_NOT_LISTED, REGISTRY_UNAVAILABLE
 */
export async function openRegistry(options: ClientOptions = {}): Promise<Registry> {
  const { parts } = await createParts(['registry'], requestOf(options))
  return parts.registry
}

interface ConnectedClient {
  readonly client: RpcClient
  close(): Promise<void>
}

async function connectClient(options: ClientOptions): Promise<ConnectedClient> {
  const request = requestOf(options)
  const created = await createParts(clientKinds, request)
  const client = outgoing(created.parts, request)
  const close = async () => {
    await client.close()
    await created.close()
  }
  return { client, close }
}

function requestOf(options: ClientOptions): PartsRequest {
  const { plugins = [], use = {}, env = process.env, folder = process.cwd(), clock = systemClock } = options
  return {
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
  }
}
