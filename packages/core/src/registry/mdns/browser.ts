import type { Cancel, Clock } from '../../base/index.js'
import type { NodeTable } from '../node-table.js'
import type { ServiceRecord } from '../registry.js'
import { formatAddress } from '../validate.js'
import { readResponse, type HeardNode } from './heard.js'
import { isLoopback, isUnspecified, parseIp } from './ip.js'
import type { Link, Received } from './link.js'
import { instanceName, query, serviceName, servicesName } from './packet.js'
import { decodeText, type Zlib } from './txt.js'

/** Learns of the nodes of others, by asking and by listening, and puts them into the table. */
export interface Browser {
  receive(received: Received): void
  /** From what is known, when that can be trusted; else asks and waits until the answers went quiet, at most 100 ms. */
  lookup(name: string): Promise<readonly ServiceRecord[]>
  /** Asks for the names of all services, and for the nodes of those that it knows none of. */
  list(): Promise<readonly string[]>
  /** Keeps a service, or all, fresh until the returned function is called. */
  follow(name: string | undefined): Cancel
  /** How many nodes of a service belong to other projects and were passed over. */
  passedOver(name: string): number
  close(): void
}

/** What a {@link Browser} works with. */
export interface BrowserOptions {
  readonly link: Pick<Link, 'ask' | 'canAsk' | 'isListening'>
  readonly table: NodeTable
  readonly zlib: Pick<Zlib, 'inflateSync'>
  readonly clock: Clock
  readonly random: () => number
  readonly project: string | undefined
  /** The owner, in the table, of the nodes that this browser puts. Nodes of other owners it leaves alone. */
  readonly owner: object
}

interface Known extends HeardNode {
  readonly service: string
  readonly nodeId: string
  readonly heardAtMs: number
  /** Questions for its service that it did not answer, one after the other. */
  readonly missed: number
}

// Go waits 100 ms for whatever comes. On loopback answers come within 2 ms, on a network within a few; once they came, 20 ms of quiet are enough.
const quietMs = 20
const waitMs = 100
// One packet may be lost; a second question costs 30 bytes.
const askAgainMs = 40
// Known nodes are given at once; they are asked for again, unheard, no more often than this.
const refreshMs = 5000
// Without a listener nobody tells us of goodbyes, so what we know is only worth this long.
const deafTrustMs = 1000
// A node that answers none of three questions, a second apart, is gone: killed, or cut off. RFC 6762, 10.5, has two within ten seconds.
const answerByMs = 1000
const maxMissed = 3
// How often the times of all nodes are looked at, and which part of its time a node has left when its service is asked for again.
const tickMs = 5000
const renewPart = 0.3
// A service that nobody looked up for this long is no longer kept fresh.
const interestMs = 600_000
const maxTtlSeconds = 4500
const maxNodes = 10_000
const maxNames = 1000

/** A browser that knows nothing yet. */
export function browser(options: BrowserOptions): Browser {
  const { link, table, zlib, clock, random, project, owner } = options
  const known = new Map<string, Known>()
  const foreign = new Map<string, string>()
  const asks = new Map<string, { readonly done: Promise<void>; readonly heard: () => void; readonly stop: () => void }>()
  const askedAtMs = new Map<string, number>()
  const answered = new Set<string>()
  const wantedAtMs = new Map<string, number>()
  const followed = new Map<object, string | undefined>()
  const checks = new Map<string, Cancel>()
  const listed = new Set<string>()
  let cancelTick: Cancel | undefined
  let isClosed = false

  const unsubscribe = table.subscribe((change, entry) => {
    if (change.type === 'delete' && entry.owner === owner)
      known.delete(instanceName({ service: entry.service.name, nodeId: entry.node.id }))
  })

  const forget = (one: Known) => {
    known.delete(one.instance)
    if (table.get(one.service, one.nodeId)?.owner === owner) table.remove(one.service, one.nodeId)
  }
  const keep = (one: Known, put: () => void) => {
    // Putting may find that the node's time was over, which forgets it: so it is remembered after.
    put()
    known.set(one.instance, one)
    asks.get(serviceName(one.service))?.heard()
    cancelTick ??= clock.after(tickMs, tick, { background: true })
  }
  const accept = (heard: HeardNode, near: Received['near']) => {
    const before = known.get(heard.instance)
    const heardAtMs = clock.monotonicMs()
    const expiresAtMs = heardAtMs + Math.min(heard.ttlSeconds, maxTtlSeconds) * 1000
    const entry = before === undefined ? undefined : table.get(before.service, before.nodeId)
    if (before !== undefined && entry?.owner === owner && isSame(before, heard))
      return keep({ ...before, ...heard, heardAtMs, missed: 0 }, () => table.put(entry.service, { owner, expiresAtMs }))

    const record = readNode(heard, near, zlib)
    if (record === undefined) return
    const [node] = record.nodes
    if (node === undefined || (table.get(record.name, node.id)?.owner ?? owner) !== owner) return
    const theirs = node.metadata['project']
    if (project !== undefined && theirs !== undefined && theirs !== project) {
      // One of ours may have the same id; it is not the one that was heard.
      if (foreign.size < maxNodes) foreign.set(heard.instance, record.name)
      return
    }
    foreign.delete(heard.instance)
    if (before === undefined && known.size >= maxNodes) return
    if (before !== undefined && before.service !== record.name) forget(before)
    keep({ ...heard, service: record.name, nodeId: node.id, heardAtMs, missed: 0 }, () => table.put(record, { owner, expiresAtMs }))
  }

  /** Asks once at a time for a name. Resolves when the answers went quiet. */
  const ask = (name: string): Promise<void> => {
    const running = asks.get(name)
    if (running !== undefined) return running.done
    if (isClosed || !link.canAsk) return Promise.resolve()
    const message = query(name, Math.floor(random() * 65_536))
    let cancelQuiet: Cancel | undefined
    let finish: () => void = () => undefined
    const done = new Promise<void>((resolve) => (finish = resolve))
    const again = clock.after(askAgainMs, () => link.ask(message))
    // One turn more after the time, so that what waits in the socket of a busy process is read first.
    let limit = clock.after(waitMs, () => (limit = clock.after(1, stop)))
    const stop = () => {
      for (const cancel of [again, limit, cancelQuiet]) cancel?.()
      asks.delete(name)
      finish()
    }
    const heard = () => {
      again()
      cancelQuiet?.()
      cancelQuiet = clock.after(quietMs, stop)
    }
    asks.set(name, { done, heard, stop })
    link.ask(message)
    return done
  }
  const askForNodes = async (name: string): Promise<void> => {
    const startedAtMs = clock.monotonicMs()
    askedAtMs.set(name, startedAtMs)
    await ask(serviceName(name))
    if (wantedAtMs.has(name)) answered.add(name)
    if (isClosed || checks.has(name)) return
    if (nodesOf(name).length > 0)
      checks.set(
        name,
        clock.after(answerByMs, () => miss(name, startedAtMs), { background: true }),
      )
  }
  const miss = (name: string, sinceMs: number) => {
    checks.delete(name)
    const silent = nodesOf(name).filter((one) => one.heardAtMs < sinceMs)
    for (const one of silent) {
      if (one.missed + 1 >= maxMissed) forget(one)
      else known.set(one.instance, { ...one, missed: one.missed + 1 })
    }
    if (silent.some((one) => known.has(one.instance))) void askForNodes(name)
  }
  const nodesOf = (name: string) =>
    table
      .entries(name)
      .map((entry) => known.get(instanceName({ service: name, nodeId: entry.node.id })))
      .filter((one) => one !== undefined)

  const tick = () => {
    cancelTick = known.size === 0 ? undefined : clock.after(tickMs, tick, { background: true })
    const nowMs = clock.monotonicMs()
    for (const [name, atMs] of wantedAtMs) {
      if (nowMs - atMs < interestMs) continue
      for (const one of [wantedAtMs, askedAtMs, answered]) one.delete(name)
    }
    const wanted = new Set([...wantedAtMs.keys(), ...followed.values()])
    const due = [...known.values()].filter((one) => one.heardAtMs + one.ttlSeconds * 1000 * (1 - renewPart) <= nowMs)
    for (const name of new Set(due.map((one) => one.service))) {
      if (wanted.has(name) || wanted.has(undefined)) void askForNodes(name)
    }
  }
  const lookup = async (name: string): Promise<readonly ServiceRecord[]> => {
    const nowMs = clock.monotonicMs()
    const ageMs = nowMs - (askedAtMs.get(name) ?? -Infinity)
    if (wantedAtMs.size >= maxNames) for (const one of [wantedAtMs, askedAtMs, answered]) one.clear()
    wantedAtMs.set(name, nowMs)
    const isTrusted = answered.has(name) && (link.isListening || ageMs < deafTrustMs)
    const nodes = isTrusted ? table.lookup(name) : []
    if (nodes.length === 0) {
      await askForNodes(name)
      return table.lookup(name)
    }
    if (ageMs >= refreshMs) void askForNodes(name)
    return nodes
  }

  return {
    receive({ message, near }) {
      const heard = readResponse(message)
      for (const node of heard.nodes) {
        const one = known.get(node.instance)
        if (node.ttlSeconds > 0) accept(node, near)
        else if (one === undefined) foreign.delete(node.instance)
        // Another project's node may have the same id, but not the same place.
        else if (one.port === node.port && (node.address === '' || node.address === one.address)) forget(one)
      }
      for (const service of heard.services) {
        if (listed.size < maxNames) listed.add(service)
        asks.get(servicesName)?.heard()
      }
    },
    lookup,
    async list() {
      listed.clear()
      await ask(servicesName)
      const live = new Set(table.names())
      await Promise.all([...listed].filter((name) => !live.has(name)).map(lookup))
      return table.names()
    },
    follow(name) {
      const key = {}
      followed.set(key, name)
      return () => void followed.delete(key)
    },
    passedOver: (name) => [...foreign.values()].filter((service) => service === name).length,
    close() {
      isClosed = true
      unsubscribe()
      cancelTick?.()
      for (const cancel of checks.values()) cancel()
      for (const one of asks.values()) one.stop()
    },
  }
}

/** The service, with the one node that was heard of; undefined when it is not go-micro's or nobody here could call it. */
export function readNode(heard: HeardNode, near: Received['near'], zlib: Pick<Zlib, 'inflateSync'>): ServiceRecord | undefined {
  const bytes = parseIp(heard.address)
  // Another machine's loopback address would lead to whatever listens on that port here.
  if (bytes === undefined || isUnspecified(bytes) || heard.port === 0 || (near === 'link' && isLoopback(bytes))) return undefined
  const text = decodeText(heard.strings, zlib)
  const suffix = `.${serviceName(text?.service ?? '')}`
  const id = heard.instance.slice(0, -suffix.length)
  if (text === undefined || !heard.instance.endsWith(suffix) || id === '') return undefined
  const { service: name, version, endpoints, metadata, serviceMetadata } = text
  return {
    name,
    version,
    metadata: serviceMetadata,
    endpoints,
    nodes: [{ id, address: formatAddress(heard.address, heard.port), metadata }],
  }
}

function isSame(a: HeardNode, b: HeardNode): boolean {
  return (
    a.port === b.port &&
    a.address === b.address &&
    a.strings.length === b.strings.length &&
    a.strings.every((one, index) => one === b.strings[index])
  )
}
