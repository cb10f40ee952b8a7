import { createServer, type AddressInfo, type Server } from 'node:net'
import { baseErrors, systemClock, type Cancel, type Clock } from '../../base/index.js'
import { isLoopback, natsUrl } from '../address.js'
import { ServerConnection, type Hub } from './connection.js'
import { natsErrors } from '../errors.js'
import { asksForLogin, type NatsUser } from './handshake.js'
import { localClient } from '../client/local-client.js'
import type { NatsClient, NatsServer } from '../nats.js'
import { slabPool } from '../wire/outbox.js'
import {
  defaultMaxControlLineBytes,
  defaultMaxPayloadBytes,
  defaultMaxPendingBytes,
  errorTexts,
  protocolVersion,
  type NatsInfo,
} from '../wire/protocol.js'
import { router } from './router.js'
import { throwLater } from '../throw-later.js'

/** How to run a server. */
export interface NatsServerOptions {
  /** One that other machines can reach needs `users` or `token`. @default '127.0.0.1' */
  readonly host?: string
  /** 0 is any free one. @default 0 */
  readonly port?: number
  /** `server_name` in INFO. @default the server's id */
  readonly name?: string
  readonly users?: readonly NatsUser[]
  readonly token?: string
  /** Of the arguments of one line. @default 4096 */
  readonly maxControlLineBytes?: number
  /** Headers and data of a message. @default 2_097_152 (2 MiB) */
  readonly maxPayloadBytes?: number
  /** What may wait for one connection before it is cut off as a slow consumer. @default 33_554_432 (32 MiB) */
  readonly maxPendingBytes?: number
  /** Further ones are turned away. @default 65_536 */
  readonly maxConnections?: number
  /** A connection that was not heard of for so long is asked; one that does not answer twice is ended. @default 120_000 */
  readonly pingIntervalMs?: number
  readonly clock?: Clock
  /** Evenly drawn from 0 (included) to 1 (excluded): picks members of queue groups. @default Math.random */
  readonly random?: () => number
  /** Told of what a log should say. */
  readonly onEvent?: (event: NatsServerEvent) => void
}

/** What happened to a connection. `reason` is the text of `-ERR` where there is one. */
export interface NatsServerEvent {
  readonly type: 'connected' | 'disconnected' | 'slow-consumer'
  readonly clientId: number
  /** As the client named itself in CONNECT. */
  readonly clientName?: string | undefined
  readonly reason?: string
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/**
 * Starts a NATS server and resolves when it listens.
 *
 * It speaks the client protocol of nats-server for any NATS client: publish, subscribe, wildcards, queue groups, headers, request and reply. It has no
 * JetStream, cluster or leaf nodes: a request to `$JS.API` finds no responder, as at a nats-server without JetStream.
 *
 * @throws `failed_precondition`/`PUBLIC_WITHOUT_AUTHENTICATION`, `unavailable`/`PORT_TAKEN`, `unavailable`/`LISTEN_FAILED`
 */
export async function natsServer(options: NatsServerOptions = {}): Promise<NatsServer> {
  const { host = '127.0.0.1', clock = systemClock, random = Math.random, onEvent = () => undefined } = options
  const { maxConnections = 65_536, pingIntervalMs = 120_000 } = options
  const credentials = { users: options.users, token: options.token }
  if (!isLoopback(host) && !asksForLogin(credentials)) throw natsErrors.publicWithoutAuthentication(host)

  const connections = new Set<ServerConnection>()
  const locals = new Set<NatsClient>()
  let dirty: ServerConnection[] = []
  let slowConsumers = 0
  let clientIds = 0
  let closing: Promise<void> | undefined

  const flushAll = () => {
    const due = dirty
    dirty = []
    for (const connection of due) connection.outbox.flush()
  }
  const hub: Hub = {
    router: router(random),
    pool: slabPool(),
    clock,
    credentials,
    maxControlLineBytes: options.maxControlLineBytes ?? defaultMaxControlLineBytes,
    maxPayloadBytes: options.maxPayloadBytes ?? defaultMaxPayloadBytes,
    maxPendingBytes: options.maxPendingBytes ?? defaultMaxPendingBytes,
    flushSoon(connection) {
      if (dirty.push(connection) === 1) process.nextTick(flushAll)
    },
    onEnding(connection, reason) {
      if (!connections.delete(connection)) return
      const of = { clientId: connection.id, clientName: connection.agreement.name }
      if (reason === errorTexts.slowConsumer) {
        slowConsumers++
        onEvent({ type: 'slow-consumer', ...of })
      }
      onEvent({ type: 'disconnected', ...of, reason })
    },
  }

  const listener = createServer((socket) => {
    const connection = new ServerConnection(++clientIds, socket, hub)
    connection.send(`INFO ${JSON.stringify({ ...info, client_id: connection.id, client_ip: socket.remoteAddress ?? '' })}\r\n`)
    if (connections.size >= maxConnections) return connection.end(errorTexts.maxConnections, errorTexts.maxConnections)
    connections.add(connection)
    onEvent({ type: 'connected', clientId: connection.id })
  })
  const port = await listen(listener, host, options.port ?? 0)

  const id = Array.from({ length: 24 }, () => alphabet[Math.floor(random() * 32)]).join('')
  const info: NatsInfo = {
    server_id: id,
    server_name: options.name ?? id,
    version: protocolVersion,
    proto: 1,
    host,
    port,
    headers: true,
    max_payload: hub.maxPayloadBytes,
    ...(asksForLogin(credentials) ? { auth_required: true } : {}),
  }

  let cancelPing: Cancel
  const pingAll = () => {
    for (const connection of connections) connection.ping()
    cancelPing = clock.after(pingIntervalMs, pingAll, { background: true })
  }
  cancelPing = clock.after(pingIntervalMs, pingAll, { background: true })

  const close = async () => {
    cancelPing()
    const stopped = new Promise<void>((resolve) => listener.close(() => resolve()))
    for (const client of locals) await client.close()
    for (const connection of connections) connection.end('server shutdown')
    await stopped
  }

  const url = natsUrl(host, port)
  return {
    host,
    port,
    url,
    info,
    get stats() {
      return {
        ...hub.router.counts,
        connections: connections.size + locals.size,
        subscriptions: hub.router.subscriptions.size,
        slowConsumers,
      }
    },
    connect() {
      if (closing !== undefined) throw baseErrors.closed('NATS server')
      const client = localClient({
        router: hub.router,
        clock,
        info,
        url,
        onError: throwLater,
        onClosed: (client) => locals.delete(client),
      })
      locals.add(client)
      return client
    },
    close: () => (closing ??= close()),
  }
}

function listen(listener: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    listener.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? natsErrors.portTaken(host, port, error) : natsErrors.listenFailed(host, port, error)),
    )
    listener.listen({ host, port }, () => resolve((listener.address() as AddressInfo).port))
  })
}
