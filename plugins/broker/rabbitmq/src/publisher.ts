import type { Channel } from 'rabbitmq-client'
import { channelFailure } from './channel-failure.js'
import type { Connection } from './connection.js'
import { declareDurableExchange, declareExchange } from './exchanges.js'
import type { Layout } from './layout.js'
import { codeOf } from './library.js'

/** A message on its way out. */
export interface Outgoing {
  readonly topic: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** It must survive a restart of the server. */
  readonly isDurable: boolean
  /** The server has taken it. */
  readonly taken: () => void
  readonly failed: (error: Error) => void
}

/** Why a publisher has ended. `blamed`: the message that the server has closed the channel for, as far as the library knows. */
export interface PublisherEnd {
  readonly blamed: Outgoing | undefined
  /** Undefined when the connection was lost. */
  readonly error: unknown
}

/** One channel to publish through, with confirms; never opened again. */
export interface Publisher {
  readonly connection: Connection
  readonly isOpen: boolean
  /** Whether messages that must be kept can be sent. */
  readonly isDurableReady: boolean
  /** Makes it so that they can. When it cannot be made so, the publisher ends. */
  readyForDurable(): Promise<void>
  send(message: Outgoing): void
}

/** How to make a {@link Publisher}. */
export interface PublisherOptions {
  readonly layout: Layout
  readonly isDurable: boolean
  readonly onTaken: (message: Outgoing) => void
  /** The server says no to this message alone. */
  readonly onRefused: (message: Outgoing, error: unknown) => void
  /** Once. Messages that were sent and of which nothing was said may have been taken. */
  readonly onEnd: (end: PublisherEnd) => void
}

/**
 * Opens a channel for publishing, and makes sure of its exchange.
 *
 * @throws `permission_denied`/`RABBITMQ_PERMISSION`, `failed_precondition`/`RABBITMQ_MISMATCH`, or the Error of a connection that was lost
 */
export async function openPublisher(connection: Connection, options: PublisherOptions): Promise<Publisher> {
  const { layout, onTaken, onRefused, onEnd } = options
  const channel: Channel = await connection.channel()
  let end: PublisherEnd | undefined
  let isDurableReady = layout.isDurable || options.isDurable
  channel.on('error', (error: unknown) => (end ??= { blamed: undefined, error }))
  try {
    await channel.confirmSelect()
    await declareExchange(channel, layout)
    if (isDurableReady) await declareDurableExchange(channel, layout)
  } catch (error) {
    throw connection.isOpen ? channelFailure(connection.server.url, `use the exchange "${layout.exchange}"`, error) : error
  }
  // The library tells the messages what became of them after this, in microtasks.
  channel.once('close', () => setImmediate(() => onEnd(end ?? { blamed: undefined, error: undefined })))

  return {
    connection,
    get isOpen() {
      return channel.active
    },
    get isDurableReady() {
      return isDurableReady
    },
    async readyForDurable() {
      try {
        await declareDurableExchange(channel, layout)
        isDurableReady = true
      } catch (error) {
        end ??= { blamed: undefined, error }
      }
    },
    send(message) {
      const { topic, headers, body, isDurable } = message
      const exchange = isDurable ? layout.durableExchange : layout.exchange
      channel.basicPublish({ exchange, routingKey: topic, headers, durable: isDurable }, body).then(
        () => onTaken(message),
        (error: unknown) => {
          if (codeOf(error) === 'NACK') onRefused(message, error)
          // Those behind the one at fault are told that their channel is closed, no more.
          else if (codeOf(error) !== 'CH_CLOSE') end ??= { blamed: message, error: connection.isOpen ? error : undefined }
        },
      )
    },
  }
}
