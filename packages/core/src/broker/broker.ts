import type { Closable, Implementation } from '../base/index.js'

/**
 * What a broker may have besides the contract's core.
 *
 * - `durable`: `publish` and `subscribe` with `durable: true`; a message is kept until each durable subscription has acknowledged it
 * - `ack`: a message that is not acknowledged is delivered again; `manualAck`
 * - `wildcards`: `*` (one token) and `>` (one or more, at the end) in the topic of a subscription
 */
export type BrokerFeature = 'durable' | 'ack' | 'wildcards'

/** How often a subscriber sees a message that was accepted. Exactly once is never promised. */
export type DeliveryGuarantee = 'at-most-once' | 'at-least-once'

/** What travels. */
export interface Message {
  /** Keys 1 to 256 characters of `A-Z a-z 0-9 _ -`, case kept; values without CR, LF and NUL. `Content-Type` says what the body is; go-micro reads a message without it as protobuf. */
  readonly header: Readonly<Record<string, string>>
  /** 0 bytes to the broker's limit (at least 1 MiB with its header). Nobody mutates it. */
  readonly body: Uint8Array
}

/** A message at a subscriber. */
export interface Delivery {
  /** The topic that it was published to: with a wildcard subscription, not the subscription's. */
  readonly topic: string
  readonly message: Message
  /** 1 at first; greater when the broker has delivered it before. Always 1 without `ack`. */
  readonly attempt: number
  /** Says that the message is done with. With `manualAck` only; otherwise, and the second time, it does nothing. */
  ack(): Promise<void>
}

/** Does the work for one message. What it throws, or rejects with, goes to `onError`; with `ack` the message comes again. */
export type MessageHandler = (delivery: Delivery) => void | Promise<void>

/** How a message is published. */
export interface PublishOptions {
  /** Resolve only when the message is kept so that it survives the broker's restart. Needs `durable`. */
  readonly durable?: boolean
  readonly signal?: AbortSignal
}

/** How a topic is subscribed to. */
export interface SubscribeOptions {
  /** Subscribers with the same queue group share the messages: each goes to one of them. Without: each subscriber gets each message. Same characters as a topic, without wildcards. */
  readonly queue?: string
  /** The subscription lives on while nobody is there, under the name of `queue`, which it then must have. Needs `durable`. */
  readonly durable?: boolean
  /** The handler calls `delivery.ack()` itself. Otherwise a message is acknowledged when the handler is done without an error. Needs `ack`. */
  readonly manualAck?: boolean
  /** Messages in work at once, in order of arrival. @default 1 (one after the other) */
  readonly concurrency?: number
  /** Told of what the handler throws. @default it is thrown where nobody catches it, as an event handler's error is */
  readonly onError?: (error: unknown, delivery: Delivery) => void
}

/** A standing subscription. */
export interface Subscription {
  readonly topic: string
  readonly queue: string | undefined
  /** No further message begins; resolves when those in work are done. Twice is once. */
  close(): Promise<void>
}

/**
 * Carries messages from publishers to subscribers of a topic.
 *
 * A topic is 1 to 255 characters: tokens of `A-Z a-z 0-9 _ -` with `.` between them. A subscriber gets what is published after `subscribe` has resolved.
 * Messages of one publisher to one topic arrive in order, at one subscriber with concurrency 1. A slow subscriber never holds up the others: past the
 * broker's limit its messages are dropped, and it is told through `onError` with `resource_exhausted`/`SLOW_CONSUMER`.
 *
 * Failures: a bad topic or queue is `invalid_argument`/`TOPIC_INVALID`; a bad header `invalid_argument`/`HEADER_INVALID`; a message over the limit
 * `resource_exhausted`/`MESSAGE_TOO_LARGE`; a broker out of reach `unavailable`/`BROKER_UNAVAILABLE` (after the bounded buffer for a short absence is
 * full, `resource_exhausted`/`PUBLISH_BUFFER_FULL`); an aborted signal `canceled`; all after `close()` `failed_precondition`/`CLOSED`.
 */
export interface Broker extends Implementation<BrokerFeature>, Closable {
  readonly guarantee: DeliveryGuarantee
  /** Where it is, for people: `nats://127.0.0.1:4222`, `memory`. */
  readonly address: string
  /** Hands the message over. Resolves when the broker has taken it (at-most-once: sent, or in the bounded buffer; `durable`: kept). */
  publish(topic: string, message: Message, options?: PublishOptions): Promise<void>
  /** Resolves when the subscription stands at the broker. */
  subscribe(topic: string, handler: MessageHandler, options?: SubscribeOptions): Promise<Subscription>
}
