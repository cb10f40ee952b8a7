import type { Channel } from 'rabbitmq-client'
import { channelFailure } from './channel-failure.js'
import type { Connection } from './connection.js'
import { declareDurableExchange, declareExchange } from './exchanges.js'
import { bindingKey, deadLetterQueue, durableQueue, groupQueue, type Layout } from './layout.js'
import { codeOf, type RawMessage } from './library.js'

/** What the server is asked for, and who is told. */
export interface Interest {
  readonly topic: string
  readonly queue: string | undefined
  readonly isDurable: boolean
  /** Messages that may be here and not be acknowledged. 0: any number. */
  readonly prefetch: number
  readonly receive: (message: RawMessage, settle: Settlement) => void
}

/** What is said of one message. After the first word, and when its channel is gone, nothing more is said. */
export interface Settlement {
  /** False when the server gives it to somebody else, or has forgotten it. */
  readonly isOurs: boolean
  ack(): void
  /** A durable queue keeps it among its dead letters. */
  giveUp(): void
  /** Let somebody else try. */
  putBack(): void
}

/** One subscription on one connection. */
export interface Consumer {
  readonly isOpen: boolean
  /** No further message is sent here. */
  cancel(): Promise<void>
  /** After the acknowledgements have been sent. What was not acknowledged goes to others. */
  close(): Promise<void>
}

const unsettled: Omit<Settlement, 'isOurs'> = { ack: () => undefined, giveUp: () => undefined, putBack: () => undefined }
// Of a queue that nobody else has there is nobody to give a message back to.
const alone: Settlement = { ...unsettled, isOurs: true }

/**
 * Asks for messages. `onEnd`: once, when the server has ended that, with the reason; also when the connection was lost.
 *
 * @throws `permission_denied`/`RABBITMQ_PERMISSION`, `failed_precondition`/`RABBITMQ_MISMATCH`, or the Error of a connection that was lost
 */
export async function openConsumer(
  connection: Connection,
  interest: Interest,
  layout: Layout,
  onEnd: (cause: unknown) => void,
): Promise<Consumer> {
  const { topic, queue, prefetch } = interest
  const channel = await connection.channel()
  let isClosing = false
  let cause: unknown = new Error('the channel was closed')
  channel.on('error', (error: unknown) => (cause = error))
  try {
    await declareExchange(channel, layout)
    const name = await declareQueue(channel, interest, layout)
    await channel.queueBind({ queue: name, exchange: layout.exchange, routingKey: bindingKey(topic) })
    await channel.basicQos({ prefetchCount: prefetch })
    const { consumerTag } = await channel.basicConsume({ queue: name, noAck: queue === undefined }, (message) =>
      interest.receive(message, queue === undefined ? alone : settlementOf(channel, message.deliveryTag)),
    )
    // The channel may be gone already: the server does not wait for us.
    if (!channel.active) throw cause
    channel.on('basic.cancel', () => {
      cause = new Error('its queue was deleted')
      void channel.close()
    })
    channel.once('close', () => {
      if (!isClosing) onEnd(cause)
    })
    return {
      get isOpen() {
        return channel.active
      },
      async cancel() {
        isClosing = true
        try {
          await channel.basicCancel(consumerTag)
        } catch {
          // Its channel is closed, which is what was wanted.
        }
      },
      async close() {
        isClosing = true
        await channel.close()
      },
    }
  } catch (error) {
    await channel.close()
    // A queue of a group goes with its last member; one that leaves at this moment may take it along.
    if (!connection.isOpen || codeOf(error) === 'NOT_FOUND') throw error
    throw channelFailure(connection.server.url, `subscribe to "${topic}"`, error)
  }
}

async function declareQueue(channel: Channel, { topic, queue, isDurable }: Interest, layout: Layout): Promise<string> {
  if (queue === undefined) return (await channel.queueDeclare({ exclusive: true, autoDelete: true })).queue
  if (!isDurable) return (await channel.queueDeclare({ queue: groupQueue(layout, queue, topic), autoDelete: true })).queue
  const dead = deadLetterQueue(layout, queue, topic)
  // A dead letter of a quorum queue is taken out when it has arrived there, which asks for the other setting.
  const safely: Record<string, string> = { 'x-dead-letter-strategy': 'at-least-once', 'x-overflow': 'reject-publish' }
  await channel.queueDeclare({ queue: dead, durable: true, arguments: { 'x-queue-type': layout.queueType } })
  const { queue: name } = await channel.queueDeclare({
    queue: durableQueue(layout, queue, topic),
    durable: true,
    arguments: {
      'x-queue-type': layout.queueType,
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': dead,
      ...(layout.queueType === 'quorum' ? safely : {}),
    },
  })
  await declareDurableExchange(channel, layout)
  await channel.queueBind({ queue: name, exchange: layout.durableExchange, routingKey: bindingKey(topic) })
  return name
}

function settlementOf(channel: Channel, deliveryTag: number): Settlement {
  let isSettled = false
  const settle = (say: () => void) => () => {
    if (isSettled || !channel.active) return
    isSettled = true
    say()
  }
  return {
    get isOurs() {
      return !isSettled && channel.active
    },
    ack: settle(() => channel.basicAck({ deliveryTag })),
    giveUp: settle(() => channel.basicNack({ deliveryTag, requeue: false })),
    putBack: settle(() => channel.basicNack({ deliveryTag })),
  }
}
