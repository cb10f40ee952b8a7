import { cpuUsage, memoryUsage } from 'node:process'
import { availableParallelism } from 'node:os'
import { TLSSocket } from 'node:tls'
import { protocolVersion, type NatsInfo } from '../wire/protocol.js'
import { isSubject, subjectMatches } from '../wire/subject.js'
import type { Hub, ServerConnection } from './connection.js'
import type { ServerLimits } from './options.js'
import type { ServerSubscription } from './router.js'

/** A server, as its monitoring pages see it. */
export interface Watched {
  readonly host: string
  readonly info: () => NatsInfo
  readonly limits: ServerLimits
  readonly hub: Hub
  readonly startedAt: number
  readonly connections: ReadonlySet<ServerConnection>
  /** Those in this process included. */
  readonly counts: { readonly connections: number; readonly slowConsumers: number }
  readonly totalConnections: () => number
}

/** A question that a page does not answer; the message is nats-server's. */
export class PageRefusal extends Error {}

const nanosPerMs = 1_000_000
const maxListed = 1024

/** `/varz`: the server as a whole. */
export function varz(watched: Watched, httpPort: number, requests: Readonly<Record<string, number>>): object {
  const { host, limits, hub, counts, totalConnections, startedAt } = watched
  const { server_id, server_name, port, auth_required, tls_required, tls_verify } = watched.info()
  const { messagesIn, messagesOut, bytesIn, bytesOut } = hub.router.counts
  const now = hub.clock.now()
  const { user, system } = cpuUsage()
  return {
    server_id,
    server_name,
    version: protocolVersion,
    proto: 1,
    host,
    port,
    ...(auth_required === true ? { auth_required } : {}),
    ...(tls_required === true ? { tls_required } : {}),
    ...(tls_verify === true ? { tls_verify } : {}),
    max_connections: limits.maxConnections,
    max_subscriptions: limits.maxSubscriptions,
    ping_interval: limits.pingIntervalMs * nanosPerMs,
    ping_max: limits.maxPingsOut,
    http_host: '127.0.0.1',
    http_port: httpPort,
    auth_timeout: limits.authenticationTimeoutMs / 1000,
    max_control_line: limits.maxControlLineBytes,
    max_payload: limits.maxPayloadBytes,
    max_pending: limits.maxPendingBytes,
    write_deadline: limits.writeDeadlineMs * nanosPerMs,
    start: time(startedAt),
    now: time(now),
    uptime: duration(now - startedAt),
    mem: memoryUsage.rss(),
    cores: availableParallelism(),
    // Percent of one core, over the life of the process.
    cpu: Math.round((user + system) / 10 / Math.max(1, process.uptime() * 1000)),
    connections: counts.connections,
    total_connections: totalConnections(),
    routes: 0,
    remotes: 0,
    leafnodes: 0,
    in_msgs: messagesIn,
    out_msgs: messagesOut,
    in_bytes: bytesIn,
    out_bytes: bytesOut,
    slow_consumers: counts.slowConsumers,
    subscriptions: hub.router.subscriptions.size,
    http_req_stats: requests,
  }
}

type Order = (a: ServerConnection, b: ServerConnection) => number

// By the names that nats-server gives them; all but `cid` and `start` put the largest first.
const orders: Readonly<Record<string, Order>> = {
  cid: (a, b) => a.id - b.id,
  start: (a, b) => a.startedAt - b.startedAt,
  subs: (a, b) => b.subscriptions.size - a.subscriptions.size,
  pending: (a, b) => b.outbox.pendingBytes - a.outbox.pendingBytes,
  msgs_to: (a, b) => b.counts.messagesOut - a.counts.messagesOut,
  msgs_from: (a, b) => b.counts.messagesIn - a.counts.messagesIn,
  bytes_to: (a, b) => b.counts.bytesOut - a.counts.bytesOut,
  bytes_from: (a, b) => b.counts.bytesIn - a.counts.bytesIn,
  last: (a, b) => b.activeAt - a.activeAt,
  idle: (a, b) => a.activeAt - b.activeAt,
  uptime: (a, b) => a.startedAt - b.startedAt,
  rtt: (a, b) => (b.rttMs ?? 0) - (a.rttMs ?? 0),
}

/** `/connz`: who is connected. Those who were are not remembered. */
export function connz({ info, hub, connections }: Watched, query: URLSearchParams): object {
  const now = hub.clock.now()
  const sort = query.get('sort') ?? 'cid'
  const state = query.get('state') ?? 'open'
  const order = Object.hasOwn(orders, sort) ? orders[sort] : undefined
  if (order === undefined) throw new PageRefusal(`invalid sorting option: ${sort}`)
  if (!['open', 'closed', 'all', 'any'].includes(state)) throw new PageRefusal(`Error decoding state for ${state}`)
  const only = number(query, 'cid', 0)
  const all = state === 'closed' ? [] : [...connections].filter((connection) => only === 0 || connection.id === only).sort(order)
  const listed = part(all, query)
  return {
    server_id: info().server_id,
    now: time(now),
    num_connections: listed.items.length,
    total: all.length,
    offset: listed.offset,
    limit: listed.limit,
    connections: listed.items.map((connection) => described(connection, now, query)),
  }
}

function described(connection: ServerConnection, now: number, query: URLSearchParams): object {
  const { id, socket, agreement, counts, startedAt, activeAt, rttMs, outbox, subscriptions, login } = connection
  const subs = query.get('subs')
  return {
    cid: id,
    kind: 'Client',
    type: 'nats',
    ip: socket.remoteAddress ?? '',
    port: socket.remotePort ?? 0,
    start: time(startedAt),
    last_activity: time(activeAt),
    ...(rttMs === undefined ? {} : { rtt: `${rttMs.toFixed(3)}ms` }),
    uptime: duration(now - startedAt),
    idle: duration(now - activeAt),
    pending_bytes: outbox.pendingBytes,
    in_msgs: counts.messagesIn,
    out_msgs: counts.messagesOut,
    in_bytes: counts.bytesIn,
    out_bytes: counts.bytesOut,
    subscriptions: subscriptions.size,
    ...(agreement.name === undefined ? {} : { name: agreement.name }),
    ...(agreement.lang === undefined ? {} : { lang: agreement.lang }),
    ...(agreement.version === undefined ? {} : { version: agreement.version }),
    ...(socket instanceof TLSSocket ? { tls_version: socket.getProtocol() ?? '', tls_cipher_suite: socket.getCipher().standardName } : {}),
    ...(isOn(query.get('auth')) && login.user !== undefined ? { authorized_user: login.user } : {}),
    ...(subs === 'detail' ? { subscriptions_list_detail: limited(subscriptions).map((each) => detail(each, id)) } : {}),
    ...(isOn(subs) ? { subscriptions_list: limited(subscriptions).map((each) => text(each.subject)) } : {}),
  }
}

/** `/subsz`: what is subscribed to. */
export function subsz({ info, hub, connections }: Watched, query: URLSearchParams): object {
  const test = query.get('test')
  if (test !== null && !isSubject(test)) throw new PageRefusal(`invalid test subject, must be valid publish subject: ${test}`)
  const { size, counts } = hub.router.subscriptions
  const about = {
    server_id: info().server_id,
    now: time(hub.clock.now()),
    num_subscriptions: size,
    num_cache: counts.remembered,
    num_inserts: counts.inserts,
    num_removes: counts.removes,
    num_matches: counts.matches,
    cache_hit_rate: counts.matches === 0 ? 0 : counts.hits / counts.matches,
  }
  if (!isOn(query.get('subs'))) return { ...about, ...numbers(query), total: size }
  const all: { readonly connection: ServerConnection; readonly subscription: ServerSubscription }[] = []
  for (const connection of connections)
    for (const subscription of connection.subscriptions)
      if (test === null || subjectMatches(text(subscription.subject), test)) all.push({ connection, subscription })
  const { items, offset, limit } = part(all, query)
  const list = items.map(({ connection, subscription }) => ({ account: '$G', ...detail(subscription, connection.id) }))
  return { ...about, total: all.length, offset, limit, subscriptions_list: list }
}

const detail = ({ subject, queue, sid, received }: ServerSubscription, cid: number) => ({
  subject: text(subject),
  ...(queue === undefined ? {} : { qgroup: text(queue) }),
  sid: text(sid),
  msgs: received,
  cid,
})

function limited<T>(items: Iterable<T>): T[] {
  const taken: T[] = []
  for (const item of items) if (taken.push(item) >= maxListed) break
  return taken
}

function numbers(query: URLSearchParams): { readonly offset: number; readonly limit: number } {
  return { offset: number(query, 'offset', 0), limit: number(query, 'limit', maxListed) || maxListed }
}

function part<T>(all: readonly T[], query: URLSearchParams) {
  const { offset, limit } = numbers(query)
  return { offset, limit, items: all.slice(offset, offset + limit) }
}

function number(query: URLSearchParams, name: string, otherwise: number): number {
  const found = query.get(name)
  if (found === null) return otherwise
  if (!/^\d{1,15}$/.test(found)) throw new PageRefusal(`Error decoding int for '${name}': ${found}`)
  return Number(found)
}

const isOn = (value: string | null) => value === '1' || value === 'true'

// Subjects are kept one byte a character.
const text = (latin1: string) => Buffer.from(latin1, 'latin1').toString('utf8')

const time = (ms: number) => new Date(ms).toISOString()

// As Go's monitoring says it: 1y2d3h4m5s, without the leading parts that are 0.
function duration(ms: number): string {
  let rest = Math.max(0, Math.floor(ms / 1000))
  let said = ''
  for (const [unit, seconds] of [
    ['y', 365 * 86_400],
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
  ] as const) {
    const count = Math.floor(rest / seconds)
    rest -= count * seconds
    if (count > 0 || said !== '') said += `${count}${unit}`
  }
  return `${said}${rest}s`
}
