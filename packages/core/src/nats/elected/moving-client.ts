import { baseErrors } from '../../base/index.js'
import type { InnerClient } from '../client/hand-over.js'
import type { RequestSlots } from '../client/request-slots.js'
import type { NatsClient, NatsListener, NatsSubscribeOptions, NatsSubscription } from '../nats.js'

/** A client whose server may be in another process now and in this one later, and the other way round. */
export interface MovingClient extends NatsClient {
  /** From now on subscriptions stand at `next`; what is published still waits. */
  listenAt(next: InnerClient | NatsClient): void
  /** From now on `next` does all the work: it gets the subscriptions, if it has not got them yet, what was published and not sent, and who waits for a flush. */
  moveTo(next: InnerClient | NatsClient): void
}

interface Standing {
  readonly subject: string
  readonly listener: NatsListener
  readonly options: NatsSubscribeOptions
  received: number
  inner: NatsSubscription
}

/** A {@link MovingClient} that begins as `first`. `requests` are those of its inner clients over sockets; `onError` is told of what the next one does not take. */
export function movingClient(first: InnerClient | NatsClient, requests: RequestSlots, onError: (error: unknown) => void): MovingClient {
  const standing = new Set<Standing>()
  let inner = first
  let listening = first
  let inboxAt: NatsClient | undefined
  let isClosed = false
  let tellClosed: () => void
  const closed = new Promise<void>((resolve) => (tellClosed = resolve))

  return {
    get state() {
      return isClosed ? 'closed' : inner.state
    },
    // Where the messages come from: of the two, when there are two for a moment.
    get url() {
      return listening.url
    },
    get info() {
      return listening.info
    },
    get maxPayloadBytes() {
      return inner.maxPayloadBytes
    },
    closed,
    publish: (subject, payload, options) => inner.publish(subject, payload, options),
    request: (subject, payload, options) => inner.request(subject, payload, options),
    room: () => inner.room(),
    flush: () => inner.flush(),
    subscribe(subject, listener, options = {}) {
      const one: Standing = { subject, listener, options, received: 0, inner: undefined as never }
      one.inner = stand(one)
      standing.add(one)
      return {
        subject,
        queue: options.queue,
        unsubscribe() {
          standing.delete(one)
          one.inner.unsubscribe()
        },
      }
    },
    listenAt,
    moveTo(next) {
      listenAt(next)
      // The first request may have been made since.
      listenToInbox(next)
      const before = inner
      inner = next
      const left = 'handOver' in before ? before.handOver() : undefined
      for (const { subject, payload, options } of left?.publications ?? []) {
        try {
          next.publish(subject, payload, options)
        } catch (error) {
          onError(error)
        }
      }
      for (const { resolve, reject } of left?.flushes ?? []) next.flush().then(resolve, reject)
      if (left === undefined) void before.close()
    },
    async drain(timeoutMs) {
      await finish(() => inner.drain(timeoutMs))
    },
    async close() {
      await finish(() => inner.close())
    },
  }

  function listenAt(next: InnerClient | NatsClient): void {
    if (listening === next) return
    listening = next
    for (const one of standing) one.inner = stand(one)
    listenToInbox(next)
  }

  // A client over sockets listens to the inbox of `requests` by itself.
  function listenToInbox(next: InnerClient | NatsClient): void {
    if (!requests.isUsed || 'handOver' in next || inboxAt === next) return
    inboxAt = next
    next.subscribe(`${requests.prefix}*`, (message) => requests.settle(Number(message.subject.slice(requests.prefix.length)), message))
  }

  function stand(one: Standing): NatsSubscription {
    const { subject, listener, options } = one
    const { max = 0 } = options
    const onRefused = (error: Error) => {
      standing.delete(one)
      options.onRefused?.(error)
    }
    const refusing = options.onRefused === undefined ? {} : { onRefused }
    if (max === 0) return listening.subscribe(subject, listener, { ...options, ...refusing })
    // Counted here, since the next client begins anew.
    const counting: NatsListener = (message) => {
      one.received++
      if (one.received === max) standing.delete(one)
      listener(message)
    }
    return listening.subscribe(subject, counting, { ...options, ...refusing, max: max - one.received })
  }

  async function finish(work: () => Promise<void>): Promise<void> {
    if (isClosed) return closed
    try {
      await work()
    } finally {
      isClosed = true
      requests.fail('all', baseErrors.closed('NATS client'))
      standing.clear()
      tellClosed()
    }
  }
}
