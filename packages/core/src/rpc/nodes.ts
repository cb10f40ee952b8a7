import { type Clock, MicroError, type Watch } from '../base/index.js'
import type { NodeRecord, Registry, RegistryChange, ServiceRecord } from '../registry/registry.js'
import { rpcErrors } from './errors.js'

/** The nodes that a call can go to. */
export interface Nodes {
  /** Those of `service` that this client may speak to, at least one; at once when they are known. @throws `unavailable`/`SERVICE_NOT_FOUND` */
  of(service: string): readonly NodeRecord[] | Promise<readonly NodeRecord[]>
  /** A node that took no connection: it is passed over for a while, and the registry is asked again. */
  failed(service: string, nodeId: string): void
  close(): Promise<void>
}

/** Where nodes come from. */
export interface NodesOptions {
  readonly registry: Registry
  readonly clock: Clock
  /** Nodes of another project are passed over; those without one, as Go's are, are taken. Read when nodes are looked up. */
  readonly project?: string | undefined
}

// As long as an unreachable node of ours can be listed without a renewal.
const avoidMs = 5000

interface Known {
  /** What the registry said last. */
  last: readonly NodeRecord[]
  /** Whether `last` still holds: no change was reported since. */
  isFresh: boolean
  /** Counts changes, so that an answer that was on its way meanwhile is not kept. */
  changes: number
  asking: Promise<readonly NodeRecord[]> | undefined
  readonly watch: Watch<RegistryChange>
}

/**
 * Nodes, looked up once a service and again after every change that the registry reports.
 *
 * An empty answer is not kept, so that a service that starts now is found at once. When the registry fails, the last answer goes on being used.
 */
export function createNodes(options: NodesOptions): Nodes {
  const { registry, clock } = options
  const services = new Map<string, Known>()
  const starting = new Map<string, Promise<Known>>()
  const avoidedUntilMs = new Map<string, number>()
  let isClosed = false

  // The watch stands before the first look-up, so that no change falls between the two.
  const start = async (service: string): Promise<Known> => {
    const watch = await registry.watch({ service })
    const known: Known = { last: [], isFresh: false, changes: 0, asking: undefined, watch }
    if (isClosed) await watch.close()
    else services.set(service, known)
    void follow(service, known)
    return known
  }
  const follow = async (service: string, known: Known): Promise<void> => {
    try {
      for await (const _ of known.watch) changed(known)
    } catch {
      // Too many changes, or the registry is gone: the next call watches anew.
    }
    if (services.get(service) === known) services.delete(service)
  }
  const knownOf = (service: string): Promise<Known> => {
    const begun = starting.get(service)
    if (begun !== undefined) return begun
    const promise = start(service).finally(() => starting.delete(service))
    starting.set(service, promise)
    return promise
  }

  const lookup = async (service: string, known: Known): Promise<readonly NodeRecord[]> => {
    const { changes } = known
    try {
      const nodes = usable(service, await registry.lookup(service), options.project)
      known.last = nodes
      known.isFresh = changes === known.changes && nodes.length > 0
      return nodes
    } catch (error) {
      if (MicroError.is(error) && error.code === 'unavailable' && known.last.length > 0) return known.last
      throw error
    } finally {
      known.asking = undefined
    }
  }
  const ask = async (service: string): Promise<readonly NodeRecord[]> => {
    const known = services.get(service) ?? (await knownOf(service))
    const nodes = await (known.asking ??= lookup(service, known))
    if (nodes.length > 0) return withoutAvoided(nodes)
    throw rpcErrors.serviceNotFound(service, await registry.list().catch(() => []), registry.explain())
  }
  const withoutAvoided = (nodes: readonly NodeRecord[]): readonly NodeRecord[] => {
    if (avoidedUntilMs.size === 0) return nodes
    const nowMs = clock.monotonicMs()
    for (const [id, untilMs] of avoidedUntilMs) if (untilMs <= nowMs) avoidedUntilMs.delete(id)
    const left = nodes.filter((node) => !avoidedUntilMs.has(node.id))
    return left.length === 0 ? nodes : left
  }

  return {
    of(service) {
      const known = services.get(service)
      return known?.isFresh === true ? withoutAvoided(known.last) : ask(service)
    },
    failed(service, nodeId) {
      avoidedUntilMs.set(nodeId, clock.monotonicMs() + avoidMs)
      const known = services.get(service)
      if (known !== undefined) changed(known)
    },
    async close() {
      isClosed = true
      await Promise.all([...services.values()].map((known) => known.watch.close()))
    },
  }
}

function changed(known: Known): void {
  known.changes++
  known.isFresh = false
}

function usable(service: string, records: readonly ServiceRecord[], project: string | undefined): readonly NodeRecord[] {
  const ours = records
    .flatMap((record) => record.nodes)
    .filter((node) => project === undefined || node.metadata['project'] === undefined || node.metadata['project'] === project)
  const spoken = ours.filter((node) => (node.metadata['protocol'] ?? 'mucp') === 'mucp')
  if (ours.length > 0 && spoken.length === 0) {
    throw rpcErrors.protocolNotSpoken(service, [...new Set(ours.map((node) => node.metadata['protocol'] ?? ''))])
  }
  return spoken
}
