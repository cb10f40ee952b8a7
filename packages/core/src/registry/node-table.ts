import type { Cancel, Clock } from '../base/index.js'
import { encodeService } from './json.js'
import type { NodeRecord, RegistryChange, ServiceRecord } from './registry.js'

/** One node, with what its service said of itself when it was put. */
export interface NodeEntry {
  /** The service with this node alone. */
  readonly service: ServiceRecord
  readonly node: NodeRecord
  /** Who put it: whatever the putter chose to know its own by. */
  readonly owner: object
  /** On the monotonic clock; absent when it stays. */
  readonly expiresAtMs?: number | undefined
}

/** How a node is put. */
export interface PutNode {
  readonly owner: object
  /** On the monotonic clock. Absent: it stays. */
  readonly expiresAtMs?: number | undefined
}

/** Nodes by service and id, that go away when their time is over and tell what happens to them. */
export interface NodeTable {
  /** Puts each node of `service`, over one with its name and id. Listeners hear of new and of changed ones, not of mere renewals. */
  put(service: ServiceRecord, options: PutNode): void
  /** Takes one node out. Gives whether it was there. */
  remove(name: string, nodeId: string): boolean
  /** The live node. */
  get(name: string, nodeId: string): NodeEntry | undefined
  /** The live nodes of a service, one record for each version, described as its last changed node describes it. */
  lookup(name: string): readonly ServiceRecord[]
  /** The names with a live node, sorted. */
  names(): string[]
  /** Every live node, of one service or of all. */
  entries(name?: string): readonly NodeEntry[]
  /** Calls `listener` with each change, and the entry that it is about, until the returned function is called. */
  subscribe(listener: (change: RegistryChange, entry: NodeEntry) => void): Cancel
  /** Stops the timer. The nodes stay until their time. */
  stop(): void
}

interface StoredEntry extends NodeEntry {
  /** Equal for nodes whose data is equal. */
  readonly signature: string
}

// A timer cannot wait longer (about 24 days); it looks again then.
const maxTimerMs = 2 ** 31 - 1

/** An empty table on `clock`. */
export function nodeTable(clock: Clock): NodeTable {
  const services = new Map<string, Map<string, StoredEntry>>()
  const listeners = new Set<(change: RegistryChange, entry: NodeEntry) => void>()
  let timer: { readonly atMs: number; readonly cancel: Cancel } | undefined

  const tell = (type: RegistryChange['type'], entry: NodeEntry) => {
    for (const listener of listeners) listener({ type, service: entry.service }, entry)
  }
  const take = (entry: StoredEntry) => {
    const nodes = services.get(entry.service.name)
    nodes?.delete(entry.node.id)
    if (nodes?.size === 0) services.delete(entry.service.name)
    tell('delete', entry)
  }
  const sweep = () => {
    const nowMs = clock.monotonicMs()
    if (timer === undefined || timer.atMs > nowMs) return
    timer.cancel()
    timer = undefined
    const all = [...services.values()].flatMap((nodes) => [...nodes.values()])
    let nextMs = Infinity
    for (const entry of all) {
      if (entry.expiresAtMs === undefined) continue
      if (entry.expiresAtMs <= nowMs) take(entry)
      else nextMs = Math.min(nextMs, entry.expiresAtMs)
    }
    wakeAt(nextMs)
  }
  const wakeAt = (atMs: number) => {
    if (atMs === Infinity || (timer !== undefined && timer.atMs <= atMs)) return
    timer?.cancel()
    const delayMs = Math.min(maxTimerMs, Math.max(0, atMs - clock.monotonicMs()))
    // A timer may fire a fraction of a millisecond early by the monotonic clock; sweep() then arms it again.
    timer = { atMs, cancel: clock.after(Math.ceil(delayMs), sweepAgain, { background: true }) }
  }
  const sweepAgain = () => {
    const atMs = timer?.atMs ?? Infinity
    if (atMs > clock.monotonicMs()) {
      timer = undefined
      wakeAt(atMs)
    } else sweep()
  }

  return {
    put(service, { owner, expiresAtMs }) {
      sweep()
      for (const node of service.nodes) {
        const one = service.nodes.length === 1 ? service : { ...service, nodes: [node] }
        const nodes = services.get(service.name) ?? new Map<string, StoredEntry>()
        services.set(service.name, nodes)
        const before = nodes.get(node.id)
        const entry = { service: one, node, owner, expiresAtMs, signature: encodeService(one) }
        const isSame = before?.signature === entry.signature
        // A changed node goes to the end, so that the last description of a version is the newest.
        if (!isSame) nodes.delete(node.id)
        nodes.set(node.id, entry)
        if (expiresAtMs !== undefined) wakeAt(expiresAtMs)
        if (!isSame) tell(before === undefined ? 'create' : 'update', entry)
      }
    },
    remove(name, nodeId) {
      sweep()
      const entry = services.get(name)?.get(nodeId)
      if (entry !== undefined) take(entry)
      return entry !== undefined
    },
    get(name, nodeId) {
      sweep()
      return services.get(name)?.get(nodeId)
    },
    lookup(name) {
      sweep()
      const versions = new Map<string, ServiceRecord>()
      for (const { service, node } of services.get(name)?.values() ?? []) {
        const others = versions.get(service.version)?.nodes ?? []
        versions.set(service.version, { ...service, nodes: [...others, node] })
      }
      return [...versions.values()]
    },
    names() {
      sweep()
      return [...services.keys()].sort()
    },
    entries(name) {
      sweep()
      const chosen = name === undefined ? [...services.values()] : [services.get(name) ?? new Map<string, StoredEntry>()]
      return chosen.flatMap((nodes) => [...nodes.values()])
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    stop() {
      timer?.cancel()
      timer = undefined
    },
  }
}
