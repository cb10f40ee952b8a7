import type { Closable } from '../base/index.js'
import type { NatsInfo } from './wire/protocol.js'

/** A message at a subscriber. */
export interface NatsMessage {
  /** What it was published to. */
  readonly subject: string
  /** Where the publisher wants the answer. */
  readonly reply: string | undefined
  /** `NATS/1.0 ...` with its last empty line, or undefined when it has none. A view, made when it is asked for. */
  readonly headers: Uint8Array | undefined
  /** The data. A view, made when it is asked for; nobody writes to it. */
  readonly payload: Uint8Array
}

/** Called for each message, at once and in order. It must not throw; what it throws goes to the client's `onError`. */
export type NatsListener = (message: NatsMessage) => void

/** What travels with a publish. */
export interface NatsPublishOptions {
  readonly reply?: string
  /** `NATS/1.0 ...` with its last empty line. */
  readonly headers?: Uint8Array
}

/** How a subject is subscribed to. */
export interface NatsSubscribeOptions {
  /** Of the subscriptions with one name, each message goes to one. */
  readonly queue?: string
  /** Ends by itself after so many messages. */
  readonly max?: number
  /** Told once when the server does not allow it; it has ended then. @default the client's `onError` is told */
  readonly onRefused?: (error: Error) => void
}

/** How an answer is asked for. */
export interface NatsRequestOptions {
  /** @default 5_000 */
  readonly timeoutMs?: number
  /** `NATS/1.0 ...` with its last empty line. */
  readonly headers?: Uint8Array
  readonly signal?: AbortSignal | undefined
}

/** A standing subscription. */
export interface NatsSubscription {
  readonly subject: string
  readonly queue: string | undefined
  /** No message comes any more. Twice is once. */
  unsubscribe(): void
}

/** Where a client stands. */
export type NatsClientState = 'connected' | 'reconnecting' | 'closed'

/**
 * A client of a NATS server.
 *
 * What is published in one tick goes out in one write. While the connection is lost it connects again by itself, for as long as it takes; subscriptions
 * come back, and what is published meanwhile waits in a bounded buffer. What was on its way when the connection broke may be lost: at most once.
 */
export interface NatsClient extends Closable {
  readonly state: NatsClientState
  /** Where it is connected, or was: `nats://127.0.0.1:4222`. */
  readonly url: string
  /** What the server said last. */
  readonly info: NatsInfo
  /** Of payload and headers together. */
  readonly maxPayloadBytes: number
  /**
   * Puts a message on its way. The payload may be changed afterwards.
   *
   * @throws `invalid_argument`/`SUBJECT_INVALID`, `resource_exhausted`/`MESSAGE_TOO_LARGE`, `resource_exhausted`/`PUBLISH_BUFFER_FULL`, `failed_precondition`/`CLOSED`
   */
  publish(subject: string, payload: Uint8Array, options?: NatsPublishOptions): void
  /** Undefined while there is room to publish; otherwise resolves when there is again, or when the connection is lost. For a publisher that would wait rather than fill memory. */
  room(): Promise<void> | undefined
  /**
   * Asks for messages; `flush` tells when the server knows of it.
   *
   * @throws `invalid_argument`/`SUBJECT_INVALID`, `failed_precondition`/`CLOSED`
   */
  subscribe(subject: string, listener: NatsListener, options?: NatsSubscribeOptions): NatsSubscription
  /**
   * Publishes with an inbox as reply subject, and resolves with the first answer. All requests of a client share one subscription.
   *
   * The time is looked at every 20 ms, so that a request costs no timer. One whose connection is lost is answered by its timeout: whether it was worked on
   * cannot be known.
   *
   * Rejects with what `publish` throws, `unavailable`/`NATS_NO_RESPONDERS` when nobody listens, `deadline_exceeded`, `canceled`, and
   * `resource_exhausted`/`TOO_MANY_REQUESTS` when 65_536 wait.
   */
  request(subject: string, payload: Uint8Array, options?: NatsRequestOptions): Promise<NatsMessage>
  /** Resolves when the server has seen all that was sent before, on whichever connection; rejects with `failed_precondition`/`CLOSED` when the client is closed before that. */
  flush(): Promise<void>
  /**
   * Ends the subscriptions, hands the listeners what is under way, sends what waits, and closes.
   *
   * @throws `deadline_exceeded` when that took longer than `timeoutMs` (default 5_000); it is closed all the same, and what waited is lost
   */
  drain(timeoutMs?: number): Promise<void>
  /** Closes at once: what waits in the buffer is not sent. `drain` is the careful one. */
  close(): Promise<void>
  /** Resolves when it is closed, whoever did it. Never rejects. */
  readonly closed: Promise<void>
}

/** A running server. */
export interface NatsServer extends Closable {
  readonly host: string
  /** The one that it listens on, also when 0 was asked for. */
  readonly port: number
  /** `nats://127.0.0.1:4222` */
  readonly url: string
  readonly info: NatsInfo
  /** `http://127.0.0.1:8222`, when a monitoring port was asked for. */
  readonly monitorUrl: string | undefined
  /** What happened so far, counted. */
  readonly stats: NatsServerStats
  /** A client in this process: the same rules, no socket. It is closed with the server. */
  connect(): NatsClient
  /**
   * Goes gently: takes no new connections, says so to its clients (INFO with `ldm`), which then connect elsewhere, ends after `graceMs` (default 10_000)
   * those that are left one by one, until `durationMs` (default 120_000), and closes. Resolves when it is closed. Twice is once; `close` cuts it short.
   */
  lameDuck(options?: { readonly graceMs?: number; readonly durationMs?: number }): Promise<void>
}

/** Counts of a server. Messages are counted as they come in and once for each receiver. */
export interface NatsServerStats {
  /** Open now, those in this process included. */
  readonly connections: number
  readonly subscriptions: number
  readonly messagesIn: number
  readonly messagesOut: number
  readonly bytesIn: number
  readonly bytesOut: number
  /** Connections that were cut off since they did not read what was sent to them. */
  readonly slowConsumers: number
}
