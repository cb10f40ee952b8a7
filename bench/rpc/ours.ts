/** Ours, as a program uses it: createService and createClient, with a deadline, metadata, and a schema on request and reply. */
import { createClient, createService, endpoint, openRegistry, type PluginEntry, type Service, type StandardSchemaV1 } from '@microts/core'
import { memoryRegistry, type Registry, type ServiceRecord } from '@microts/core/registry'
import { type Payload, type Peer, promised } from './contract.js'

/** What of ours is measured. */
export interface Variant {
  /** @default JSON */
  readonly codec?: string
  readonly plugins?: readonly PluginEntry[]
  /** By whichever way the client finds to be best, or over TCP. */
  readonly over: 'any' | 'tcp'
  /** Says that `value` is what is sent; not so: what it should be. */
  readonly accepts: (value: unknown) => boolean
}

/** A hand-written validator: what a schema costs before any library has its share. */
export function schemaOf<T>(accepts: (value: unknown) => boolean): StandardSchemaV1<T> {
  return {
    '~standard': {
      version: 1,
      vendor: 'bench',
      validate: (value) => (accepts(value) ? { value: value as T } : { issues: [{ message: 'wanted what the bench sends' }] }),
    },
  }
}

/** Whether it has a list of items. */
export function isPayload(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Array.isArray((value as Payload).items)
}

/** A service that gives back what it gets. */
export function echo(schema: StandardSchemaV1) {
  return createService({ name: 'bench', endpoints: { 'Bench.Echo': endpoint({ input: schema, output: schema }, (input) => input) } })
}

/** What each call carries. */
export const callOptions = { timeoutMs: 5000, metadata: { tenant: 'acme', region: 'eu-west' } }

/** Ours as a peer of the others. */
export function ours({ codec, plugins = [], over, accepts }: Variant): Peer {
  // A project of its own, so that no other service of this machine is found.
  const env = { LOG_LEVEL: 'silent', MICRO_PROJECT: process.env['BENCH_PROJECT'], ...(codec === undefined ? {} : { MICRO_CODEC: codec }) }
  return {
    async serve() {
      const running = await echo(schemaOf(accepts)).start({ plugins, env })
      return { address: running.node, close: () => running.stop() }
    },
    async connect(node) {
      const use = over === 'tcp' ? { registry: await withoutSockets(node, env) } : {}
      const client = createClient<Service<ReturnType<typeof echo>['options']['endpoints'] & object>>('bench', { plugins, env, use })
      return { call: promised((input) => client.Bench.Echo(input, callOptions)), close: () => client.close() }
    },
  }
}

/** A registry that knows the service as its own registry does, but for the paths by which it could be reached on this machine. */
async function withoutSockets(node: string, env: Readonly<Record<string, string | undefined>>): Promise<Registry> {
  const network = await openRegistry({ env })
  const records = await lookedUp(network, node)
  await network.close()
  const registry = memoryRegistry()
  for (const record of records) {
    const nodes = record.nodes.map((found) => ({
      ...found,
      metadata: Object.fromEntries(Object.entries(found.metadata).filter(([, value]) => !value.includes('/') && !value.startsWith('\0'))),
    }))
    await registry.register({ ...record, nodes })
  }
  return registry
}

async function lookedUp(registry: Registry, node: string): Promise<readonly ServiceRecord[]> {
  for (let left = 100; left > 0; left--) {
    const records = await registry.lookup('bench')
    if (records.some(({ nodes }) => nodes.some(({ id }) => id === node))) return records
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`the registry does not know ${node}: ${registry.explain() ?? 'it gives no reason'}`)
}
