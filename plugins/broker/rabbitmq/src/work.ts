import { backoffMs, sleep, type Clock } from '@microts/core/base'
import { inbox, type Delivery, type MessageHandler, type Message, type SubscribeOptions } from '@microts/core/broker'
import type { Settlement } from './consumer.js'
import { rabbitmqErrors } from './errors.js'

/** A message that has arrived, and what is said of it. */
export interface Arrival {
  readonly topic: string
  readonly message: Message
  /** 1 at first. */
  readonly attempt: number
  readonly settlement: Settlement
}

/** The work on what arrives for one subscription. */
export interface Work {
  offer(arrival: Arrival): void
  /** No further work begins, what waits is left unacknowledged; resolves when the work that has begun is done. Twice is once. */
  close(): Promise<void>
}

/** How to make {@link Work}. */
export interface WorkOptions extends Pick<SubscribeOptions, 'concurrency' | 'onError' | 'manualAck'> {
  readonly handler: MessageHandler
  readonly maxWaitingMessages: number
  readonly maxWaitingBytes: number
  /** How often a handler may fail at a message. */
  readonly maxAttempts: number
  readonly clock: Clock
  readonly random: () => number
  readonly warn: (message: string, data?: Readonly<Record<string, unknown>>) => void
}

const retryBaseMs = 100
const retryCapMs = 5000
const nothing = () => Promise.resolve()

/**
 * Hands messages to a handler, again after a while when it fails, and acknowledges them when it does not. A message that waits for its next attempt is
 * still unacknowledged, so it is not lost with this process, and keeps its place in the order.
 *
 * @throws RangeError for a `concurrency` that is no positive integer
 */
export function workOff(options: WorkOptions): Work {
  const { handler, manualAck = false, maxAttempts, clock, random, warn } = options
  const stop = new AbortController()
  // Weak: what the inbox drops is gone here too.
  const arrivals = new WeakMap<Delivery, Arrival>()
  const box = inbox({
    ...options,
    handler(delivery) {
      const arrival = arrivals.get(delivery)
      return arrival === undefined ? undefined : begin(delivery, arrival)
    },
  })

  return {
    offer(arrival) {
      if (stop.signal.aborted) return arrival.settlement.putBack()
      if (arrival.attempt > maxAttempts) return giveUp(arrival, arrival.attempt - 1, 'whoever had it has ended before it was acknowledged')
      const delivery = deliveryOf(arrival, arrival.attempt)
      arrivals.set(delivery, arrival)
      box.offer(delivery)
    },
    close() {
      stop.abort()
      return box.close()
    },
  }

  function deliveryOf({ topic, message, settlement }: Arrival, attempt: number): Delivery {
    return { topic, message, attempt, ack: manualAck ? async () => settlement.ack() : nothing }
  }

  function begin(delivery: Delivery, arrival: Arrival): void | Promise<void> {
    let result: unknown
    try {
      result = handler(delivery)
    } catch (error) {
      return again(delivery, arrival, error)
    }
    // A handler that is done at once costs no promise.
    if (!isThenable(result)) return finish(arrival)
    return Promise.resolve(result).then(
      () => finish(arrival),
      (error: unknown) => again(delivery, arrival, error),
    )
  }

  function finish({ settlement }: Arrival): void {
    if (!manualAck) settlement.ack()
  }

  async function again(delivery: Delivery, arrival: Arrival, error: unknown): Promise<void> {
    const { attempt } = delivery
    box.fail(error, delivery)
    if (!arrival.settlement.isOurs) return
    if (attempt >= maxAttempts) return giveUp(arrival, attempt, error)
    try {
      await sleep(backoffMs(attempt, { baseMs: retryBaseMs, capMs: retryCapMs, random }), { clock, signal: stop.signal })
    } catch {
      return // the subscription is closed, and the server gives the message to somebody else
    }
    if (arrival.settlement.isOurs) return begin(deliveryOf(arrival, attempt + 1), arrival)
  }

  function giveUp({ topic, settlement }: Arrival, attempts: number, cause: unknown): void {
    const { message, details = {} } = rabbitmqErrors.givenUp(topic, attempts, cause)
    warn(message, details)
    settlement.giveUp()
  }
}

function isThenable(result: unknown): result is PromiseLike<unknown> {
  return typeof result === 'object' && result !== null && typeof (result as { then?: unknown }).then === 'function'
}
