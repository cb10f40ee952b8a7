import type { Clock } from '../../base/index.js'
import { defaultMaxControlLineBytes, defaultMaxPayloadBytes, defaultMaxPendingBytes } from '../wire/protocol.js'
import type { NatsUser } from './handshake.js'
import type { NatsServerTls } from './tls.js'

/** How to run a server. */
export interface NatsServerOptions {
  /** One that other machines can reach needs `users`, `token`, or client certificates (`tls.verify`). @default '127.0.0.1' */
  readonly host?: string
  /** 0 is any free one. @default 0 */
  readonly port?: number
  /** `server_name` in INFO. @default the server's id */
  readonly name?: string
  readonly users?: readonly NatsUser[]
  readonly token?: string
  /** Every connection is encrypted; one that is not is ended. @default none is */
  readonly tls?: NatsServerTls
  /** Serves `/varz`, `/connz`, `/subsz` and `/healthz` over HTTP, on 127.0.0.1 only; 0 is any free port. @default no such port */
  readonly monitorPort?: number
  /** Of the arguments of one line. @default 4096 */
  readonly maxControlLineBytes?: number
  /** Headers and data of a message. @default 2_097_152 (2 MiB) */
  readonly maxPayloadBytes?: number
  /** What may wait for one connection before it is cut off as a slow consumer. @default 33_554_432 (32 MiB) */
  readonly maxPendingBytes?: number
  /** A connection that does not take what one write handed over (up to 1 MiB, or one message) for so long is a slow consumer too. @default 10_000 */
  readonly writeDeadlineMs?: number
  /** Further ones are turned away. @default 65_536 */
  readonly maxConnections?: number
  /** Of one connection; further ones are refused. @default 200_000 */
  readonly maxSubscriptions?: number
  /** From the connection to a CONNECT that lets it in, where somebody has to log in. @default 2_000 */
  readonly authenticationTimeoutMs?: number
  /** A connection that was not heard of for so long is asked; one that does not answer `maxPingsOut` times is ended. @default 120_000 */
  readonly pingIntervalMs?: number
  /** @default 2 */
  readonly maxPingsOut?: number
  readonly clock?: Clock
  /** Evenly drawn from 0 (included) to 1 (excluded): picks members of queue groups. @default Math.random */
  readonly random?: () => number
  /** Told of what a log should say. */
  readonly onEvent?: (event: NatsServerEvent) => void
}

/** What happened to a connection. */
export interface NatsServerEvent {
  readonly type: 'connected' | 'disconnected' | 'slow-consumer'
  readonly clientId: number
  /** As the client named itself in CONNECT. */
  readonly clientName?: string | undefined
  /** The text of `-ERR` where there is one; of a slow consumer, which limit it was, in nats-server's words. */
  readonly reason?: string
}

/** The limits of {@link NatsServerOptions}, with their defaults. */
export interface ServerLimits {
  readonly maxControlLineBytes: number
  readonly maxPayloadBytes: number
  readonly maxPendingBytes: number
  readonly writeDeadlineMs: number
  readonly maxConnections: number
  readonly maxSubscriptions: number
  readonly authenticationTimeoutMs: number
  readonly pingIntervalMs: number
  readonly maxPingsOut: number
}

/** Fills in the defaults. */
export function limitsOf(options: NatsServerOptions): ServerLimits {
  return {
    maxControlLineBytes: options.maxControlLineBytes ?? defaultMaxControlLineBytes,
    maxPayloadBytes: options.maxPayloadBytes ?? defaultMaxPayloadBytes,
    maxPendingBytes: options.maxPendingBytes ?? defaultMaxPendingBytes,
    writeDeadlineMs: options.writeDeadlineMs ?? 10_000,
    maxConnections: options.maxConnections ?? 65_536,
    maxSubscriptions: options.maxSubscriptions ?? 200_000,
    authenticationTimeoutMs: options.authenticationTimeoutMs ?? 2000,
    pingIntervalMs: options.pingIntervalMs ?? 120_000,
    maxPingsOut: options.maxPingsOut ?? 2,
  }
}
