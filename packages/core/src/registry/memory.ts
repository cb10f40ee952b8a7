import { systemClock, type Clock } from '../base/index.js'
import { lifetime } from './lifetime.js'
import { nodeTable, type NodeTable } from './node-table.js'
import type { Registry } from './registry.js'
import { checkService, checkServiceName, checkTtl } from './validate.js'

/** What several memory registries of one process share: a node that one of them registers, all of them find. */
export interface MemoryTable {
  /** For the registries of this module alone. */
  readonly nodes: NodeTable
  readonly clock: Clock
}

/** How a {@link memoryRegistry} is made. */
export interface MemoryRegistryOptions {
  /** @default one of its own, so that nobody else sees its nodes */
  readonly table?: MemoryTable
  /** Measures `ttlMs`. Not with `table`, which has its own. @default the machine's time */
  readonly clock?: Clock
}

/** A table for several {@link memoryRegistry}; `clock` measures `ttlMs` (default: the machine's time). */
export function memoryTable(options: { readonly clock?: Clock } = {}): MemoryTable {
  const { clock = systemClock } = options
  return { nodes: nodeTable(clock), clock }
}

/**
 * A registry in this process. Nodes that it registered leave when it is closed, as they do when a process ends.
 *
 * It has `ttl`; it has no `shared`, since no other process sees it, but registries given one `table` see each other's nodes.
 */
export function memoryRegistry(options: MemoryRegistryOptions = {}): Registry {
  const { nodes, clock } = options.table ?? memoryTable(options)
  const life = lifetime('memory registry')
  const owner = {}

  return {
    name: 'memory',
    features: new Set(['ttl'] as const),
    address: 'this process',
    async register(service, { ttlMs, signal } = {}) {
      life.check('a registration', signal)
      checkService(service)
      checkTtl(ttlMs)
      nodes.put(service, { owner, expiresAtMs: ttlMs === undefined ? undefined : clock.monotonicMs() + ttlMs })
    },
    async deregister(service, { signal } = {}) {
      life.check('a deregistration', signal)
      checkServiceName(service.name)
      for (const node of service.nodes) nodes.remove(service.name, node.id)
    },
    async lookup(name, { signal } = {}) {
      life.check('a look-up', signal)
      checkServiceName(name)
      return nodes.lookup(name)
    },
    async list({ signal } = {}) {
      life.check('a list', signal)
      return nodes.names()
    },
    async watch({ service, signal } = {}) {
      life.check('a watch', signal)
      if (service !== undefined) checkServiceName(service)
      return life.watch(nodes, { service, signal })
    },
    explain: () => undefined,
    async close() {
      if (!life.end()) return
      for (const entry of nodes.entries()) if (entry.owner === owner) nodes.remove(entry.service.name, entry.node.id)
      if (options.table === undefined) nodes.stop()
    },
  }
}
