import { baseErrors } from '../base/index.js'
import type { Broker, Message, MessageHandler, PublishOptions, SubscribeOptions, Subscription } from './broker.js'
import { checkPublish, checkSubscribe } from './check.js'
import { delivered } from './delivery.js'
import { emitter } from './emitter.js'
import { brokerErrors } from './errors.js'
import { inbox } from './inbox.js'

/** How to make a {@link memoryBroker}. */
export interface MemoryBrokerOptions {
  /** Header and body of a message. @default 1_048_576 (1 MiB) */
  readonly maxMessageBytes?: number
  /** Messages that may wait for one subscription before further ones are dropped. @default 65_536 */
  readonly maxWaitingMessages?: number
  /** Bytes of their bodies. @default 67_108_864 (64 MiB) */
  readonly maxWaitingBytes?: number
  /** Evenly drawn from 0 (included) to 1 (excluded): picks the member of a queue group. @default Math.random */
  readonly random?: () => number
}

const name = 'memory'
const features = new Set(['wildcards'] as const)

/**
 * A broker in this process: for tests, and for publishers and subscribers that live in one program.
 *
 * Nothing is copied: a subscriber sees the publisher's own bytes. A handler runs after the publisher's code, not inside it.
 */
export function memoryBroker(options: MemoryBrokerOptions = {}): Broker {
  const { maxMessageBytes = 1024 * 1024, maxWaitingMessages = 65_536, maxWaitingBytes = 64 * 1024 * 1024, random = Math.random } = options
  const hub = emitter<Message>(random)
  const open = new Set<Subscription>()
  let isClosed = false

  return { name, features, guarantee: 'at-most-once', address: name, publish, subscribe, close }

  async function publish(topic: string, message: Message, publishOptions: PublishOptions = {}): Promise<void> {
    if (isClosed) throw baseErrors.closed('broker')
    const bytes = checkPublish({ name, features }, topic, message, publishOptions)
    if (bytes > maxMessageBytes) throw brokerErrors.messageTooLarge(topic, bytes, maxMessageBytes)
    hub.emit(topic, message)
  }

  async function subscribe(topic: string, handler: MessageHandler, subscribeOptions: SubscribeOptions = {}): Promise<Subscription> {
    if (isClosed) throw baseErrors.closed('broker')
    checkSubscribe({ name, features }, topic, subscribeOptions)
    const { queue } = subscribeOptions
    const box = inbox({ ...subscribeOptions, handler, maxWaitingMessages, maxWaitingBytes })
    const leave = hub.listen(topic, (at, message) => box.offer(delivered(at, message)), queue)
    const subscription: Subscription = {
      topic,
      queue,
      close() {
        leave()
        open.delete(subscription)
        return box.close()
      },
    }
    open.add(subscription)
    return subscription
  }

  async function close(): Promise<void> {
    isClosed = true
    await Promise.all([...open].map((subscription) => subscription.close()))
  }
}
