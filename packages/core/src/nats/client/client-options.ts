import type { Clock } from '../../base/index.js'
import type { NatsClientState } from '../nats.js'

/** How to connect. */
export interface NatsClientOptions {
  /** `nats://host:port`, or several with commas between them or in a list: they are tried in turn. User and password, or a token, stand in the address. */
  readonly servers: string | readonly string[]
  /** How this client is called in the server's lists. */
  readonly name?: string
  /** For one attempt to connect and log in. @default 5_000 */
  readonly connectTimeoutMs?: number
  /** The most that the first wait before connecting again can be; it doubles. @default 50 */
  readonly reconnectBaseMs?: number
  /** The most that any such wait can be. @default 2_000 */
  readonly reconnectCapMs?: number
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
  /** Told of what the server complains about, and of what a listener throws. @default the latter is thrown where nobody catches it */
  readonly onError?: (error: unknown) => void
}
