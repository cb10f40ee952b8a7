import { backoffMs, sleep, type Clock } from '@microts/core/base'
import { brokerErrors } from '@microts/core/broker'
import { channelFailure, sizesOf } from './channel-failure.js'
import type { Connection } from './connection.js'
import { messageOf, rabbitmqErrors } from './errors.js'
import type { Layout } from './layout.js'
import { codeOf } from './library.js'
import { openPublisher, type Outgoing, type Publisher, type PublisherEnd } from './publisher.js'

/** What was published and what the server has not confirmed yet. It is sent again when a connection was lost, so it may arrive twice, and is not lost. */
export interface Outbox {
  readonly isEmpty: boolean
  /** What the server takes as one body, as far as is known. */
  readonly maxBodyBytes: number
  /**
   * Sends a message, or keeps it until the server is back. A promise means that the publisher had better wait for it.
   *
   * @throws `resource_exhausted`/`PUBLISH_BUFFER_FULL`
   */
  add(message: Outgoing): Promise<void> | undefined
  /** Takes a message back that was not sent yet. */
  withdraw(message: Outgoing): void
  /** Sends through this connection from now on, first of all what the last one has left. */
  useConnection(connection: Connection): Promise<void>
  /** Resolves when all is confirmed. */
  emptied(): Promise<void>
}

/** How to make an {@link Outbox}. */
export interface OutboxOptions {
  readonly layout: Layout
  readonly maxBodyBytes: number
  readonly maxBufferedBytes: number
  readonly maxPendingBytes: number
  readonly clock: Clock
  readonly random: () => number
  readonly warn: (message: string, data?: Readonly<Record<string, unknown>>) => void
}

// Before publishers wait for the server: what a round trip of 50 ms carries at 80 MB/s.
const waitBytes = 4 * 1024 * 1024
const bytesOf = ({ topic, body }: Outgoing) => topic.length + body.length

/** An empty {@link Outbox}. */
export function outbox(options: OutboxOptions): Outbox {
  const { layout, maxBufferedBytes, maxPendingBytes, clock, random, warn } = options
  let { maxBodyBytes } = options
  // In the order in which they were published.
  const unconfirmed = new Set<Outgoing>()
  let unsent: Outgoing[] = []
  let bytes = 0
  let publisher: Publisher | undefined
  let isDeclaring = false
  // Channels in a row that the server has closed with nothing taken in between.
  let failures = 0
  const tellRoom: (() => void)[] = []
  const tellEmpty: (() => void)[] = []

  return {
    get isEmpty() {
      return unconfirmed.size === 0
    },
    get maxBodyBytes() {
      return maxBodyBytes
    },
    add(message) {
      const isConnected = publisher?.isOpen === true
      const maxBytes = isConnected ? maxPendingBytes : maxBufferedBytes
      if (bytes + bytesOf(message) > maxBytes && (bytes > 0 || !isConnected)) throw rabbitmqErrors.bufferFull(bytes, maxBytes, isConnected)
      unconfirmed.add(message)
      unsent.push(message)
      bytes += bytesOf(message)
      send()
      return bytes < waitBytes || !isConnected ? undefined : new Promise((resolve) => tellRoom.push(resolve))
    },
    withdraw(message) {
      const at = unsent.indexOf(message)
      if (at === -1) return
      unsent.splice(at, 1)
      remove(message)
    },
    useConnection,
    emptied: () => (unconfirmed.size === 0 ? Promise.resolve() : new Promise((resolve) => tellEmpty.push(resolve))),
  }

  async function useConnection(connection: Connection): Promise<void> {
    const opened = await openPublisher(connection, {
      layout,
      isDurable: [...unconfirmed].some(({ isDurable }) => isDurable),
      onTaken(message) {
        failures = 0
        remove(message)
        message.taken()
      },
      onRefused: (message, error) => refuse(message, rabbitmqErrors.notTaken(connection.server.url, message.topic, error)),
      onEnd: (end) => void mend(connection, end),
    })
    publisher = opened
    unsent = [...unconfirmed]
    send()
  }

  function send(): void {
    if (publisher?.isOpen !== true || isDeclaring) return
    let sent = 0
    for (const message of unsent) {
      if (message.isDurable && !publisher.isDurableReady) {
        // What comes after it waits too, so that the order is kept.
        isDeclaring = true
        void publisher.readyForDurable().then(() => {
          isDeclaring = false
          send()
        })
        break
      }
      sent++
      publisher.send(message)
    }
    unsent = sent === unsent.length ? [] : unsent.slice(sent)
  }

  function remove(message: Outgoing): void {
    if (!unconfirmed.delete(message)) return
    bytes -= bytesOf(message)
    if (bytes < waitBytes) for (const tell of tellRoom.splice(0)) tell()
    if (unconfirmed.size === 0) for (const tell of tellEmpty.splice(0)) tell()
  }

  function refuse(message: Outgoing, error: Error): void {
    remove(message)
    message.failed(error)
  }

  /** The channel has ended. With its connection: the next one has what it leaves. Alone: the server has not liked something that was sent. */
  async function mend(connection: Connection, end: PublisherEnd): Promise<void> {
    if (publisher !== undefined && publisher.connection !== connection) return
    publisher = undefined
    unsent = [...unconfirmed]
    for (const tell of tellRoom.splice(0)) tell()
    if (!connection.isOpen) return
    const { url } = connection.server
    sortOut(url, end)
    for (;;) {
      failures++
      try {
        // The first time at once: that one message was too large is no reason for the others to wait.
        if (failures > 1) await sleep(backoffMs(failures, { capMs: 2000, random }), { clock })
        if (connection.isOpen) await useConnection(connection)
        return
      } catch (error) {
        if (connection.isOpen && failures <= 2) warn(`cannot publish at the RabbitMQ server at ${url}: ${messageOf(error)}`, { url })
      }
    }
  }

  /** Takes out what would only be refused again, and again close the channel for all others. */
  function sortOut(url: string, { blamed, error }: PublisherEnd): void {
    const sizes = sizesOf(error)
    if (sizes !== undefined) maxBodyBytes = Math.min(maxBodyBytes, sizes.maxBytes)
    for (const message of unconfirmed) {
      const { topic, body } = message
      if (body.length > maxBodyBytes) refuse(message, brokerErrors.messageTooLarge(topic, body.length, maxBodyBytes))
      else if (codeOf(error) === 'ACCESS_REFUSED' && topic === (blamed ?? message).topic)
        refuse(message, rabbitmqErrors.notPermitted(url, `publish to "${topic}"`, error))
    }
    // An exchange that was deleted meanwhile is made again. Of anything else the library blames the first of those that wait.
    if (sizes !== undefined || ['ACCESS_REFUSED', 'NOT_FOUND', 'undefined'].includes(codeOf(error))) return
    if (blamed !== undefined && unconfirmed.has(blamed)) refuse(blamed, channelFailure(url, `publish to "${blamed.topic}"`, error))
  }
}
