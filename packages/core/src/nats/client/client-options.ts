import type { Clock } from '../../base/index.js'
import type { NatsClientState } from '../nats.js'
import type { NatsTlsOptions } from './link.js'

/** How to connect. */
export interface NatsClientOptions extends ConnectionOptions {
  /**
   * `nats://host:port`, or several with commas between them or in a list: they are tried in turn, and after them those that a server names in its INFO.
   * User and password, or a token, stand in the address. `tls://` says nothing to a server without TLS; one that requires it gets it in any case.
   */
  readonly servers: string | readonly string[]
}

/** How a client behaves, wherever its server is. */
export interface ConnectionOptions {
  /** How this client is called in the server's lists. */
  readonly name?: string
  /** Whom to trust. Given: without TLS nothing is said to any server. */
  readonly tls?: NatsTlsOptions
  /** A server with another `server_name` in its INFO is passed over. */
  readonly serverName?: string
  /** For one attempt to connect and log in. @default 5_000 */
  readonly connectTimeoutMs?: number
  /** The most that the first wait before connecting again can be; it doubles with each round of the servers. @default 50 */
  readonly reconnectBaseMs?: number
  /** The most that any such wait can be. @default 2_000 */
  readonly reconnectCapMs?: number
  /**
   * When a lost connection is back, what is published waits so long still: other clients of the same server are then back too, and get it, if they try as often as
   * that. Subscriptions do not wait.
   *
   * @default 0
   */
  readonly settleMs?: number
  /** What may be published while there is no connection. @default 8_388_608 (8 MiB) */
  readonly maxBufferedBytes?: number
  /** What may wait for a server that is connected and slow. @default 67_108_864 (64 MiB) */
  readonly maxPendingBytes?: number
  /** How often a silent server is asked whether it is there; after two questions without an answer it is not. @default 15_000 */
  readonly pingIntervalMs?: number
  readonly clock?: Clock
  /** Evenly drawn from 0 (included) to 1 (excluded): spreads the attempts to connect again. @default Math.random */
  readonly random?: () => number
  /** Told when the connection is lost (`error` says why) and when it is back. */
  readonly onState?: (state: NatsClientState, error?: Error) => void
  /** Told of what the server complains about, of a login that is refused while connecting again, and of what a listener throws. @default the latter is thrown where nobody catches it */
  readonly onError?: (error: unknown) => void
}
