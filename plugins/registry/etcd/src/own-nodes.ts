import { backoffMs, type Cancel, type Clock } from '@microts/core/base'
import { messageOf } from './errors.js'
import { isLeaseGone, type Gateway, type Json } from './gateway.js'
import { toBase64, type Keys } from './keys.js'

/** A node that this process keeps in etcd. */
export interface OwnNode {
  readonly service: string
  readonly id: string
  /** go-micro's JSON of the service with this node alone. */
  readonly value: string
}

/** The nodes that this process registered, each with a lease of its own that is kept alive until the node's time is over. */
export interface OwnNodes {
  /** Puts a node, or renews it. Gives the revision at which it changed; 0 when it was as it is. `ttlMs`: undefined, it stays. */
  put(node: OwnNode, ttlMs: number | undefined): Promise<number>
  /** Takes a node out, whoever put it. Gives the revision at which it went; 0 when it was not there. */
  remove(service: string, id: string): Promise<number>
  /** Ends all leases, and with them the nodes. Rejects when etcd does not take part: the leases then end by themselves. */
  close(): Promise<void>
}

/** How to make {@link OwnNodes}. */
export interface OwnNodesOptions {
  readonly gateway: Gateway
  readonly keys: Keys
  readonly clock: Clock
  readonly random: () => number
  readonly warn: (message: string, data?: Readonly<Record<string, unknown>>) => void
}

interface Held {
  node: OwnNode
  /** How long a lease was asked for, and what etcd gave: it has a least, of 2 s mostly. */
  readonly wantedSeconds: number
  lease: { readonly id: string; readonly ms: number } | undefined
  /** On the monotonic clock; Infinity: never. */
  deadlineMs: number
  renewAtMs: number
}

// For nodes that stay: how long they are listed after their process was killed.
const lastingSeconds = 15
const retryBaseMs = 50
const retryCapMs = 2000

/** Makes {@link OwnNodes}; nothing happens before the first `put`. */
export function openOwnNodes({ gateway, keys, clock, random, warn }: OwnNodesOptions): OwnNodes {
  const held = new Map<string, Held>()
  const tails = new Map<string, Promise<unknown>>()
  let cancelTimer: Cancel = () => undefined
  let failures = 0
  let isRenewing = false
  let isClosed = false

  /** One after the other for each node: the last call wins, whole. */
  function inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    const done = (tails.get(key) ?? Promise.resolve()).then(work)
    const tail = done.then(
      () => undefined,
      () => undefined,
    )
    tails.set(key, tail)
    void tail.then(() => tails.get(key) === tail && tails.delete(key))
    return done
  }

  async function put(key: string, node: OwnNode, ttlMs: number | undefined): Promise<number> {
    const nowMs = clock.monotonicMs()
    const deadlineMs = ttlMs === undefined ? Infinity : nowMs + ttlMs
    // Half of its time, so that keeping the lease alive never lets it outlive that time, also when this process is killed.
    const wantedSeconds = ttlMs === undefined ? lastingSeconds : Math.max(1, Math.ceil(ttlMs / 2000))
    const before = held.get(key)
    if (before === undefined || before.wantedSeconds !== wantedSeconds) {
      const next: Held = { node, wantedSeconds, lease: undefined, deadlineMs, renewAtMs: Infinity }
      const revision = await grantAndPut(key, next)
      held.set(key, next)
      arm()
      // The new put took the node off it.
      if (before?.lease !== undefined) await revoke(before.lease.id)
      return revision
    }
    before.deadlineMs = deadlineMs
    arm()
    const isSame = before.node.value === node.value
    before.node = node
    try {
      const isAlive = (await keepAlive([before])).has(before)
      return isAlive ? await putWith(key, before, isSame) : await grantAndPut(key, before)
    } catch (error) {
      // It is tried again without the caller, who has said that the node lives.
      before.renewAtMs = clock.monotonicMs()
      throw error
    }
  }

  async function grantAndPut(key: string, one: Held): Promise<number> {
    const [reply = {}] = await gateway.call(`register "${one.node.service}"`, '/v3/lease/grant', { TTL: String(one.wantedSeconds) })
    one.lease = { id: String(reply['ID']), ms: Number(reply['TTL'] ?? one.wantedSeconds) * 1000 }
    one.renewAtMs = nextRenewal(one)
    return putWith(key, one, false)
  }

  /** `isSame`: put only when somebody took it out, or put another in its place. */
  async function putWith(key: string, one: Held, isSame: boolean): Promise<number> {
    const lease = one.lease?.id ?? '0'
    const request = { key: toBase64(key), value: toBase64(one.node.value), lease }
    const compare = { key: request.key, target: 'LEASE', result: 'EQUAL', lease }
    const what = `register "${one.node.service}"`
    try {
      const [reply = {}] = isSame
        ? await gateway.call(what, '/v3/kv/txn', { compare: [compare], success: [], failure: [{ request_put: request }] })
        : await gateway.call(what, '/v3/kv/put', request)
      return reply['succeeded'] === true ? 0 : revisionOf(reply)
    } catch (error) {
      if (!isLeaseGone(error)) throw error
      // Between the two requests: rare, but a stopped process can be stopped there.
      one.lease = undefined
      return grantAndPut(key, one)
    }
  }

  async function remove(key: string, service: string): Promise<number> {
    const own = held.get(key)
    held.delete(key)
    arm()
    const [reply = {}] = await gateway.call(`deregister "${service}"`, '/v3/kv/deleterange', { key: toBase64(key) })
    if (own?.lease !== undefined) await revoke(own.lease.id)
    return Number(reply['deleted'] ?? 0) > 0 ? revisionOf(reply) : 0
  }

  async function revoke(id: string): Promise<void> {
    await gateway.call('end a lease', '/v3/lease/revoke', { ID: id }).catch((error: unknown) => {
      // One that is over already is what was wanted.
      if (!isLeaseGone(error)) throw error
    })
  }

  /** One request for all. Gives those whose leases live; for the others etcd has forgotten them. */
  async function keepAlive(wanted: readonly Held[]): Promise<ReadonlySet<Held>> {
    const byLease = new Map(wanted.flatMap((one) => (one.lease === undefined ? [] : [[one.lease.id, one] as const])))
    if (byLease.size === 0) return new Set()
    const replies = await gateway.call(
      'keep nodes registered',
      '/v3/lease/keepalive',
      [...byLease.keys()].map((ID) => ({ ID })),
    )
    const living = new Set<Held>()
    for (const reply of replies) {
      const one = byLease.get(String(reply['ID']))
      if (one === undefined || Number(reply['TTL'] ?? 0) <= 0) continue
      one.renewAtMs = nextRenewal(one)
      living.add(one)
    }
    return living
  }

  /** After about a third of the lease, and never so late that the lease would outlive the node's time. */
  function nextRenewal({ lease, deadlineMs }: Held): number {
    const nowMs = clock.monotonicMs()
    const leaseMs = lease?.ms ?? 0
    const lastMs = deadlineMs - leaseMs
    const wantedMs = nowMs + (leaseMs / 3) * (0.75 + random() / 4)
    if (wantedMs <= lastMs) return wantedMs
    // A renewal that would win next to nothing is left out.
    return lastMs > nowMs + leaseMs / 20 ? lastMs : Infinity
  }

  function arm(delayMs?: number): void {
    cancelTimer()
    if (isClosed || held.size === 0 || isRenewing) return
    let atMs = Infinity
    for (const one of held.values()) atMs = Math.min(atMs, one.renewAtMs, one.deadlineMs)
    if (atMs === Infinity) return
    const waitMs = Math.max(0, delayMs ?? 0, atMs - clock.monotonicMs())
    cancelTimer = clock.after(Math.min(Math.ceil(waitMs), 2 ** 31 - 1), () => void tick(), { background: true })
  }

  async function tick(): Promise<void> {
    isRenewing = true
    try {
      await renewDue()
      failures = 0
    } catch {
      // The gateway says that etcd is away. What is due stays due, and is tried again.
      failures++
    } finally {
      isRenewing = false
      arm(failures === 0 ? 0 : backoffMs(failures, { baseMs: retryBaseMs, capMs: retryCapMs, random }))
    }
  }

  async function renewDue(): Promise<void> {
    const nowMs = clock.monotonicMs()
    const due: [string, Held][] = []
    for (const [key, one] of held) {
      if (one.deadlineMs <= nowMs) drop(key, one)
      // Those of the next moment too: one request for all nodes of a process.
      else if (one.renewAtMs <= nowMs + (one.lease?.ms ?? 0) / 20) due.push([key, one])
    }
    if (due.length === 0) return
    const living = await keepAlive(due.map(([, one]) => one))
    await Promise.all(due.filter(([, one]) => !living.has(one)).map(([key, one]) => restore(key, one)))
  }

  async function restore(key: string, one: Held): Promise<void> {
    await inTurn(key, async () => {
      if (isClosed || held.get(key) !== one) return
      await grantAndPut(key, one)
      warn(`the lease of "${one.node.id}" was gone; it is registered again`, { node: one.node.id })
    })
  }

  /** Nobody renewed it in time. */
  function drop(key: string, one: Held): void {
    held.delete(key)
    void inTurn(key, async () => {
      if (one.lease !== undefined && !held.has(key)) await revoke(one.lease.id)
    }).catch((error: unknown) => warn(`could not end the lease of "${one.node.id}", which ends by itself: ${messageOf(error)}`))
  }

  return {
    put: (node, ttlMs) => {
      const key = keys.keyOf(node.service, node.id)
      return inTurn(key, () => put(key, node, ttlMs))
    },
    remove: (service, id) => {
      const key = keys.keyOf(service, id)
      return inTurn(key, () => remove(key, service))
    },
    async close() {
      isClosed = true
      cancelTimer()
      // A registration that is under way would otherwise leave a node behind.
      await Promise.all(tails.values())
      const leases = [...held.values()].flatMap(({ lease }) => lease ?? [])
      held.clear()
      await Promise.all(leases.map(({ id }) => revoke(id)))
    },
  }
}

const revisionOf = (reply: Json) => Number(((reply['header'] ?? {}) as Json)['revision'] ?? 0)
