import type { Channel } from 'rabbitmq-client'
import type { Layout } from './layout.js'

const type = 'topic'

/** Makes sure of the exchange that all messages go to. */
export function declareExchange(channel: Channel, { exchange, isDurable }: Layout): Promise<void> {
  return channel.exchangeDeclare({ exchange, type, durable: isDurable })
}

/**
 * Makes sure of the exchange for messages that must be kept. A copy goes to the other one, to those subscribers that are just there: the server gives a
 * queue that is bound to both one copy.
 */
export async function declareDurableExchange(channel: Channel, { exchange, durableExchange }: Layout): Promise<void> {
  if (durableExchange === exchange) return
  await channel.exchangeDeclare({ exchange: durableExchange, type, durable: true })
  await channel.exchangeBind({ source: durableExchange, destination: exchange, routingKey: '#' })
}
