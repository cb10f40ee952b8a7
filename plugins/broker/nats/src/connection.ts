import type { Clock } from '@microts/core/base'
import {
  AuthorizationError,
  connect,
  PermissionViolationError,
  UserAuthenticationExpiredError,
  type Msg,
  type NatsConnection,
} from '@nats-io/transport-node'
import { messageOf, natsBrokerErrors } from './errors.js'
import { readGreeting, type Greeting } from './greeting.js'
import type { Server } from './servers.js'

/** A message as it arrives. */
export type Arrived = Pick<Msg, 'subject' | 'data'>

/** What the server is asked for, and who is told. */
export interface Interest {
  readonly subject: string
  readonly queue: string | undefined
  /** Called in order. Must not throw: the library would stop reading. */
  readonly receive: (message: Arrived) => void
  /** The server forbids it. */
  readonly refuse: (cause: Error) => void
}

/** One connection to one server, from the login to its end; it is never connected again. */
export interface Connection {
  readonly server: Server
  readonly isOpen: boolean
  /** The server's own limit. */
  readonly maxPayloadBytes: number
  /** Bytes that were published and of which it is not known that the server has them. */
  readonly unconfirmedBytes: number
  publish(subject: string, payload: Uint8Array): void
  /** Undefined while there is room to publish; otherwise resolves when there is again, or when the connection is lost. */
  room(): Promise<void> | undefined
  /** Asks for messages; what it gives ends that. */
  subscribe(interest: Interest): () => void
  /** Resolves when the server has seen all that was sent before; rejects when the connection ends first. */
  flush(): Promise<void>
  /** At once: what was not flushed may not arrive. Twice is once. */
  close(): Promise<void>
}

/** How to make a {@link Connection}. */
export interface ConnectionOptions {
  readonly name: string
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly timeoutMs: number
  /** How often a silent server is asked whether it is there. */
  readonly pingIntervalMs: number
  readonly caFile: string | undefined
  /** Once, when an open connection has ended by itself. */
  readonly onLost: (cause: Error) => void
  /** The server complains about something that nobody waits for. */
  readonly onComplaint: (error: Error) => void
}

// Two questions without an answer, and it is gone.
const maxPingOut = 2
// How much is sent before the server is asked whether it has it, and how much before publishers wait for its answer. The second is what a round
// trip of 50 ms carries at 80 MB/s.
const askBytes = 256 * 1024
const waitBytes = 4 * 1024 * 1024

/**
 * Connects and logs in.
 *
 * @throws `unauthenticated`/`NATS_AUTHORIZATION`, `failed_precondition`/`NOT_A_NATS_SERVER`, `failed_precondition`/`NATS_TLS`, or the Error of the
 * socket or the library
 */
export async function openConnection(server: Server, options: ConnectionOptions): Promise<Connection> {
  const greeting = await readGreeting(server, options)
  checkTls(server, greeting, options.caFile)
  const found = await logIn(server, greeting, options)
  if (!options.signal.aborted) return wrap(server, found, options)
  await found.close()
  throw options.signal.reason
}

function checkTls({ url, tls }: Server, greeting: Greeting, caFile: string | undefined): void {
  if (tls === false && greeting.tls === 'required') throw natsBrokerErrors.tls(url, 'the server requires it, and `tls` is false')
  if (greeting.tls !== 'none') return
  if (tls === true) throw natsBrokerErrors.tls(url, 'the server does not offer it, and `tls` is true')
  if (caFile !== undefined && tls === undefined) throw natsBrokerErrors.tls(url, 'the server does not offer it, and `caFile` is given')
}

async function logIn(server: Server, greeting: Greeting, options: ConnectionOptions): Promise<NatsConnection> {
  const { name, timeoutMs, pingIntervalMs, caFile } = options
  const { url, host, login } = server
  // `host` goes through to Node, which would compare a certificate for an IP address with "localhost".
  const tls = { host, ...(caFile === undefined ? {} : { caFile }) }
  try {
    return await connect({
      servers: url,
      name,
      timeout: timeoutMs,
      pingInterval: pingIntervalMs,
      maxPingOut,
      // Connecting again is done in session.ts, which says why.
      reconnect: false,
      ignoreClusterUpdates: true,
      tls: server.tls === false || greeting.tls === 'none' ? null : tls,
      ...(login.user === undefined ? {} : { user: login.user, pass: login.password ?? '' }),
      ...(login.token === undefined ? {} : { token: login.token }),
    })
  } catch (error) {
    if (isLoginFailure(error)) throw natsBrokerErrors.notAuthorized(url, login.user, error)
    throw isCertificateFailure(error) ? natsBrokerErrors.tls(url, messageOf(error), error) : error
  }
}

const isLoginFailure = (error: unknown) => error instanceof AuthorizationError || error instanceof UserAuthenticationExpiredError

/** By OpenSSL's and Node's names: DEPTH_ZERO_SELF_SIGNED_CERT, UNABLE_TO_VERIFY_LEAF_SIGNATURE, ERR_TLS_CERT_ALTNAME_INVALID. */
function isCertificateFailure(error: unknown): boolean {
  return /CERT|SIGNATURE|TLS|SSL/.test(String((error as { code?: unknown } | undefined)?.code))
}

function wrap(server: Server, connection: NatsConnection, options: ConnectionOptions): Connection {
  let isClosing = false
  let maxPayloadBytes = connection.info?.max_payload ?? 0
  let sentBytes = 0
  let confirmedBytes = 0
  let confirming: Promise<void> | undefined
  const flushes = new Set<(cause: Error) => void>()

  watchStatus(connection, options.onComplaint).catch(options.onComplaint)
  const ended = connection.closed().then((cause) => {
    const why = cause ?? new Error('it ended the connection')
    for (const fail of flushes) fail(why)
    if (!isClosing) options.onLost(why)
  })

  // Of the library, a flush that is under way when the connection ends never settles.
  const flush = () =>
    new Promise<void>((resolve, reject) => {
      const settle = (then: () => void) => {
        if (flushes.delete(fail)) then()
      }
      const fail = (cause: Error) => settle(() => reject(cause))
      flushes.add(fail)
      connection.flush().then(() => settle(resolve), fail)
    })

  const confirm = async () => {
    const upTo = sentBytes
    try {
      await flush()
      confirmedBytes = upTo
    } catch {
      // The connection is lost, and with it what was on its way: onLost tells of it.
    } finally {
      confirming = undefined
    }
  }

  return {
    server,
    get isOpen() {
      return !isClosing && !connection.isClosed()
    },
    get maxPayloadBytes() {
      maxPayloadBytes = connection.info?.max_payload ?? maxPayloadBytes
      return maxPayloadBytes
    },
    get unconfirmedBytes() {
      return sentBytes - confirmedBytes
    },
    publish(subject, payload) {
      connection.publish(subject, payload)
      sentBytes += payload.length
      if (sentBytes - confirmedBytes >= askBytes) confirming ??= confirm()
    },
    room: () => (sentBytes - confirmedBytes < waitBytes ? undefined : confirming),
    subscribe({ subject, queue, receive, refuse }) {
      const subscription = connection.subscribe(subject, {
        ...(queue === undefined ? {} : { queue }),
        callback: (error, message) => (error === null ? receive(message) : refuse(error)),
      })
      return () => subscription.unsubscribe()
    },
    flush,
    async close() {
      isClosing = true
      await connection.close()
      await ended
    },
  }
}

/** Until the connection ends. */
async function watchStatus(connection: NatsConnection, onComplaint: (error: Error) => void): Promise<void> {
  for await (const status of connection.status()) {
    // The library would first send what waits, to a server that does not read.
    if (status.type === 'staleConnection') await connection.close()
    // Of a subscription its subscriber is told.
    if (status.type === 'error' && !isSubscriptionRefused(status.error)) onComplaint(status.error)
  }
}

const isSubscriptionRefused = (error: Error) => error instanceof PermissionViolationError && error.operation === 'subscription'
