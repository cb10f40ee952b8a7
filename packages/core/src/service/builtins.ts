import { noopAuth } from '../auth/noop.js'
import { jsonCodec } from '../codec/json.js'
import type { EnatsElection } from '../broker/enats.js'
import { pluginApi, type Kind, type Kinds, type OptionsSchema, type Plugin, type PluginContext, type PluginEntry } from '../plugin/index.js'
import { mdnsRegistry } from '../registry/mdns.js'
import { leastPendingSelector } from '../selector/least-pending.js'
import { memoryStore } from '../store/memory.js'
import { httpTransport } from '../transport/http.js'
import type { Environment } from './environment.js'
import { lateBroker } from './late-broker.js'
import { processConfig } from './process-config.js'

/** What core's own implementations may know of the process, besides what a plugin is handed. */
export interface ProcessInput {
  readonly env: Environment
  /** Without the program's own name. */
  readonly argv: readonly string[]
  /** The service's own registry, once there is one. @default there is none */
  readonly registry?: () => Kinds['registry'] | undefined
}

type Options = Readonly<Record<string, unknown>>
type Create<K extends Kind> = (context: PluginContext, input: ProcessInput, options: Options) => Promise<Kinds[K]>

// The defaults are at hand, so that the usual service loads few files; all else is imported when it is chosen.
const implementations: { readonly [K in Kind]: Readonly<Record<string, Create<K>>> } = {
  auth: {
    noop: async () => noopAuth(),
    none: async () => noopAuth(),
    memory: async ({ clock }) => (await import('../auth/memory.js')).memoryAuth({ clock }),
  },
  broker: {
    memory: async ({ random }) => (await import('../broker/memory.js')).memoryBroker({ random }),
    enats: createEnats,
  },
  codec: {
    json: async () => jsonCodec(),
    bytes: async () => (await import('../codec/bytes.js')).bytesCodec(),
  },
  config: {
    memory: (_context, { env, argv }) => processConfig(env, argv),
  },
  registry: {
    memory: async ({ clock }) => (await import('../registry/memory.js')).memoryRegistry({ clock }),
    // The context itself: taking the project's id out of it would compute it.
    mdns: async (context) => mdnsRegistry(context),
  },
  selector: {
    random: async ({ random }) => (await import('../selector/random.js')).randomSelector({ random }),
    'round-robin': async () => (await import('../selector/round-robin.js')).roundRobinSelector(),
    'least-pending': async ({ random }) => leastPendingSelector({ random }),
  },
  store: {
    memory: async ({ clock }) => memoryStore({ clock }),
  },
  transport: {
    memory: async () => (await import('../transport/memory.js')).memoryTransport(),
    http: async ({ clock }) => httpTransport({ clock }),
  },
}

// Without an address it is the server that the project's processes share.
async function createEnats(context: PluginContext, { registry }: ProcessInput, options: EnatsOptions): Promise<Kinds['broker']> {
  const { address, clock, random, service, warn } = context
  const create = async () => {
    const { enatsBroker } = await import('../broker/enats.js')
    const place = address === undefined ? { elect: await electionOf(context, options, registry?.()) } : { address }
    return enatsBroker({
      clock,
      random,
      clientName: service,
      onState: (state, error) => {
        // Its end is the service's own doing, and nothing to be warned of.
        if (state !== 'closed' || error !== undefined) warn(`the broker is ${state}`, error === undefined ? {} : { err: error })
      },
      onComplaint: (error) => warn('the broker complains', { err: error }),
      ...place,
    })
  }
  return address === undefined
    ? lateBroker(create, { name: 'enats', features: new Set(['wildcards']), guarantee: 'at-most-once', address: 'shared by the project' })
    : create()
}

/** What `MICRO_BROKER_OPTIONS` may say of the server that the project's processes share. */
interface EnatsOptions {
  readonly host?: string
  readonly port?: number
  readonly token?: string
}

const enatsOptions: OptionsSchema = {
  type: 'object',
  properties: {
    host: {
      type: 'string',
      description: 'Where the shared server listens; 0.0.0.0 for other machines too, which needs the token (default 127.0.0.1)',
    },
    port: { type: 'integer', minimum: 0, maximum: 65_535, description: 'Of the shared server; 0 for any free one (default 0)' },
    token: {
      type: 'string',
      secret: true,
      description: 'What programs log in with that are not of this user on this machine (default: none of them can)',
    },
  },
}

async function electionOf(
  { project, clock, warn }: PluginContext,
  options: EnatsOptions,
  registry: Kinds['registry'] | undefined,
): Promise<EnatsElection> {
  const { host, token } = options
  // Who listens for this machine alone has nothing to tell others.
  const isPublic = host !== undefined && host !== 'localhost' && !host.startsWith('127.') && host !== '::1'
  if (!isPublic || token === undefined || registry === undefined) return { project, ...options }
  const { registryBeacon } = await import('./registry-beacon.js')
  return { project, ...options, beacon: registryBeacon({ registry, project, clock, warn }) }
}

/** The word that counts when nobody says another: what needs nothing installed. */
export const defaultNames: Readonly<Record<Kind, string>> = {
  auth: 'noop',
  broker: 'enats',
  codec: 'json',
  config: 'memory',
  registry: 'mdns',
  selector: 'least-pending',
  store: 'memory',
  transport: 'http',
}

/** Core's own implementations, as plugins: they are checked, created and closed like everyone's. */
export function builtinEntries(input: ProcessInput): readonly PluginEntry[] {
  return (Object.keys(implementations) as Kind[]).flatMap((kind) =>
    Object.entries<Create<Kind>>(implementations[kind]).map(([name, create]) => {
      const plugin: Plugin = { kind, name, api: pluginApi, create: (options, context) => create(context, input, options as Options) }
      const options = name === 'enats' ? { options: enatsOptions } : {}
      return { manifest: { reference: `${kind}/${name}`, kind, name, api: pluginApi, ...options }, load: async () => ({ default: plugin }) }
    }),
  )
}
