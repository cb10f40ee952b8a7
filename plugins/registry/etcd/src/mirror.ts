import type { Cancel, Clock } from '@microts/core/base'
import type { RegistryChange, ServiceRecord } from '@microts/core/registry'
import { openFeed, type Feed, type KeyEvent } from './feed.js'
import type { Gateway } from './gateway.js'
import type { Keys } from './keys.js'
import { listNodes, readNode } from './listing.js'
import { emptyNodes, type ListedNode, type Nodes } from './nodes.js'

/** What this process knows of etcd: the services that were asked for, kept up to date by one watch. */
export interface Mirror {
  /** The service as it is known; undefined when nobody has asked for it before. */
  known(service: string): readonly ServiceRecord[] | undefined
  /** Reads the service, once for all who ask meanwhile, and keeps it up to date from then on. */
  follow(service: string): Promise<readonly ServiceRecord[]>
  /** Follows all services. */
  followAll(): Promise<void>
  /** The names of services that have a node, sorted, when all are followed. */
  readonly names: readonly string[] | undefined
  /** Resolves when changes up to `revision` are in, where they are of a service that is followed. */
  reached(service: string, revision: number): Promise<void>
  /** Hears of changes of services that are followed, and keeps the process alive. `service`: of this one alone, which is then not forgotten. */
  subscribe(service: string | undefined, listener: (change: RegistryChange) => void): Cancel
  close(): void
}

/** How to make a {@link Mirror}. */
export interface MirrorOptions {
  readonly gateway: Gateway
  readonly keys: Keys
  readonly clock: Clock
  readonly random: () => number
  readonly warn: (message: string, data?: Readonly<Record<string, unknown>>) => void
}

/** A range of keys that is kept up to date: those of a service, or all. */
interface Scope {
  readonly service: string | undefined
  /** At which it was read; 0: not yet. */
  revision: number
  /** Events were missed since. */
  isBehind: boolean
  /** What it does not list is kept this time: its nodes have not come back yet. */
  isFilling: boolean
  loading: Promise<void> | undefined
  /** While it is read. */
  pending: KeyEvent[] | undefined
}

// Names that nobody runs can be asked for without end, by callers of a gateway for one.
const maxFollowed = 10_000
const maxReads = 8
// Longer than a service takes to find out that its lease is gone, most of the time.
const graceMs = 15_000

const nobody: readonly ServiceRecord[] = []

/** Makes a {@link Mirror}; nothing is asked before the first use. */
export function openMirror({ gateway, keys, clock, random, warn }: MirrorOptions): Mirror {
  const services = new Map<string, Nodes>()
  const scopes = new Map<string | undefined, Scope>()
  const subscriptions = new Map<object, { readonly service: string | undefined; readonly listener: (change: RegistryChange) => void }>()
  const corrupt = new Set<string>()
  let cancelGrace: Cancel = () => undefined
  const feed: Feed = openFeed({ gateway, keys, clock, random, warn, onEvents, onGap, onStanding })

  const tell = (name: string) => (change: RegistryChange) => {
    for (const { service, listener } of subscriptions.values()) if (service === undefined || service === name) listener(change)
  }

  const onCorrupt = (key: string, why: unknown) => {
    if (corrupt.has(key)) return
    if (corrupt.size >= maxFollowed) corrupt.clear()
    corrupt.add(key)
    warn(`passed over the key ${key} of etcd: ${why instanceof Error ? why.message : String(why)}`, { key })
  }

  function nodesOf(service: string): Nodes {
    const found = services.get(service) ?? emptyNodes(tell(service))
    services.set(service, found)
    return found
  }

  function onEvents(events: readonly KeyEvent[]): void {
    for (const event of events) {
      const service = keys.serviceOf(event.key)
      if (service === undefined) continue
      const concerned = [scopes.get(service), scopes.get(undefined)].filter((scope) => scope !== undefined)
      for (const scope of concerned) scope.pending?.push(event)
      const read = concerned.filter(({ revision, pending }) => revision > 0 && pending === undefined)
      if (read.length > 0 && event.revision > Math.max(...read.map(({ revision }) => revision))) apply(service, event)
    }
  }

  function apply(service: string, { key, value, revision }: KeyEvent): void {
    const node = value === undefined ? undefined : readNode({ key, value, revision }, onCorrupt)
    if (node !== undefined) nodesOf(service).put(node)
    else services.get(service)?.remove(key, revision)
  }

  function load(scope: Scope): Promise<void> {
    scope.loading ??= read(scope).finally(() => {
      scope.loading = undefined
      scope.pending = undefined
    })
    return scope.loading
  }

  async function read(scope: Scope): Promise<void> {
    for (;;) {
      const { isGapless, gaps } = feed
      scope.isBehind = false
      // Before the list is asked for: what happens from now on is told by the feed, and put over the list.
      scope.pending = []
      try {
        merge(scope, await listNodes({ gateway, keys, onCorrupt }, scope.service))
      } catch (error) {
        scope.isBehind = scope.revision > 0
        throw error
      }
      if (isGapless && gaps === feed.gaps) return
      // What happened between the list and the stand of the feed is not known: it is read once more when that stands.
      scope.isBehind = !feed.isGapless
      if (scope.isBehind) return
    }
  }

  function merge(scope: Scope, { revision, found }: { readonly revision: number; readonly found: readonly ListedNode[] }): void {
    if (scope.service !== undefined) nodesOf(scope.service).replace(found, scope.isFilling)
    else {
      const listed = new Map([...services.keys()].map((name) => [name, [] as ListedNode[]]))
      for (const node of found) {
        const name = keys.serviceOf(node.key)
        if (name === undefined) continue
        const others = listed.get(name)
        if (others === undefined) listed.set(name, [node])
        else others.push(node)
      }
      for (const [name, nodes] of listed) nodesOf(name).replace(nodes, scope.isFilling)
    }
    scope.revision = revision
    scope.isFilling = false
    const events = scope.pending ?? []
    scope.pending = undefined
    for (const event of events) {
      const name = keys.serviceOf(event.key)
      if (name !== undefined && event.revision > revision) apply(name, event)
    }
  }

  function onGap(why: 'compacted' | 'other'): void {
    for (const scope of scopes.values()) {
      scope.isBehind = true
      if (why === 'other') scope.isFilling = true
    }
    if (why !== 'other') return
    for (const nodes of services.values()) nodes.forgetRevisions()
    // Whoever has not registered by then is gone.
    cancelGrace()
    const readAgain = () => {
      for (const scope of scopes.values()) scope.isBehind = true
      // When it fails, etcd is away, and it is read when the feed stands again.
      void onStanding().catch(() => undefined)
    }
    cancelGrace = clock.after(graceMs, readAgain, { background: true })
  }

  /** Reads what is behind, a few at a time. */
  async function onStanding(): Promise<void> {
    const behind = [...scopes.values()].filter(({ isBehind }) => isBehind)
    const work = Array.from({ length: maxReads }, async () => {
      for (let scope = behind.pop(); scope !== undefined; scope = behind.pop()) await load(scope)
    })
    await Promise.all(work)
  }

  function scopeOf(service: string | undefined): Scope {
    const known = scopes.get(service)
    if (known !== undefined) return known
    if (scopes.size >= maxFollowed) forget()
    const scope: Scope = { service, revision: 0, isBehind: false, isFilling: false, loading: undefined, pending: undefined }
    scopes.set(service, scope)
    return scope
  }

  /** Those that nobody runs first; then the one that was asked for first. */
  function forget(): void {
    const kept = new Set([undefined, ...[...subscriptions.values()].map(({ service }) => service)])
    const idle = [...scopes.values()].filter(({ service, loading }) => !kept.has(service) && loading === undefined)
    const empty = idle.filter(({ service = '' }) => (services.get(service)?.size ?? 0) === 0)
    for (const { service = '' } of empty.length > 0 ? empty : idle.slice(0, 1)) {
      scopes.delete(service)
      if (!scopes.has(undefined)) services.delete(service)
    }
  }

  async function ensure(scope: Scope): Promise<void> {
    await feed.start()
    if (!isKnown(scope.service)) await load(scope)
  }

  // Without the feed a list is as old as it is, and nobody would tell.
  const isKnown = (service: string | undefined) => feed.hasStood && (scopes.get(service)?.revision ?? 0) > 0

  return {
    known: (service) => (isKnown(service) || isKnown(undefined) ? (services.get(service)?.snapshot ?? nobody) : undefined),
    async follow(service) {
      await ensure(scopeOf(service))
      return services.get(service)?.snapshot ?? nobody
    },
    followAll: () => ensure(scopeOf(undefined)),
    get names() {
      if (!isKnown(undefined)) return undefined
      return [...services].flatMap(([name, nodes]) => (nodes.size > 0 ? [name] : [])).sort()
    },
    async reached(service, revision) {
      if (scopes.has(service) || scopes.has(undefined)) await feed.reached(revision)
    },
    subscribe(service, listener) {
      const subscription = { service, listener }
      subscriptions.set(subscription, subscription)
      const release = feed.hold()
      return () => {
        if (subscriptions.delete(subscription)) release()
      }
    },
    close() {
      cancelGrace()
      feed.close()
    },
  }
}
