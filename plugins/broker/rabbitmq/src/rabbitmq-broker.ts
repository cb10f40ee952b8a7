import { baseErrors, systemClock, type Clock } from '@microts/core/base'
import {
  brokerErrors,
  checkPublish,
  checkSubscribe,
  type Broker,
  type Message,
  type MessageHandler,
  type PublishOptions,
  type SubscribeOptions,
  type Subscription,
} from '@microts/core/broker'
import type { Settlement } from './consumer.js'
import { rabbitmqErrors } from './errors.js'
import { frameBytesOf, fromHeaders, toHeaders } from './header.js'
import { layoutOf, type QueueType } from './layout.js'
import type { RawMessage } from './library.js'
import type { Login } from './login.js'
import { outbox } from './outbox.js'
import type { Outgoing } from './publisher.js'
import { readServers, shuffled } from './servers.js'
import { openSession } from './session.js'
import { keepSubscribed } from './standing.js'
import { workOff, type Arrival } from './work.js'

/** How to make a {@link rabbitmqBroker}. */
export interface RabbitmqBrokerOptions extends Login {
  /** `amqp://host:port/vhost`, or several with commas between them, of one cluster. `amqps://` asks for TLS. @default 'amqp://127.0.0.1:5672' */
  readonly servers?: string
  /** The virtual host, where the address says none. @default '/' */
  readonly vhost?: string
  /** How the server's pages call this program. @default 'micro' */
  readonly name?: string
  /** The topic exchange that all messages go to. @default 'micro' (go-micro's) */
  readonly exchange?: string
  /** The exchange survives a restart of the server. @default false (as go-micro's) */
  readonly durableExchange?: boolean
  /** How the server keeps durable queues: on one server, or on several of a cluster. A queue stays what it was made as. @default 'classic' */
  readonly queueType?: QueueType
  /** Only with TLS, also where the address says `amqp://`. @default false */
  readonly tls?: boolean
  /** A PEM file with the certificates to trust. @default those of the system */
  readonly caFile?: string
  /** How often a handler may fail at a message before that is given up. @default 10 */
  readonly maxAttempts?: number
  /** For one attempt to connect and log in. @default 5_000 */
  readonly connectTimeoutMs?: number
  /** How long a subscription, a durable publish, or `close`, may wait for a server that is out of reach. @default 10_000 */
  readonly timeoutMs?: number
  /** A server that is silent for about twice as long is gone. @default 15 */
  readonly heartbeatSeconds?: number
  /** What the server takes as a body (its `max_message_size`). One that takes less is believed. @default 134_217_728 (128 MiB) */
  readonly maxMessageBytes?: number
  /** What may be published while the server is out of reach. @default 8_388_608 (8 MiB) */
  readonly maxBufferedBytes?: number
  /** What may be on its way to a server that is slow. @default 67_108_864 (64 MiB) */
  readonly maxPendingBytes?: number
  /** Messages that may wait for one subscription without a queue group before further ones are dropped. @default 65_536 */
  readonly maxWaitingMessages?: number
  /** Bytes of their bodies. @default 67_108_864 (64 MiB) */
  readonly maxWaitingBytes?: number
  readonly clock?: Clock
  /** Evenly drawn from 0 (included) to 1 (excluded): the order of the servers, and when something is tried again. @default Math.random */
  readonly random?: () => number
  /** Told when the server is lost, when it is back, of what it complains about, and of messages that are given up. @default nobody is told */
  readonly warn?: (message: string, data?: Readonly<Record<string, unknown>>) => void
}

const name = 'rabbitmq'
const features = new Set(['durable', 'ack', 'wildcards'] as const)
const mebibyte = 1024 * 1024
const maxPrefetch = 65_535

/**
 * A broker on RabbitMQ: at least once, with acknowledgements, durable queues and dead letters.
 *
 * Messages travel as go-micro sends them: a topic exchange `micro`, the topic as the routing key, headers as AMQP headers. So services in Go take part.
 *
 * @throws `unavailable`/`BROKER_UNAVAILABLE` when no server answers, `unauthenticated`/`RABBITMQ_AUTHORIZATION`, `permission_denied`/`RABBITMQ_VHOST`,
 * `permission_denied`/`RABBITMQ_PERMISSION`, `failed_precondition`/`RABBITMQ_MISMATCH`, `failed_precondition`/`NOT_A_RABBITMQ_SERVER`,
 * `failed_precondition`/`RABBITMQ_TLS`, `invalid_argument`/`ADDRESS_INVALID`
 */
export async function rabbitmqBroker(options: RabbitmqBrokerOptions = {}): Promise<Broker> {
  const { maxWaitingMessages = 65_536, maxWaitingBytes = 64 * mebibyte, timeoutMs = 10_000, maxAttempts = 10 } = options
  const { clock = systemClock, random = Math.random, warn = () => undefined } = options
  const { user, password } = options
  const login = { ...(user === undefined ? {} : { user }), ...(password === undefined ? {} : { password }) }
  const layout = layoutOf(options.exchange ?? 'micro', options.durableExchange ?? false, options.queueType)
  const out = outbox({
    layout,
    maxBodyBytes: options.maxMessageBytes ?? 128 * mebibyte,
    maxBufferedBytes: options.maxBufferedBytes ?? 8 * mebibyte,
    maxPendingBytes: options.maxPendingBytes ?? 64 * mebibyte,
    clock,
    random,
    warn,
  })
  let frameBytes = 0
  const session = await openSession({
    servers: shuffled(readServers(options.servers ?? 'amqp://127.0.0.1:5672', { login, vhost: options.vhost, tls: options.tls }), random),
    name: options.name ?? 'micro',
    caFile: options.caFile,
    connectTimeoutMs: options.connectTimeoutMs ?? 5000,
    heartbeatSeconds: options.heartbeatSeconds ?? 15,
    clock,
    random,
    warn,
    prepare(connection) {
      frameBytes = connection.frameBytes
      return out.useConnection(connection)
    },
  })
  const open = new Set<Subscription>()
  let closing: Promise<void> | undefined

  return {
    name,
    features,
    guarantee: 'at-least-once',
    get address() {
      return session.url
    },
    publish,
    subscribe,
    close: () => (closing ??= close()),
  }

  async function publish(topic: string, message: Message, { durable = false, signal }: PublishOptions = {}): Promise<void> {
    checkOpen()
    checkPublish({ name, features }, topic, message, { durable, ...(signal === undefined ? {} : { signal }) })
    const { body } = message
    if (body.length > out.maxBodyBytes) throw brokerErrors.messageTooLarge(topic, body.length, out.maxBodyBytes)
    const headers = toHeaders(message.header)
    const headerBytes = frameBytesOf(headers)
    if (headerBytes > frameBytes) throw rabbitmqErrors.headerTooLarge(topic, headerBytes, frameBytes)
    const outgoing = { topic, headers, body: Buffer.from(body.buffer, body.byteOffset, body.length), isDurable: durable }
    if (durable) return keep(outgoing, signal)
    // Handed over before anything is waited for, so that publishes which nobody awaits stay in order.
    const room = out.add({ ...outgoing, taken: () => undefined, failed: (error) => warn(error.message, { topic }) })
    if (room !== undefined) await untilAborted(room, signal)
  }

  function keep(outgoing: Omit<Outgoing, 'taken' | 'failed'>, signal: AbortSignal | undefined): Promise<void> {
    const { topic } = outgoing
    return new Promise((resolve, reject) => {
      const message: Outgoing = { ...outgoing, taken: () => settle(resolve), failed: (error) => settle(() => reject(error)) }
      const giveUp = (error: Error) => {
        out.withdraw(message)
        settle(() => reject(error))
      }
      const onAbort = () => giveUp(baseErrors.canceled(`publishing to "${topic}"`, signal?.reason))
      const late = () => giveUp(rabbitmqErrors.gone(session.url, `publish to "${topic}"`, `not confirmed within ${timeoutMs} ms`))
      const cancel = clock.after(timeoutMs, late)
      const settle = (then: () => void) => {
        cancel()
        signal?.removeEventListener('abort', onAbort)
        then()
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      try {
        void out.add(message)
      } catch (error) {
        settle(() => reject(error))
      }
    })
  }

  async function subscribe(topic: string, handler: MessageHandler, subscribeOptions: SubscribeOptions = {}): Promise<Subscription> {
    checkOpen()
    checkSubscribe({ name, features }, topic, subscribeOptions)
    const { queue, durable = false, concurrency = 1 } = subscribeOptions
    if (durable && queue === undefined)
      throw brokerErrors.topicInvalid('queue', '', 'a durable subscription is kept under the name of its queue')
    const isShared = queue !== undefined
    const work = workOff({
      ...subscribeOptions,
      handler,
      maxAttempts,
      // A shared queue waits at the server, where somebody else may take from it.
      maxWaitingMessages: isShared ? Number.POSITIVE_INFINITY : maxWaitingMessages,
      maxWaitingBytes: isShared ? Number.POSITIVE_INFINITY : maxWaitingBytes,
      clock,
      random,
      warn,
    })
    const interest = {
      topic,
      queue,
      isDurable: durable,
      prefetch: isShared && concurrency !== Number.POSITIVE_INFINITY ? Math.min(concurrency, maxPrefetch) : 0,
      receive: (message: RawMessage, settlement: Settlement) => work.offer(arrivalOf(message, settlement)),
    }
    const standing = keepSubscribed(interest, { session, layout, clock, random, warn })
    let ended: Promise<void> | undefined
    const subscription: Subscription = {
      topic,
      queue,
      close() {
        open.delete(subscription)
        return (ended ??= end())
      },
    }
    const end = async () => {
      const done = work.close()
      // The work goes on for as long as it takes; a server that says nothing is not waited for so long.
      await atMost(standing.cancel(), timeoutMs)
      await done
      await atMost(standing.close(), timeoutMs)
    }
    open.add(subscription)
    try {
      await inTime(standing.stands, `subscribe to "${topic}"`)
    } catch (error) {
      await subscription.close()
      throw error
    }
    return subscription
  }

  async function close(): Promise<void> {
    await Promise.all([...open].map((subscription) => subscription.close()))
    try {
      // What was published and cannot be sent is lost, and the caller is told so.
      if (!out.isEmpty) await inTime(out.emptied(), 'send what was published before the broker was closed')
    } finally {
      await session.close(timeoutMs)
    }
  }

  function checkOpen(): void {
    if (closing !== undefined) throw baseErrors.closed('broker')
  }

  async function inTime(work: Promise<void>, what: string): Promise<void> {
    let cancel = () => undefined as void
    const late = new Promise<never>((_, reject) => {
      cancel = clock.after(timeoutMs, () => reject(rabbitmqErrors.gone(session.url, what, `no answer within ${timeoutMs} ms`)))
    })
    try {
      await Promise.race([work, late])
    } finally {
      cancel()
    }
  }

  async function atMost(work: Promise<void>, forMs: number): Promise<void> {
    let cancel = () => undefined as void
    const late = new Promise<void>((resolve) => (cancel = clock.after(forMs, resolve)))
    await Promise.race([work, late])
    cancel()
  }
}

function arrivalOf(message: RawMessage, settlement: Settlement): Arrival {
  const { routingKey, body, headers = {}, redelivered, appContentType } = message
  const counted: unknown = headers['x-delivery-count']
  const before = typeof counted === 'number' ? counted : Number(redelivered)
  return {
    topic: routingKey,
    message: {
      header: fromHeaders(headers, appContentType),
      // A plain Uint8Array, as the contract says: a Buffer is one too, but compares and prints differently.
      body: new Uint8Array(body.buffer, body.byteOffset, body.length),
    },
    attempt: before + 1,
    settlement,
  }
}

/** The message is on its way, so an abort only ends the waiting. */
async function untilAborted(room: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return room
  let onAbort = () => undefined as void
  const aborted = new Promise<void>((resolve) => {
    onAbort = resolve
    signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    await Promise.race([room, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
