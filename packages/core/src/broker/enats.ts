import { baseErrors, MicroError, systemClock, type Clock } from '../base/index.js'
import {
  electedClient,
  natsClient,
  natsServer,
  type Beacon,
  type NatsClient,
  type NatsClientState,
  type NatsMessage,
  type NatsServer,
} from '../nats/index.js'
import type { Broker, Message, MessageHandler, PublishOptions, SubscribeOptions, Subscription } from './broker.js'
import { checkPublish, checkSubscribe } from './check.js'
import { delivered } from './delivery.js'
import { decodeEnvelope, encodeEnvelope, envelopeBytes } from './envelope.js'
import { brokerErrors } from './errors.js'
import { inbox } from './inbox.js'

/** How the processes of a project find, or make, the server that they share. */
export interface EnatsElection {
  /** The project's id: only processes of one project meet. */
  readonly project: string
  /** Where the server listens, if it comes into this process. One that other machines can reach needs `token`. @default '127.0.0.1' */
  readonly host?: string
  /** @default 0 (any free one) */
  readonly port?: number
  /** Lets programs in that take no part in the election: a service in Go. @default a new one for each server */
  readonly token?: string
  /** Finds servers of the project on other machines, and tells them of this one's. Needs `token`. @default this machine is alone */
  readonly beacon?: Beacon
  /** Folders for the key by which the processes know each other; the first one that can be used is. @default in `XDG_RUNTIME_DIR`, else in the temporary folder */
  readonly keyFolders?: readonly string[]
}

/** How to make an {@link enatsBroker}. */
export interface EnatsBrokerOptions {
  /** `nats://host:port` of a NATS server, or several with commas between them. */
  readonly address?: string
  /** Without an `address`: the one server of the project, in whichever of its processes. @default a server of this broker's own, inside this process, that lets everybody of this machine in */
  readonly elect?: EnatsElection
  /** How the server's lists call this program. */
  readonly clientName?: string
  /** Messages that may wait for one subscription before further ones are dropped. @default 65_536 */
  readonly maxWaitingMessages?: number
  /** Bytes of their bodies. @default 67_108_864 (64 MiB) */
  readonly maxWaitingBytes?: number
  /** What may be published while the server is out of reach. @default 8_388_608 (8 MiB) */
  readonly maxBufferedBytes?: number
  /** How long a subscription, or `close`, may wait for a server that is out of reach. @default 5_000 */
  readonly timeoutMs?: number
  readonly clock?: Clock
  /** Evenly drawn from 0 (included) to 1 (excluded). @default Math.random */
  readonly random?: () => number
  /** Told when the server is lost (`error` says why) and when it is back. */
  readonly onState?: (state: NatsClientState, error?: Error) => void
  /** Told of what the server complains about and nobody waits for: a topic that it forbids. @default nobody is */
  readonly onComplaint?: (error: unknown) => void
}

const name = 'enats'
const features = new Set(['wildcards'] as const)

/**
 * The default broker: an embedded NATS.
 *
 * Messages travel as go-micro's envelope, subject = topic, queue group = queue, so services in Go whose NATS broker points at the same server take part.
 * With `elect` all processes of a project share one server, which runs in one of them; when that one ends or is killed, it comes into another one, and what was
 * published meanwhile is sent. In the process with the server, publishers reach subscribers without a socket. `address` of the result is where others connect.
 *
 * @throws `unavailable`/`BROKER_UNAVAILABLE` when nobody answers, `permission_denied`/`PLACE_NOT_OURS` when another user's process is in the project's place
 */
export async function enatsBroker(options: EnatsBrokerOptions = {}): Promise<Broker> {
  const { maxWaitingMessages = 65_536, maxWaitingBytes = 64 * 1024 * 1024, timeoutMs = 5000, clock = systemClock } = options
  const { client, server } = await connect(options)
  const open = new Set<Subscription>()
  let closing: Promise<void> | undefined

  return {
    name,
    features,
    guarantee: 'at-most-once',
    get address() {
      return client.url
    },
    publish,
    subscribe,
    close: () => (closing ??= close()),
  }

  async function publish(topic: string, message: Message, publishOptions: PublishOptions = {}): Promise<void> {
    checkOpen()
    const leastBytes =
      checkPublish({ name, features }, topic, message, publishOptions) + envelopeBytes(message.body.length) - message.body.length
    // Before the work of encoding something huge; the exact limit is the server's.
    if (leastBytes > client.maxPayloadBytes) throw brokerErrors.messageTooLarge(topic, leastBytes, client.maxPayloadBytes)
    const room = client.room()
    if (room !== undefined) await untilAborted(room, topic, publishOptions.signal)
    checkOpen()
    client.publish(topic, encodeEnvelope(message))
  }

  async function subscribe(topic: string, handler: MessageHandler, subscribeOptions: SubscribeOptions = {}): Promise<Subscription> {
    checkOpen()
    checkSubscribe({ name, features }, topic, subscribeOptions)
    const { queue } = subscribeOptions
    const box = inbox({ ...subscribeOptions, handler, maxWaitingMessages, maxWaitingBytes })
    const receive = ({ subject, payload }: NatsMessage) => {
      const message = decodeEnvelope(payload)
      if (typeof message !== 'string') return box.offer(delivered(subject, message))
      box.fail(brokerErrors.envelopeInvalid(subject, message), delivered(subject, { header: {}, body: payload }))
    }
    let refuse: (error: Error) => void = () => undefined
    const refused = new Promise<never>((_, reject) => (refuse = reject))
    let isStanding = false
    const onRefused = (error: Error) => (isStanding ? options.onComplaint?.(error) : refuse(error))
    const standing = client.subscribe(topic, receive, { onRefused, ...(queue === undefined ? {} : { queue }) })
    const subscription: Subscription = {
      topic,
      queue,
      close() {
        standing.unsubscribe()
        open.delete(subscription)
        return box.close()
      },
    }
    open.add(subscription)
    try {
      await inTime(Promise.race([client.flush(), refused]))
      isStanding = true
    } catch (error) {
      await subscription.close()
      throw error
    }
    return subscription
  }

  async function close(): Promise<void> {
    await Promise.all([...open].map((subscription) => subscription.close()))
    try {
      await client.drain(timeoutMs)
    } catch (error) {
      // What was published and could not be sent is lost, and the caller is told so.
      throw brokerErrors.unavailable(client.url, error)
    } finally {
      await server?.close()
    }
  }

  function checkOpen(): void {
    if (closing !== undefined) throw baseErrors.closed('broker')
  }

  async function inTime(work: Promise<void>): Promise<void> {
    let cancel = () => undefined as void
    const late = new Promise<never>((_, reject) => {
      cancel = clock.after(timeoutMs, () => reject(brokerErrors.unavailable(client.url, `no answer within ${timeoutMs} ms`)))
    })
    try {
      await Promise.race([work, late])
    } finally {
      cancel()
    }
  }
}

async function connect(options: EnatsBrokerOptions): Promise<{ readonly client: NatsClient; readonly server?: NatsServer }> {
  const { address, elect, timeoutMs, clock, random, clientName, maxBufferedBytes, onState, onComplaint } = options
  const shared = { ...(clock === undefined ? {} : { clock }), ...(random === undefined ? {} : { random }) }
  if (address === undefined && elect === undefined) {
    const server = await natsServer(shared)
    return { server, client: server.connect() }
  }
  const connection = {
    ...shared,
    ...(clientName === undefined ? {} : { name: clientName }),
    ...(maxBufferedBytes === undefined ? {} : { maxBufferedBytes }),
    ...(onState === undefined ? {} : { onState }),
    ...(onComplaint === undefined ? {} : { onError: onComplaint }),
  }
  try {
    if (address !== undefined) return { client: await natsClient({ ...connection, servers: address }) }
    return {
      client: await electedClient({ ...connection, ...(timeoutMs === undefined ? {} : { timeoutMs }), ...(elect as EnatsElection) }),
    }
  } catch (error) {
    if (!MicroError.is(error) || error.code !== 'unavailable') throw error
    throw brokerErrors.unavailable(
      address ?? `the project "${(elect as EnatsElection).project}"`,
      error.reason === 'NATS_UNREACHABLE' ? error.cause : error,
    )
  }
}

async function untilAborted(room: Promise<void>, topic: string, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return room
  let onAbort = () => undefined as void
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(baseErrors.canceled(`publishing to "${topic}"`, signal.reason))
    signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    await Promise.race([room, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
