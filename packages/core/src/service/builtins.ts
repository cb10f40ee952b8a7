import { noopAuth } from '../auth/noop.js'
import { jsonCodec } from '../codec/json.js'
import { pluginApi, type Kind, type Kinds, type Plugin, type PluginContext, type PluginEntry } from '../plugin/index.js'
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
}

type Create<K extends Kind> = (context: PluginContext, input: ProcessInput) => Promise<Kinds[K]>

// The defaults are at hand, so that the usual service loads few files; all else is imported when it is chosen.
const implementations: { readonly [K in Kind]: Readonly<Record<string, Create<K>>> } = {
  auth: {
    noop: async () => noopAuth(),
    none: async () => noopAuth(),
    memory: async ({ clock }) => (await import('../auth/memory.js')).memoryAuth({ clock }),
  },
  broker: {
    memory: async ({ random }) => (await import('../broker/memory.js')).memoryBroker({ random }),
    enats: (context) => createEnats(context),
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

// Without an address its server runs in this process.
async function createEnats(context: PluginContext): Promise<Kinds['broker']> {
  const { address, clock, random, service, warn } = context
  const create = async () => {
    const { enatsBroker } = await import('../broker/enats.js')
    return enatsBroker({
      clock,
      project: context.project,
      random,
      clientName: service,
      onState: (state, error) => {
        // Its end is the service's own doing, and nothing to be warned of.
        if (state !== 'closed' || error !== undefined) warn(`the broker is ${state}`, error === undefined ? {} : { err: error })
      },
      ...(address === undefined ? {} : { address }),
    })
  }
  return address === undefined
    ? lateBroker(create, { name: 'enats', features: new Set(['wildcards']), guarantee: 'at-most-once' })
    : create()
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
      const plugin: Plugin = { kind, name, api: pluginApi, create: (_options, context) => create(context, input) }
      return { manifest: { reference: `${kind}/${name}`, kind, name, api: pluginApi }, load: async () => ({ default: plugin }) }
    }),
  )
}
