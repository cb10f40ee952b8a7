import { baseErrors, type Clock } from '../../base/index.js'
import { natsErrors } from '../errors.js'
import { BufferedMessage, textArgument } from '../wire/message.js'
import type { NatsClient, NatsListener, NatsMessage, NatsSubscription } from '../nats.js'
import { checkPublish, checkSubscribe } from '../wire/checks.js'
import { emptyFrame, hasReply, type Frame } from '../wire/parser.js'
import { Verb } from '../wire/verbs.js'
import { stallMs, type NatsInfo } from '../wire/protocol.js'
import { emptyRoute, type Peer, type Router, type ServerSubscription } from '../server/router.js'

/** What a {@link localClient} needs of its server. */
export interface LocalClientOptions {
  readonly router: Router
  readonly clock: Clock
  readonly info: NatsInfo
  readonly url: string
  readonly onError: (error: unknown) => void
  readonly onClosed: (client: NatsClient) => void
}

/** A client beside its server in one process: the same rules as over a socket, and no socket. Listeners are called after the publisher's code has run, never inside it. */
export function localClient(options: LocalClientOptions): NatsClient {
  const { router, clock, info, url, onError, onClosed } = options
  const standing = new Map<ServerSubscription, NatsListener>()
  let waiting: (() => void)[] = []
  let isClosed = false
  let stalled: Promise<void> | undefined
  let tellClosed: () => void
  const closed = new Promise<void>((resolve) => (tellClosed = resolve))
  let sids = 0

  const run = () => {
    const due = waiting
    waiting = []
    for (const each of due) each()
  }
  const later = (work: () => void) => {
    if (waiting.push(work) === 1) queueMicrotask(run)
  }
  const hand = (listener: NatsListener, message: NatsMessage) => {
    try {
      listener(message)
    } catch (error) {
      onError(error)
    }
  }

  const peer: Peer = {
    echo: true,
    route: emptyRoute(),
    deliver(subscription, frame) {
      const listener = standing.get(subscription)
      if (listener === undefined) return false
      const message = new BufferedMessage(textArgument(frame, 0), hasReply(frame) ? textArgument(frame, 1) : undefined, frame)
      // One that has unsubscribed meanwhile gets nothing any more; one that has had its last message is told of it.
      later(() => {
        if (!subscription.gone || subscription.received === subscription.max) hand(listener, message)
      })
      return true
    },
    drop(subscription) {
      subscription.gone = true
      standing.delete(subscription)
      router.subscriptions.remove(subscription)
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
    publish(subject, payload, { reply, headers } = {}) {
      checkOpen()
      checkPublish(subject, reply)
      const bytes = payload.length + (headers?.length ?? 0)
      if (bytes > info.max_payload) throw natsErrors.messageTooLarge(bytes, info.max_payload)
      router.publish(frameOf(subject, payload, reply, headers), peer)
    },
    room: () => stalled,
    subscribe(subject, listener, { queue, max = 0 } = {}): NatsSubscription {
      checkOpen()
      checkSubscribe(subject, queue)
      const sid = String(++sids)
      const subscription: ServerSubscription = {
        subject: bytesAsText(subject),
        queue: queue === undefined ? undefined : bytesAsText(queue),
        sid,
        sidBytes: Buffer.from(sid),
        owner: peer,
        received: 0,
        max,
        gone: false,
      }
      standing.set(subscription, listener)
      router.subscriptions.insert(subscription)
      return {
        subject,
        queue,
        unsubscribe() {
          subscription.max = 0
          peer.drop(subscription)
        },
      }
    },
    flush: () =>
      new Promise((resolve, reject) => {
        if (isClosed) return reject(baseErrors.closed('NATS client'))
        later(resolve)
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
      onClosed(client)
      tellClosed()
    },
  }
  return client

  function checkOpen(): void {
    if (isClosed) throw baseErrors.closed('NATS client')
  }
}

// A frame of its own for each publish: a listener may publish while the frame before is still being handed out.
function frameOf(subject: string, payload: Uint8Array, reply: string | undefined, headers: Uint8Array | undefined): Frame {
  const frame = emptyFrame()
  const headerBytes = headers?.length ?? 0
  const body = Buffer.allocUnsafeSlow(headerBytes + payload.length)
  if (headers !== undefined) body.set(headers)
  body.set(payload, headerBytes)

  const sizes = headers === undefined ? [body.length] : [headerBytes, body.length]
  const words = [subject, ...(reply === undefined ? [] : [reply]), ...sizes.map(String)]
  const line = Buffer.from(words.join(' '))
  let at = 0
  for (const [index, word] of words.entries()) {
    frame.starts[index] = at
    at += Buffer.byteLength(word)
    frame.ends[index] = at
    at++
  }
  frame.verb = headers === undefined ? Verb.pub : Verb.hpub
  frame.line = line
  frame.argsEnd = line.length
  frame.count = words.length
  frame.body = body
  frame.headerBytes = headerBytes
  frame.bodyEnd = body.length
  return frame
}

// Inside the server a subject is its bytes, one character each.
const bytesAsText = (text: string) => Buffer.from(text).toString('latin1')
