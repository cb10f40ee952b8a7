import { backoffMs, baseErrors, MicroError, sleep, type Clock } from '@microts/core/base'
import { openConnection, type Connection, type Interest } from './connection.js'
import { messageOf, natsBrokerErrors, type ServerFailure } from './errors.js'
import type { Server } from './servers.js'

/** A connection that comes back: to any of the servers, for as long as it takes, with its subscriptions. */
export interface Session {
  /** The server that it is, or was, connected to. */
  readonly url: string
  readonly maxPayloadBytes: number
  /**
   * Sends a message, or keeps it until the server is back. A promise means that the publisher had better wait for it.
   *
   * @throws `resource_exhausted`/`PUBLISH_BUFFER_FULL`
   */
  publish(subject: string, payload: Uint8Array): Promise<void> | undefined
  /** Asks for messages, again on each new connection; what it gives ends that. `flush` tells when the server knows of it. */
  subscribe(interest: Interest): () => void
  /** Resolves when a server has seen all that was asked before, be it after its return; rejects when the session is closed. */
  flush(): Promise<void>
  /** Whether something waits for the server's return. */
  readonly isHolding: boolean
  readonly isConnected: boolean
  close(): Promise<void>
}

/** How to make a {@link Session}. */
export interface SessionOptions {
  /** In the order in which they are tried. */
  readonly servers: readonly Server[]
  readonly name: string
  readonly caFile: string | undefined
  readonly connectTimeoutMs: number
  readonly pingIntervalMs: number
  readonly maxBufferedBytes: number
  readonly maxPendingBytes: number
  readonly clock: Clock
  readonly random: () => number
  readonly warn: (message: string, data?: Readonly<Record<string, unknown>>) => void
}

interface Held {
  readonly subject: string
  readonly payload: Uint8Array
}

// The first wait is short, since most losses are a restart; all are drawn from 0, so that a fleet does not come back in one moment.
const reconnectBaseMs = 50
const reconnectCapMs = 2000

/**
 * Connects, and connects again whenever the connection is lost.
 *
 * The library has this too. Its way is not used, since each of its attempts throws away what was published meanwhile, the first of them comes at once
 * from all clients of a server that ended, and a server that was away at the start is never tried again (3.4.0, read and tried).
 *
 * @throws `unavailable`/`BROKER_UNAVAILABLE` when no server answers, or what `openConnection` says of one
 */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { servers, clock, random, warn, maxBufferedBytes, maxPendingBytes } = options
  const stop = new AbortController()
  const interests = new Map<Interest, () => void>()
  let connection: Connection | undefined
  let held: Held[] = []
  let heldBytes = 0
  const waiting: { readonly resolve: (found: Connection) => void; readonly reject: (cause: unknown) => void }[] = []
  let last = await connectFirst()
  adopt(last)

  return {
    get url() {
      return last.server.url
    },
    get maxPayloadBytes() {
      return last.maxPayloadBytes
    },
    get isHolding() {
      return held.length > 0
    },
    get isConnected() {
      return connection?.isOpen === true
    },
    publish(subject, payload) {
      if (connection?.isOpen !== true) {
        hold(subject, payload)
        return undefined
      }
      const { unconfirmedBytes } = connection
      if (unconfirmedBytes + payload.length > maxPendingBytes) throw natsBrokerErrors.bufferFull(unconfirmedBytes, maxPendingBytes, true)
      connection.publish(subject, payload)
      return connection.room()
    },
    subscribe(interest) {
      interests.set(interest, connection?.isOpen === true ? connection.subscribe(interest) : () => undefined)
      return () => {
        interests.get(interest)?.()
        interests.delete(interest)
      }
    },
    async flush() {
      for (;;) {
        const current = await connected()
        try {
          return await current.flush()
        } catch (cause) {
          // Lost meanwhile: the next connection has what this one was asked for.
          if (stop.signal.aborted) throw cause
        }
      }
    },
    async close() {
      stop.abort(baseErrors.closed('broker'))
      for (const { reject } of waiting.splice(0)) reject(stop.signal.reason)
      await connection?.close()
    },
  }

  function hold(subject: string, payload: Uint8Array): void {
    if (heldBytes + payload.length > maxBufferedBytes) throw natsBrokerErrors.bufferFull(heldBytes, maxBufferedBytes, false)
    held.push({ subject, payload })
    heldBytes += payload.length
  }

  function connected(): Promise<Connection> {
    if (stop.signal.aborted) return Promise.reject(stop.signal.reason as Error)
    if (connection?.isOpen === true) return Promise.resolve(connection)
    return new Promise((resolve, reject) => waiting.push({ resolve, reject }))
  }

  function open(server: Server): Promise<Connection> {
    return openConnection(server, {
      ...options,
      timeoutMs: options.connectTimeoutMs,
      signal: stop.signal,
      onLost,
      onComplaint: (error) => warn(`the NATS server at ${server.url} says "${error.message}"`, { url: server.url }),
    })
  }

  async function connectFirst(): Promise<Connection> {
    const failures: ServerFailure[] = []
    for (const server of servers) {
      try {
        return await open(server)
      } catch (cause) {
        failures.push({ url: server.url, cause })
      }
    }
    // One that answers and refuses says more than all that do not answer.
    throw failures.map(({ cause }) => cause).find(MicroError.is) ?? natsBrokerErrors.unavailable(failures)
  }

  // Subscriptions first, then what was published meanwhile: a reply to it must find its subscriber.
  function adopt(found: Connection): void {
    connection = found
    last = found
    for (const interest of interests.keys()) interests.set(interest, found.subscribe(interest))
    const messages = held
    held = []
    heldBytes = 0
    for (const { subject, payload } of messages) {
      if (payload.length <= found.maxPayloadBytes) found.publish(subject, payload)
      else warn(`lost a message to "${subject}": the NATS server takes ${found.maxPayloadBytes} bytes now`, { bytes: payload.length })
    }
    for (const { resolve } of waiting.splice(0)) resolve(found)
  }

  function onLost(cause: Error): void {
    // One that was never adopted, or not yet: whoever opens it finds that it is not open.
    if (connection === undefined || connection.isOpen) return
    connection = undefined
    const { url } = last.server
    warn(`lost the NATS server at ${url}: ${messageOf(cause)}; connecting again`, { url })
    void reconnect()
  }

  async function reconnect(): Promise<void> {
    let told = ''
    for (let attempt = 1; ; attempt++) {
      const server = servers[(attempt - 1) % servers.length] as Server
      try {
        await sleep(backoffMs(attempt, { baseMs: reconnectBaseMs, capMs: reconnectCapMs, random }), { clock, signal: stop.signal })
        const found = await open(server)
        if (!found.isOpen) continue
        const heldMessages = held.length
        adopt(found)
        return warn(`connected to NATS again, at ${server.url}`, { url: server.url, attempts: attempt, heldMessages })
      } catch (cause) {
        if (stop.signal.aborted) return
        // A new reason is worth a line, an attempt is not.
        const why = messageOf(cause)
        if (why !== told) warn(`cannot connect to NATS at ${server.url}: ${why}`, { url: server.url, attempts: attempt })
        told = why
      }
    }
  }
}
