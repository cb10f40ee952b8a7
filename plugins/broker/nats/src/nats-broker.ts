import { baseErrors, systemClock, type Clock } from '@microts/core/base'
import {
  brokerErrors,
  checkPublish,
  checkSubscribe,
  decodeEnvelope,
  delivered,
  encodeEnvelope,
  inbox,
  type Broker,
  type Message,
  type MessageHandler,
  type PublishOptions,
  type SubscribeOptions,
  type Subscription,
} from '@microts/core/broker'
import type { Arrived } from './connection.js'
import { natsBrokerErrors } from './errors.js'
import type { Login } from './login.js'
import { readServers, shuffled } from './servers.js'
import { openSession } from './session.js'

/** How to make a {@link natsBroker}. */
export interface NatsBrokerOptions extends Login {
  /** `nats://host:port`, or several with commas between them, of one cluster. `tls://` asks for TLS. @default 'nats://127.0.0.1:4222' */
  readonly servers?: string
  /** How the server's lists call this program. @default 'micro' */
  readonly name?: string
  /** True: only with TLS; false: never. @default when the server offers it */
  readonly tls?: boolean
  /** A PEM file with the certificates to trust. Asks for TLS. @default those of the system */
  readonly caFile?: string
  /** For one attempt to connect and log in. @default 5_000 */
  readonly connectTimeoutMs?: number
  /** How long a subscription, or `close`, may wait for a server that is out of reach. @default 5_000 */
  readonly timeoutMs?: number
  /** How often a silent server is asked whether it is there; after two questions without an answer it is not. @default 15_000 */
  readonly pingIntervalMs?: number
  /** What may be published while the server is out of reach. @default 8_388_608 (8 MiB) */
  readonly maxBufferedBytes?: number
  /** What may be on its way to a server that is slow. @default 67_108_864 (64 MiB) */
  readonly maxPendingBytes?: number
  /** Messages that may wait for one subscription before further ones are dropped. @default 65_536 */
  readonly maxWaitingMessages?: number
  /** Bytes of their bodies. @default 67_108_864 (64 MiB) */
  readonly maxWaitingBytes?: number
  readonly clock?: Clock
  /** Evenly drawn from 0 (included) to 1 (excluded): the order of the servers, and when they are tried again. @default Math.random */
  readonly random?: () => number
  /** Told when the server is lost, when it is back, and of what it complains about. @default nobody is told */
  readonly warn?: (message: string, data?: Readonly<Record<string, unknown>>) => void
}

const name = 'nats'
const features = new Set(['wildcards'] as const)
const mebibyte = 1024 * 1024

/**
 * A broker on NATS: what is published reaches who is there, at most once.
 *
 * Messages travel as go-micro's envelope, subject = topic, queue group = queue, so services in Go, and those on `enats`, take part.
 *
 * @throws `unavailable`/`BROKER_UNAVAILABLE` when no server answers, `unauthenticated`/`NATS_AUTHORIZATION`, `failed_precondition`/`NOT_A_NATS_SERVER`,
 * `failed_precondition`/`NATS_TLS`, `invalid_argument`/`ADDRESS_INVALID`
 */
export async function natsBroker(options: NatsBrokerOptions = {}): Promise<Broker> {
  const { maxWaitingMessages = 65_536, maxWaitingBytes = 64 * mebibyte, timeoutMs = 5000 } = options
  const { clock = systemClock, random = Math.random, warn = () => undefined } = options
  const { user, password, token } = options
  const login = {
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(token === undefined ? {} : { token }),
  }
  const session = await openSession({
    servers: shuffled(readServers(options.servers ?? 'nats://127.0.0.1:4222', login, options.tls), random),
    name: options.name ?? 'micro',
    caFile: options.caFile,
    connectTimeoutMs: options.connectTimeoutMs ?? 5000,
    pingIntervalMs: options.pingIntervalMs ?? 15_000,
    maxBufferedBytes: options.maxBufferedBytes ?? 8 * mebibyte,
    maxPendingBytes: options.maxPendingBytes ?? 64 * mebibyte,
    clock,
    random,
    warn,
  })
  const open = new Set<Subscription>()
  let closing: Promise<void> | undefined

  return {
    name,
    features,
    guarantee: 'at-most-once',
    get address() {
      return session.url
    },
    publish,
    subscribe,
    close: () => (closing ??= close()),
  }

  async function publish(topic: string, message: Message, publishOptions: PublishOptions = {}): Promise<void> {
    checkOpen()
    const leastBytes = checkPublish({ name, features }, topic, message, publishOptions)
    const { maxPayloadBytes } = session
    // Before the work of encoding something huge.
    if (leastBytes > maxPayloadBytes) throw brokerErrors.messageTooLarge(topic, leastBytes, maxPayloadBytes)
    const envelope = encodeEnvelope(message)
    if (envelope.length > maxPayloadBytes) throw brokerErrors.messageTooLarge(topic, envelope.length, maxPayloadBytes)
    // Handed over before anything is waited for, so that publishes which nobody awaits stay in order.
    const room = session.publish(topic, envelope)
    if (room !== undefined) await untilAborted(room, publishOptions.signal)
  }

  async function subscribe(topic: string, handler: MessageHandler, subscribeOptions: SubscribeOptions = {}): Promise<Subscription> {
    checkOpen()
    checkSubscribe({ name, features }, topic, subscribeOptions)
    const { queue } = subscribeOptions
    const box = inbox({ ...subscribeOptions, handler, maxWaitingMessages, maxWaitingBytes })
    const receive = ({ subject, data }: Arrived) => {
      const message = decodeEnvelope(data)
      if (typeof message !== 'string') return box.offer(delivered(subject, message))
      box.fail(brokerErrors.envelopeInvalid(subject, message), delivered(subject, { header: {}, body: data }))
    }
    let refused: Error | undefined
    let isStanding = false
    const refuse = (cause: Error) => {
      refused = natsBrokerErrors.notPermitted(session.url, `subscribe to "${topic}"`, cause)
      if (isStanding) warn(refused.message, { topic })
    }
    const unsubscribe = session.subscribe({ subject: topic, queue, receive, refuse })
    const subscription: Subscription = {
      topic,
      queue,
      close() {
        if (open.delete(subscription)) unsubscribe()
        return box.close()
      },
    }
    open.add(subscription)
    try {
      await inTime(session.flush(), `subscribe to "${topic}"`)
      if (refused !== undefined) throw refused
    } catch (error) {
      await subscription.close()
      throw error
    }
    isStanding = true
    return subscription
  }

  async function close(): Promise<void> {
    await Promise.all([...open].map((subscription) => subscription.close()))
    try {
      // What was published and cannot be sent is lost, and the caller is told so.
      if (session.isConnected || session.isHolding) await inTime(session.flush(), 'send what was published before the broker was closed')
    } finally {
      await session.close()
    }
  }

  function checkOpen(): void {
    if (closing !== undefined) throw baseErrors.closed('broker')
  }

  async function inTime(work: Promise<void>, what: string): Promise<void> {
    let cancel = () => undefined as void
    const late = new Promise<never>((_, reject) => {
      cancel = clock.after(timeoutMs, () => reject(natsBrokerErrors.gone(session.url, what, `no answer within ${timeoutMs} ms`)))
    })
    try {
      await Promise.race([work, late])
    } finally {
      cancel()
    }
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
