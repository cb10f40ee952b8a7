import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { baseErrors, systemClock, type Cancel } from '../../base/index.js'
import { isLoopback, natsUrl } from '../address.js'
import { localClient } from '../client/local-client.js'
import { natsErrors } from '../errors.js'
import type { NatsClient, NatsServer } from '../nats.js'
import { throwLater } from '../throw-later.js'
import { slabPool } from '../wire/outbox.js'
import { errorTexts, protocolVersion, type NatsInfo } from '../wire/protocol.js'
import { ServerConnection, type Hub } from './connection.js'
import { credentials } from './handshake.js'
import { endOneByOne, type LameDuckOptions } from './lame-duck.js'
import { monitor, type Monitor } from './monitor.js'
import { limitsOf, type NatsServerOptions } from './options.js'
import { router } from './router.js'
import { encryption } from './tls.js'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/**
 * Starts a NATS server and resolves when it listens.
 *
 * It speaks the client protocol of nats-server for any NATS client: publish, subscribe, wildcards, queue groups, headers, request and reply, users with
 * permissions, TLS, lame duck mode. It has no JetStream, cluster or leaf nodes: a request to `$JS.API` finds no responder, as at a nats-server without
 * JetStream.
 *
 * @throws `failed_precondition`/`PUBLIC_WITHOUT_AUTHENTICATION`, `unavailable`/`PORT_TAKEN`, `unavailable`/`LISTEN_FAILED`,
 * `invalid_argument`/`NATS_USER_INVALID`, `invalid_argument`/`PERMISSION_INVALID`, `invalid_argument`/`NATS_TLS_INVALID`
 */
export async function natsServer(options: NatsServerOptions = {}): Promise<NatsServer> {
  const { host = '127.0.0.1', clock = systemClock, random = Math.random, onEvent = () => undefined } = options
  const limits = limitsOf(options)
  const logins = credentials(options.users ?? [], options.token)
  const tls = options.tls === undefined ? undefined : encryption(options.tls)
  if (!isLoopback(host) && !logins.isAsked && tls?.isVerifying !== true) throw natsErrors.publicWithoutAuthentication(host)

  const connections = new Set<ServerConnection>()
  // Sockets whose TLS handshake is under way.
  const unready = new Set<Socket>()
  const locals = new Set<NatsClient>()
  const stopping = new AbortController()
  let due: ServerConnection[] = []
  let slowConsumers = 0
  let clientIds = 0
  let closing: Promise<void> | undefined
  let leaving: Promise<void> | undefined

  const flushAll = () => {
    const now = clock.now()
    const all = due
    due = []
    for (const connection of all) {
      connection.isDue = false
      connection.activeAt = now
      connection.outbox.flush()
    }
  }
  const hub: Hub = {
    router: router(random),
    pool: slabPool(),
    clock,
    credentials: logins,
    limits,
    flushSoon(connection) {
      if (connection.isDue) return
      connection.isDue = true
      if (due.push(connection) === 1) process.nextTick(flushAll)
    },
    onEnding(connection, reason, detail = reason) {
      if (!connections.delete(connection)) return
      const of = { clientId: connection.id, clientName: connection.agreement.name }
      if (reason === errorTexts.slowConsumer) {
        slowConsumers++
        onEvent({ type: 'slow-consumer', ...of, reason: `Slow Consumer Detected: ${detail}` })
      }
      onEvent({ type: 'disconnected', ...of, reason })
    },
  }

  const infoLine = (id: number, socket: Socket) =>
    `INFO ${JSON.stringify({ ...info, client_id: id, client_ip: socket.remoteAddress ?? '' })}\r\n`
  const admit = (id: number, socket: Socket, greeting: string) => {
    const connection = new ServerConnection(id, socket, hub)
    if (greeting !== '') connection.send(greeting)
    if (closing !== undefined) return connection.end('server shutdown')
    if (connections.size >= limits.maxConnections) return connection.end(errorTexts.maxConnections, errorTexts.maxConnections)
    connections.add(connection)
    onEvent({ type: 'connected', clientId: connection.id })
  }
  const listener = createServer({ pauseOnConnect: tls !== undefined }, (socket) => {
    const id = ++clientIds
    const greeting = infoLine(id, socket)
    if (tls === undefined) return admit(id, socket, greeting)
    // Each of them costs a handshake, so they count against the limit too; there is no word for it that they could read.
    if (connections.size + unready.size >= limits.maxConnections) return void socket.destroy()
    unready.add(socket)
    const secure = () =>
      tls.encrypt(socket, (encrypted) => {
        unready.delete(socket)
        if (encrypted !== undefined) admit(id, encrypted, tls.isFirst ? greeting : '')
      })
    // The line goes out in the clear before anything else does.
    if (tls.isFirst) secure()
    else socket.write(greeting, secure)
  })
  const port = await listen(listener, host, options.port ?? 0)

  const id = Array.from({ length: 56 }, (_, index) => (index === 0 ? 'N' : alphabet[Math.floor(random() * 32)])).join('')
  let info: NatsInfo = {
    server_id: id,
    server_name: options.name ?? id,
    version: protocolVersion,
    proto: 1,
    host,
    port,
    headers: true,
    max_payload: limits.maxPayloadBytes,
    ...(logins.isAsked ? { auth_required: true } : {}),
    ...(tls === undefined ? {} : { tls_required: true }),
    ...(tls?.isVerifying === true ? { tls_verify: true } : {}),
  }

  const stopTimers = [
    every(limits.pingIntervalMs, () => {
      for (const connection of connections) connection.ping()
    }),
    every(Math.max(1, limits.writeDeadlineMs / 4), () => {
      const nowMs = clock.monotonicMs()
      for (const connection of connections) connection.checkWrite(nowMs)
    }),
  ]

  const stats = {
    get connections() {
      return connections.size + locals.size
    },
    get subscriptions() {
      return hub.router.subscriptions.size
    },
    get slowConsumers() {
      return slowConsumers
    },
  }
  const url = natsUrl(host, port)
  const watched = {
    host,
    info: () => info,
    limits,
    hub,
    connections,
    counts: stats,
    startedAt: clock.now(),
    totalConnections: () => clientIds,
  }
  let pages: Monitor | undefined
  if (options.monitorPort !== undefined) pages = await monitor(options.monitorPort, watched).catch(giveUp)

  return {
    host,
    port,
    url,
    get info() {
      return info
    },
    monitorUrl: pages?.url,
    get stats() {
      const { connections, subscriptions, slowConsumers } = stats
      return { ...hub.router.counts, connections, subscriptions, slowConsumers }
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
    lameDuck: (how = {}) => (leaving ??= lameDuck(how)),
    close: () => (closing ??= close()),
  }

  async function lameDuck(how: LameDuckOptions): Promise<void> {
    if (closing !== undefined) return closing
    listener.close()
    info = { ...info, ldm: true }
    for (const connection of connections) if (connection.agreement.protocol > 0) connection.send(infoLine(connection.id, connection.socket))
    try {
      await endOneByOne(connections, how, { clock, random, signal: stopping.signal })
    } catch {
      // close() was called meanwhile, which ends those that are left at once.
    }
    await (closing ??= close())
  }

  async function close(): Promise<void> {
    stopping.abort()
    for (const stop of stopTimers) stop()
    const stopped = new Promise<void>((resolve) => listener.close(() => resolve()))
    for (const client of locals) await client.close()
    for (const connection of connections) connection.end('server shutdown')
    for (const socket of unready) socket.destroy()
    await pages?.close()
    await stopped
  }

  async function giveUp(error: unknown): Promise<never> {
    await (closing ??= close())
    throw error
  }

  function every(periodMs: number, run: () => void): Cancel {
    let cancel: Cancel
    const again = () => {
      run()
      cancel = clock.after(periodMs, again, { background: true })
    }
    cancel = clock.after(periodMs, again, { background: true })
    return () => cancel()
  }
}

function listen(listener: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    // Later ones too: a connection that could not be accepted is its client's loss, not the server's end.
    listener.on('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? natsErrors.portTaken(host, port, error) : natsErrors.listenFailed(host, port, error)),
    )
    listener.listen({ host, port }, () => resolve((listener.address() as AddressInfo).port))
  })
}
