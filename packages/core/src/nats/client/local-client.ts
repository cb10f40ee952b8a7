import { baseErrors, type Clock } from '../../base/index.js'
import { natsErrors } from '../errors.js'
import type { NatsClient, NatsListener, NatsMessage, NatsPublishOptions, NatsSubscription } from '../nats.js'
import { emptyRoute, type Peer, type Router, type ServerSubscription } from '../server/router.js'
import type { Match } from '../server/sublist.js'
import { checkPublish, checkSubscribe } from '../wire/checks.js'
import { BufferedMessage, textArgument } from '../wire/message.js'
import { emptyFrame, hasReply, type Frame } from '../wire/parser.js'
import { stallMs, type NatsInfo } from '../wire/protocol.js'
import { subjectMatches } from '../wire/subject.js'
import { Verb } from '../wire/verbs.js'
import { deliveryQueue } from './delivery-queue.js'
import { requestSlots } from './request-slots.js'

/** What a {@link localClient} needs of its server. */
export interface LocalClientOptions {
  readonly router: Router
  readonly clock: Clock
  readonly info: NatsInfo
  readonly url: string
  /** Evenly drawn from 0 (included) to 1 (excluded): names the inbox. @default Math.random */
  readonly random?: () => number
  readonly onError: (error: unknown) => void
  readonly onClosed: (client: NatsClient) => void
}

// What may wait until the publisher's code has run; as much as a client over a socket keeps for a slow server.
const maxWaitingBytes = 64 * 1024 * 1024
const roomBytes = 1024 * 1024
const noOptions: NatsPublishOptions = {}
const nobody = Buffer.from('NATS/1.0 503\r\n\r\n')
const nothing = Buffer.alloc(0)

/** A client beside its server in one process: the same rules as over a socket, and no socket. Listeners are called after the publisher's code has run, never inside it. */
export function localClient(options: LocalClientOptions): NatsClient {
  const { router, clock, info, url, random = Math.random, onError, onClosed } = options
  const { subscriptions, counts } = router
  const standing = new Map<ServerSubscription, NatsListener>()
  const requests = requestSlots(clock, random)
  const queue = deliveryQueue(onError)
  let isClosed = false
  let hasInbox = false
  let stalled: Promise<void> | undefined
  let tellClosed: () => void
  const closed = new Promise<void>((resolve) => (tellClosed = resolve))
  let sids = 0
  // Most publish to one subject many times in a row.
  let lastSubject: string | undefined
  let lastGeneration = -1
  let lastMatch: Match<ServerSubscription> = { plain: [], groups: [] }

  const peer: Peer = {
    echo: true,
    route: emptyRoute(),
    deliver(subscription, frame) {
      return receive(subscription, new BufferedMessage(textArgument(frame, 0), hasReply(frame) ? textArgument(frame, 1) : undefined, frame))
    },
    drop(subscription) {
      subscription.gone = true
      standing.delete(subscription)
      subscriptions.remove(subscription)
    },
    stall() {
      stalled ??= new Promise((resolve) =>
        clock.after(stallMs, () => {
          stalled = undefined
          resolve()
        }),
      )
    },
  }

  const client: NatsClient = {
    get state() {
      return isClosed ? 'closed' : 'connected'
    },
    url,
    info,
    maxPayloadBytes: info.max_payload,
    closed,
    publish(subject, payload, { reply, headers } = noOptions) {
      if (!publish(subject, payload, reply, headers) && reply !== undefined) sayNobody(reply)
    },
    request(subject, payload, { timeoutMs = 5000, headers, signal } = {}) {
      try {
        if (!hasInbox) listenToInbox()
        const { token, answer } = requests.open(subject, timeoutMs, signal)
        try {
          const reached = publish(subject, payload, requests.prefix + token, headers)
          if (!reached) requests.fail(token, natsErrors.noResponders(subject))
        } catch (error) {
          requests.fail(token, error as Error)
        }
        return answer
      } catch (error) {
        return Promise.reject(error)
      }
    },
    room: () => stalled ?? (queue.bytes < roomBytes ? undefined : queue.empty()),
    subscribe,
    flush: () =>
      new Promise((resolve, reject) => {
        if (isClosed) return reject(baseErrors.closed('NATS client'))
        queue.push(resolve)
      }),
    async drain() {
      if (isClosed) return
      await client.flush()
      await client.close()
    },
    async close() {
      if (isClosed) return
      isClosed = true
      for (const subscription of standing.keys()) peer.drop(subscription)
      requests.fail('all', baseErrors.closed('NATS client'))
      onClosed(client)
      tellClosed()
    },
  }
  return client

  // Gives whether it reached anybody.
  function publish(subject: string, payload: Uint8Array, reply: string | undefined, headers: Uint8Array | undefined): boolean {
    checkOpen()
    const match = matchOf(subject)
    if (reply !== undefined) checkPublish(subject, reply)
    const headerBytes = headers === undefined ? 0 : headers.length
    const bytes = headerBytes + payload.length
    if (bytes > info.max_payload) throw natsErrors.messageTooLarge(bytes, info.max_payload)
    if (queue.bytes + bytes > maxWaitingBytes) throw natsErrors.publishBufferFull(queue.bytes, maxWaitingBytes, false)
    counts.messagesIn++
    counts.bytesIn += bytes
    if (match.plain.length === 0 && match.groups.length === 0) return false

    // The publisher may change its bytes as soon as this is over.
    const body = Buffer.allocUnsafe(bytes)
    if (headers !== undefined) body.set(headers)
    body.set(payload, headerBytes)
    const publication = new LocalPublication(subject, reply, body, headers === undefined ? undefined : headerBytes)
    let reached = 0
    for (const subscription of match.plain) if (offer(subscription, publication)) reached++
    for (const group of match.groups) if (offerGroup(group, publication)) reached++
    counts.messagesOut += reached
    counts.bytesOut += reached * bytes
    return reached > 0
  }

  function matchOf(subject: string): Match<ServerSubscription> {
    if (subject === lastSubject && lastGeneration === subscriptions.generation) return lastMatch
    checkPublish(subject, undefined)
    lastSubject = subject
    lastMatch = subscriptions.match(bytesAsText(subject))
    lastGeneration = subscriptions.generation
    return lastMatch
  }

  // Begins at a random member, and goes on from there while members refuse.
  function offerGroup(group: readonly ServerSubscription[], publication: LocalPublication): boolean {
    const first = Math.floor(random() * group.length)
    for (let step = 0; step < group.length; step++)
      if (offer(group[(first + step) % group.length] as ServerSubscription, publication)) return true
    return false
  }

  function offer(subscription: ServerSubscription, publication: LocalPublication): boolean {
    if (subscription.gone) return false
    const { owner } = subscription
    const isTaken = owner === peer ? receive(subscription, publication) : owner.deliver(subscription, publication.frame, peer)
    if (!isTaken) return false
    subscription.received++
    if (subscription.received === subscription.max) owner.drop(subscription)
    return true
  }

  function receive(subscription: ServerSubscription, message: NatsMessage): boolean {
    const listener = standing.get(subscription)
    if (listener === undefined) return false
    queue.offer(subscription, listener, message, message instanceof LocalPublication ? message.bytes : 0)
    return true
  }

  // As a server does for a connection that asked for it, and as ours over sockets do.
  function sayNobody(reply: string): void {
    for (const [subscription, listener] of standing)
      if (subjectMatches(subscription.subject, bytesAsText(reply))) {
        queue.offer(subscription, listener, { subject: reply, reply: undefined, headers: nobody, payload: nothing }, 0)
        return
      }
  }

  function listenToInbox(): void {
    hasInbox = true
    const { prefix } = requests
    subscribe(`${prefix}*`, (message) => requests.settle(Number(message.subject.slice(prefix.length)), message))
  }

  function subscribe(subject: string, listener: NatsListener, { queue: group, max = 0 } = noSubscribeOptions): NatsSubscription {
    checkOpen()
    checkSubscribe(subject, group)
    const sid = String(++sids)
    const subscription: ServerSubscription = {
      subject: bytesAsText(subject),
      queue: group === undefined ? undefined : bytesAsText(group),
      sid,
      sidBytes: Buffer.from(sid),
      owner: peer,
      received: 0,
      max,
      gone: false,
    }
    standing.set(subscription, listener)
    subscriptions.insert(subscription)
    return {
      subject,
      queue: group,
      unsubscribe() {
        subscription.max = -1
        peer.drop(subscription)
      },
    }
  }

  function checkOpen(): void {
    if (isClosed) throw baseErrors.closed('NATS client')
  }
}

const noSubscribeOptions: { readonly queue?: string; readonly max?: number } = {}

/** A message that never was on a wire: its subscribers in this process share it, and only for others it becomes a frame. */
class LocalPublication implements NatsMessage {
  readonly subject: string
  readonly reply: string | undefined
  readonly #body: Buffer
  readonly #headerBytes: number | undefined
  #frame: Frame | undefined

  constructor(subject: string, reply: string | undefined, body: Buffer, headerBytes: number | undefined) {
    this.subject = subject
    this.reply = reply
    this.#body = body
    this.#headerBytes = headerBytes
  }

  get bytes(): number {
    return this.#body.length
  }

  get headers(): Uint8Array | undefined {
    return this.#headerBytes === undefined ? undefined : this.#body.subarray(0, this.#headerBytes)
  }

  get payload(): Uint8Array {
    return this.#body.subarray(this.#headerBytes ?? 0)
  }

  get frame(): Frame {
    return (this.#frame ??= frameOf(this.subject, this.reply, this.#body, this.#headerBytes))
  }
}

function frameOf(subject: string, reply: string | undefined, body: Buffer, headerBytes: number | undefined): Frame {
  const frame = emptyFrame()
  const sizes = headerBytes === undefined ? [body.length] : [headerBytes, body.length]
  const words = [subject, ...(reply === undefined ? [] : [reply]), ...sizes.map(String)]
  const line = Buffer.from(words.join(' '))
  let at = 0
  for (const [index, word] of words.entries()) {
    frame.starts[index] = at
    at += Buffer.byteLength(word)
    frame.ends[index] = at
    at++
  }
  frame.verb = headerBytes === undefined ? Verb.pub : Verb.hpub
  frame.line = line
  frame.argsEnd = line.length
  frame.count = words.length
  frame.body = body
  frame.headerBytes = headerBytes ?? 0
  frame.bodyEnd = body.length
  return frame
}

// Inside the server a subject is its bytes, one character each.
const bytesAsText = (text: string) => Buffer.from(text).toString('latin1')
