import type { Delivery, Subscription } from '../broker/broker.js'
import { MicroError, type Clock } from '../base/index.js'
import type { ServiceParts } from './connect.js'
import type { ServiceContext } from './context.js'
import type { NamedService, TopicDefinition } from './definition.js'
import type { Handlers } from './handlers.js'
import { within } from './within.js'

/** The service's subscriptions, all of them. */
export interface Subscriptions {
  /** No further message begins; resolves when those in work are done, or after `capMs`, when their signal aborts. */
  drain(capMs: number): Promise<void>
  /** No further message begins; the signal of those in work aborts, and they are not waited for. */
  close(): void
}

/** Subscribes to every topic of the service. A handler's failure is logged, with the topic and the message's id. */
export async function subscribeTopics(
  service: NamedService,
  parts: ServiceParts,
  handlers: Handlers,
  context: ServiceContext,
): Promise<Subscriptions> {
  const stopping = new AbortController()
  const subscriptions: Subscription[] = []

  const subscribe = (topic: string, definition: TopicDefinition) => {
    const { queue, concurrency, durable } = definition
    return parts.broker.subscribe(topic, (delivery) => handlers.message(definition, delivery.topic, delivery.message, stopping.signal), {
      ...(queue === false ? {} : { queue: queue ?? service.name }),
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(durable === undefined ? {} : { durable }),
      onError: (error, delivery) => tell(error, topic, delivery, context),
    })
  }
  const close = () => {
    stopping.abort()
    for (const subscription of subscriptions) void closeQuietly(subscription, context)
  }
  const drain = async (capMs: number, clock: Clock) => {
    const done = Promise.all(subscriptions.map((subscription) => closeQuietly(subscription, context)))
    const isDone = await within(capMs, done, clock)
    if (!isDone) context.log.warn({ capMs }, 'messages are still in work, and are no longer waited for')
    stopping.abort()
  }

  try {
    for (const [topic, definition] of Object.entries(service.topics ?? {})) subscriptions.push(await subscribe(topic, definition))
  } catch (error) {
    close()
    throw error
  }
  return { drain: (capMs) => drain(capMs, context.clock), close }
}

function tell(error: unknown, topic: string, delivery: Delivery, { log }: ServiceContext): void {
  // The stack of a MicroError is that of its factory, but it is short, and what made it is its cause.
  const err = MicroError.is(error) ? error : MicroError.from(error).cause
  log.error({ err, topic, message: delivery.message.header['Micro-Id'] }, `a message of ${topic} failed`)
}

function closeQuietly(subscription: Subscription, { log }: ServiceContext): Promise<void> {
  return subscription
    .close()
    .catch((error: unknown) => log.warn({ err: error, topic: subscription.topic }, 'could not end a subscription; the broker ends it'))
}
