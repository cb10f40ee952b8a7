import { backoffMs, baseErrors, MicroError, sleep, type Clock } from '@microts/core/base'
import { openConnection, type Connection } from './connection.js'
import { messageOf, rabbitmqErrors, type ServerFailure } from './errors.js'
import type { Server } from './servers.js'

/** A connection that comes back: to any of the servers, for as long as it takes. */
export interface Session {
  /** The server that it is, or was, connected to. */
  readonly url: string
  /** Undefined while no server is there. */
  readonly connection: Connection | undefined
  /** Resolves with the connection as soon as there is one; rejects when the session is closed. */
  connected(): Promise<Connection>
  /** `restore` is waited for on each further connection, before that counts as there. It must not throw. What this gives ends that. */
  onReturn(restore: (connection: Connection) => Promise<void>): () => void
  /** Says good-bye to the server, within `timeoutMs`. */
  close(timeoutMs: number): Promise<void>
}

/** How to make a {@link Session}. */
export interface SessionOptions {
  /** In the order in which they are tried. */
  readonly servers: readonly Server[]
  readonly name: string
  readonly caFile: string | undefined
  readonly connectTimeoutMs: number
  readonly heartbeatSeconds: number
  readonly clock: Clock
  readonly random: () => number
  readonly warn: (message: string, data?: Readonly<Record<string, unknown>>) => void
  /** On each connection, after what {@link Session.onReturn} was told. When it throws, the connection is of no use. */
  readonly prepare: (connection: Connection) => Promise<void>
}

// The first wait is short, since most losses are a restart; all are drawn from 0, so that a fleet does not come back in one moment.
const reconnectBaseMs = 50
const reconnectCapMs = 2000

/**
 * Connects, and connects again whenever the connection is lost.
 *
 * The library has this too, and waits from one to thirty seconds even when the server is back at once; nor does it say anything of what it tries (5.0.8).
 *
 * @throws `unavailable`/`BROKER_UNAVAILABLE` when no server answers, or what `openConnection` or `prepare` says of one
 */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { servers, clock, random, warn, prepare } = options
  const stop = new AbortController()
  const restorers = new Set<(connection: Connection) => Promise<void>>()
  const waiting: { readonly resolve: (found: Connection) => void; readonly reject: (cause: unknown) => void }[] = []
  let current: Connection | undefined
  let last = await connectFirst()
  current = last

  return {
    get url() {
      return last.server.url
    },
    get connection() {
      return current?.isOpen === true ? current : undefined
    },
    connected() {
      if (stop.signal.aborted) return Promise.reject(stop.signal.reason as Error)
      if (current?.isOpen === true) return Promise.resolve(current)
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }))
    },
    onReturn(restore) {
      restorers.add(restore)
      return () => restorers.delete(restore)
    },
    async close(timeoutMs) {
      const open = current
      stop.abort(baseErrors.closed('broker'))
      for (const { reject } of waiting.splice(0)) reject(stop.signal.reason)
      await open?.close(timeoutMs)
    },
  }

  function open(server: Server): Promise<Connection> {
    const connecting: Promise<Connection> = openConnection(server, {
      ...options,
      timeoutMs: options.connectTimeoutMs,
      signal: stop.signal,
      onLost: (cause) => void connecting.then((connection) => onLost(connection, cause)),
      onBlocked: (why) =>
        why === undefined
          ? warn(`the RabbitMQ server at ${server.url} takes messages again`, { url: server.url })
          : warn(`the RabbitMQ server at ${server.url} takes no messages: ${why}`, { url: server.url }),
    })
    return connecting
  }

  async function connectFirst(): Promise<Connection> {
    const failures: ServerFailure[] = []
    for (const server of servers) {
      try {
        return await openWhole(server)
      } catch (cause) {
        failures.push({ url: server.url, cause })
      }
    }
    // One that answers and refuses says more than all that do not answer.
    throw failures.map(({ cause }) => cause).find(MicroError.is) ?? rabbitmqErrors.unavailable(failures)
  }

  async function openWhole(server: Server): Promise<Connection> {
    const found = await open(server)
    try {
      // Subscriptions first, then what was published meanwhile: a reply to it must find its subscriber.
      await Promise.all([...restorers].map((restore) => restore(found)))
      await prepare(found)
      return found
    } catch (error) {
      await found.close(options.connectTimeoutMs)
      throw error
    }
  }

  function onLost(lost: Connection, cause: Error): void {
    // One that was not adopted: whoever opens it finds that it is not open.
    if (current !== lost || stop.signal.aborted) return
    current = undefined
    const { url } = lost.server
    warn(`lost the RabbitMQ server at ${url}: ${messageOf(cause)}; connecting again`, { url })
    void reconnect()
  }

  async function reconnect(): Promise<void> {
    let told = ''
    for (let attempt = 1; ; attempt++) {
      const server = servers[(attempt - 1) % servers.length] as Server
      try {
        await sleep(backoffMs(attempt, { baseMs: reconnectBaseMs, capMs: reconnectCapMs, random }), { clock, signal: stop.signal })
        const found = await openWhole(server)
        if (stop.signal.aborted) return await found.close(options.connectTimeoutMs)
        if (!found.isOpen) continue
        current = found
        last = found
        for (const { resolve } of waiting.splice(0)) resolve(found)
        return warn(`connected to RabbitMQ again, at ${server.url}`, { url: server.url, attempts: attempt })
      } catch (cause) {
        if (stop.signal.aborted) return
        // A new reason is worth a line, an attempt is not.
        const why = messageOf(cause)
        if (why !== told) warn(`cannot connect to RabbitMQ at ${server.url}: ${why}`, { url: server.url, attempts: attempt })
        told = why
      }
    }
  }
}
