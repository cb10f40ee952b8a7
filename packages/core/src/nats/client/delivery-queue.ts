import type { NatsListener, NatsMessage } from '../nats.js'
import type { ServerSubscription } from '../server/router.js'

/** What listeners of this process have still to be handed, in its order. */
export interface DeliveryQueue {
  /** Of the messages that wait. */
  readonly bytes: number
  /** Hands over `message` after the caller's code has run, never inside it. */
  offer(subscription: ServerSubscription, listener: NatsListener, message: NatsMessage, bytes: number): void
  /** Runs `work` when all that waits now has been handed over. */
  push(work: () => void): void
  /** Resolves when nothing waits. */
  empty(): Promise<void>
}

// So many in a row, and the event loop gets its turn: listeners that publish in turn must not keep timers and sockets from theirs.
const maxInARow = 1024

/** An empty {@link DeliveryQueue}. `onError` is told of what a listener throws. */
export function deliveryQueue(onError: (error: unknown) => void): DeliveryQueue {
  // Side by side, so that a message that waits costs no object: undefined as a subscription is work of another kind, with a function as its listener.
  let targets: (ServerSubscription | undefined)[] = []
  let listeners: (NatsListener | (() => void))[] = []
  let messages: (NatsMessage | undefined)[] = []
  let sizes: number[] = []
  let next = 0
  let bytes = 0
  let isScheduled = false

  const push = (
    target: ServerSubscription | undefined,
    run: NatsListener | (() => void),
    message: NatsMessage | undefined,
    size: number,
  ) => {
    targets.push(target)
    listeners.push(run)
    messages.push(message)
    sizes.push(size)
    bytes += size
    if (isScheduled) return
    isScheduled = true
    queueMicrotask(turn)
  }

  const handOver = (at: number) => {
    bytes -= sizes[at] as number
    const target = targets[at]
    // One that has unsubscribed meanwhile gets nothing any more; one that has had its last message is told of it.
    if (target !== undefined && target.gone && target.received !== target.max) return
    try {
      ;(listeners[at] as NatsListener)(messages[at] as NatsMessage)
    } catch (error) {
      onError(error)
    }
  }

  const turn = () => {
    for (let count = 0; next < targets.length; count++) {
      if (count === maxInARow) {
        forget(next)
        setImmediate(turn)
        return
      }
      handOver(next++)
    }
    forget(next)
    isScheduled = false
  }

  // What was handed over is let go of in large steps, so that a long queue costs no shifting.
  const forget = (count: number) => {
    targets = targets.slice(count)
    listeners = listeners.slice(count)
    messages = messages.slice(count)
    sizes = sizes.slice(count)
    next = 0
  }

  const later = (work: () => void) => push(undefined, work, undefined, 0)
  return {
    get bytes() {
      return bytes
    },
    offer: push,
    push: later,
    empty: () => new Promise(later),
  }
}
