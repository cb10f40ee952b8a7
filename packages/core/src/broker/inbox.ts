import type { Delivery, MessageHandler, SubscribeOptions } from './broker.js'
import { brokerErrors } from './errors.js'

/** What one subscription has still to do. */
export interface Inbox {
  /** Takes a delivery, or drops it and says so when too many wait. Its work begins after the caller's code has run, never inside it. */
  offer(delivery: Delivery): void
  /** Reports something wrong with a delivery that its handler shall not see. */
  fail(error: unknown, delivery: Delivery): void
  /** No further work begins, what waits is dropped; resolves when the work that has begun is done. Twice is once. */
  close(): Promise<void>
}

/** How to make an {@link Inbox}. */
export interface InboxOptions extends Pick<SubscribeOptions, 'concurrency' | 'onError'> {
  readonly handler: MessageHandler
  readonly maxWaitingMessages: number
  readonly maxWaitingBytes: number
}

// So many in a row, and the event loop gets its turn: handlers that are synchronous must not keep timers and sockets from theirs.
const maxInARow = 1024

/** An empty {@link Inbox}. A `concurrency` that is no positive integer is a RangeError. */
export function inbox(options: InboxOptions): Inbox {
  const { handler, concurrency = 1, onError = throwLater, maxWaitingMessages, maxWaitingBytes } = options
  if (concurrency !== Number.POSITIVE_INFINITY && (!Number.isInteger(concurrency) || concurrency < 1))
    throw new RangeError(`concurrency must be a positive integer, not ${concurrency}`)

  let waiting: Delivery[] = []
  let next = 0
  let waitingBytes = 0
  let inWork = 0
  let isScheduled = false
  let isClosed = false
  // One error for all that is dropped in a row: a flood must not cost a stack trace a message.
  let overflow: Error | undefined
  const tellIdle: (() => void)[] = []

  const fail = (error: unknown, delivery: Delivery) => {
    try {
      onError(error, delivery)
    } catch (thrown) {
      throwLater(thrown)
    }
  }
  const done = () => {
    inWork--
    if (inWork === 0 && isClosed) for (const tell of tellIdle.splice(0)) tell()
  }
  const doneLater = () => {
    done()
    schedule()
  }
  const begin = (delivery: Delivery) => {
    inWork++
    let result: unknown
    try {
      result = handler(delivery)
    } catch (error) {
      fail(error, delivery)
    }
    // A handler that is done at once costs no promise.
    if (!isThenable(result)) return done()
    Promise.resolve(result)
      .then(undefined, (error: unknown) => fail(error, delivery))
      .then(doneLater)
      .catch(throwLater)
  }
  const run = () => {
    isScheduled = false
    for (let count = 0; next < waiting.length && inWork < concurrency && !isClosed; count++) {
      if (count === maxInARow) {
        isScheduled = true
        setImmediate(run)
        return
      }
      const delivery = waiting[next++] as Delivery
      waitingBytes -= delivery.message.body.length
      overflow = undefined
      begin(delivery)
    }
    // What was taken out is let go of in large steps, so that a long queue costs no shifting.
    if (next === waiting.length || next > 4096) {
      waiting = waiting.slice(next)
      next = 0
    }
  }
  const schedule = () => {
    if (isScheduled || isClosed || next === waiting.length || inWork >= concurrency) return
    isScheduled = true
    queueMicrotask(run)
  }

  return {
    offer(delivery) {
      if (isClosed) return
      const bytes = delivery.message.body.length
      const count = waiting.length - next
      if (count >= maxWaitingMessages || (count > 0 && waitingBytes + bytes > maxWaitingBytes)) {
        overflow ??= brokerErrors.slowConsumer(delivery.topic, count)
        return fail(overflow, delivery)
      }
      waiting.push(delivery)
      waitingBytes += bytes
      schedule()
    },
    fail,
    close() {
      isClosed = true
      waiting = []
      next = 0
      return inWork === 0 ? Promise.resolve() : new Promise((resolve) => tellIdle.push(resolve))
    },
  }
}

// An arrow function may give anything where nothing is asked for.
function isThenable(result: unknown): result is PromiseLike<unknown> {
  return typeof result === 'object' && result !== null && typeof (result as { then?: unknown }).then === 'function'
}

// Where nobody catches it, as what an event listener throws.
function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}
