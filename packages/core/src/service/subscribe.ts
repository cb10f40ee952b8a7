import type { Subscription } from '../broker/broker.js'
import { MicroError } from '../base/index.js'
import type { ServiceParts } from './connect.js'
import type { ServiceContext } from './context.js'
import type { ServiceOptions, TopicDefinition } from './definition.js'
import type { Handlers } from './handlers.js'

/** The service's subscriptions, all of them. */
export interface Subscriptions {
  /** No further message begins; resolves when those in work are done. */
  close(): Promise<void>
}

/** Subscribes to every topic of the service. A handler's failure is logged, with the topic and the message's id. */
export async function subscribeTopics(
  options: ServiceOptions,
  parts: ServiceParts,
  handlers: Handlers,
  context: ServiceContext,
): Promise<Subscriptions> {
  const stopping = new AbortController()
  const subscriptions: Subscription[] = []
  const close = async () => {
    stopping.abort()
    await Promise.all(subscriptions.map((subscription) => subscription.close()))
  }

  const subscribe = (topic: string, definition: TopicDefinition) => {
    const { queue, concurrency, durable } = definition
    return parts.broker.subscribe(topic, (delivery) => handlers.message(definition, delivery.topic, delivery.message, stopping.signal), {
      ...(queue === false ? {} : { queue: queue ?? options.name }),
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(durable === undefined ? {} : { durable }),
      onError: (error, delivery) => {
        const failure = MicroError.from(error)
        context.log.error(
          { err: failure.code === 'unknown' ? error : failure, topic, message: delivery.message.header['Micro-Id'] },
          `a message of ${topic} failed`,
        )
      },
    })
  }
  try {
    for (const [topic, definition] of Object.entries(options.topics ?? {})) subscriptions.push(await subscribe(topic, definition))
  } catch (error) {
    await close()
    throw error
  }
  return { close }
}
