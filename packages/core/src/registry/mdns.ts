import { systemClock, type Clock } from '../base/index.js'
import { lifetime } from './lifetime.js'
import type { Engine } from './mdns/engine.js'
import type { InterfaceChoice } from './mdns/interfaces.js'
import { nodeTable } from './node-table.js'
import type { Registry } from './registry.js'
import { checkService, checkServiceName, checkTtl } from './validate.js'

/** How an {@link mdnsRegistry} is made. */
export interface MdnsRegistryOptions {
  /** The project's id. Nodes that are registered carry it as `project`; found are nodes of the same project and nodes without one, as Go's are. Read at the first use. @default all nodes are found, and none is marked */
  readonly project?: string | undefined
  /** Which network interfaces to use: `'loopback'`, or their names or addresses. An empty list: none, so the registry folder alone serves. @default all that are up */
  readonly interfaces?: InterfaceChoice
  /** Above the folders with the files of nodes, for hosts without multicast. @default `$XDG_RUNTIME_DIR/micro-registry`, else `micro-registry-<uid>` in the temporary folder */
  readonly folder?: string
  /** Told once for each service that is too large to be announced in one packet (over 1400 bytes). @default process.emitWarning */
  readonly warn?: (message: string) => void
  /** @default the machine's time */
  readonly clock?: Clock
  /** Evenly drawn from 0 (included) to 1 (excluded). @default Math.random */
  readonly random?: () => number
}

/**
 * A registry without a server: nodes are announced and asked for by multicast, in go-micro's format, so that Go services find ours and ours find Go's.
 *
 * A node that listens on a loopback address is announced on loopback only, and told to no other host. On a host whose multicast does not work, a folder with a
 * file for each node serves instead, for the processes of one user; `explain` says so.
 *
 * The first look-up of a service asks and takes until the answers went quiet for 20 ms, or 100 ms when nobody answers; later ones are answered from what was heard,
 * and asked again unnoticed every 5 s. A process that was killed is forgotten when its time to live is over, or when it answers none of three questions.
 *
 * Nothing is loaded or bound before the first use. Neither registrations nor look-ups that are done keep the process alive; a watch does.
 */
export function mdnsRegistry(options: MdnsRegistryOptions = {}): Registry {
  const { interfaces, folder, clock = systemClock, random = Math.random, warn = emitWarning } = options
  const life = lifetime('mdns registry')
  const table = nodeTable(clock)
  const owner = {}
  let opening: Promise<Engine> | undefined
  let open: Engine | undefined

  const engine = () => {
    opening ??= import('./mdns/engine.js')
      .then(({ openEngine }) => openEngine({ table, owner, project: options.project, interfaces, folder, clock, random, warn }))
      .then((opened) => (open = opened))
    return opening
  }

  return {
    name: 'mdns',
    features: new Set(['ttl', 'shared'] as const),
    get address() {
      return open?.address ?? '224.0.0.251:5353'
    },
    async register(service, { ttlMs, signal } = {}) {
      life.check('a registration', signal)
      checkService(service)
      checkTtl(ttlMs)
      await life.run('a registration', async () => (await engine()).register(service, ttlMs), signal)
    },
    async deregister(service, { signal } = {}) {
      life.check('a deregistration', signal)
      checkServiceName(service.name)
      for (const node of service.nodes) if (table.get(service.name, node.id)?.owner === owner) table.remove(service.name, node.id)
      await (await opening)?.settle()
    },
    async lookup(name, { signal } = {}) {
      life.check('a look-up', signal)
      checkServiceName(name)
      return life.run('a look-up', async () => (await engine()).lookup(name), signal)
    },
    async list({ signal } = {}) {
      return life.run('a list', async () => (await engine()).list(), signal)
    },
    async watch({ service, signal } = {}) {
      life.check('a watch', signal)
      if (service !== undefined) checkServiceName(service)
      const unfollow = await life.run('a watch', async () => (await engine()).follow(service), signal)
      life.check('a watch', signal)
      return life.watch(table, { service, signal, onEnd: unfollow })
    },
    explain: () => open?.explain(),
    async close() {
      if (!life.end()) return
      table.stop()
      await (await opening)?.close()
    },
  }
}

function emitWarning(message: string): void {
  process.emitWarning(message, 'MicroWarning')
}
