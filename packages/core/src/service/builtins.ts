import { pluginApi, type Kind, type Kinds, type PluginContext, type PluginEntry } from '../plugin/index.js'

type Create<K extends Kind> = (context: PluginContext) => Promise<Kinds[K]>

// Imported when it is chosen: a service pays for what it uses.
const implementations: { readonly [K in Kind]: Readonly<Record<string, Create<K>>> } = {
  auth: {
    noop: async () => (await import('../auth/noop.js')).noopAuth(),
    none: async () => (await import('../auth/noop.js')).noopAuth(),
    memory: async ({ clock }) => (await import('../auth/memory.js')).memoryAuth({ clock }),
  },
  broker: {
    memory: async () => (await import('../broker/memory.js')).memoryBroker(),
    enats: async ({ address, clock, random }) => (await import('../broker/enats.js')).enatsBroker({ clock, random, ...given({ address }) }),
  },
  codec: {
    json: async () => (await import('../codec/json.js')).jsonCodec(),
    bytes: async () => (await import('../codec/bytes.js')).bytesCodec(),
  },
  config: {
    // What it is made of depends on the process, so the service hands its sources in: see service/start.ts.
    memory: async () => (await import('../config/memory.js')).memoryConfig(),
  },
  registry: {
    memory: async ({ clock }) => (await import('../registry/memory.js')).memoryRegistry({ clock }),
    mdns: async ({ clock, project, random }) => (await import('../registry/mdns.js')).mdnsRegistry({ clock, project, random }),
  },
  selector: {
    random: async ({ random }) => (await import('../selector/random.js')).randomSelector({ random }),
    'round-robin': async () => (await import('../selector/round-robin.js')).roundRobinSelector(),
    'least-pending': async ({ random }) => (await import('../selector/least-pending.js')).leastPendingSelector({ random }),
  },
  store: {
    memory: async ({ clock }) => (await import('../store/memory.js')).memoryStore({ clock }),
  },
  transport: {
    memory: async () => (await import('../transport/memory.js')).memoryTransport(),
    http: async ({ clock }) => (await import('../transport/http.js')).httpTransport({ clock }),
  },
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
export const builtinEntries: readonly PluginEntry[] = (Object.keys(implementations) as Kind[]).flatMap((kind) =>
  Object.entries(implementations[kind]).map(([name, create]) => ({
    manifest: { reference: `${kind}/${name}`, kind, name, api: pluginApi },
    load: async () => ({ default: { kind, name, api: pluginApi, create: (_options: unknown, context: PluginContext) => create(context) } }),
  })),
)

/** `values` without what is undefined: for options that may be absent but not undefined. */
export function given<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
