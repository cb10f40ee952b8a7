import { backoffMs, sleep, type Clock } from '@microts/core/base'
import type { Connection } from './connection.js'
import { openConsumer, type Consumer, type Interest } from './consumer.js'
import { messageOf } from './errors.js'
import type { Layout } from './layout.js'
import { codeOf } from './library.js'
import type { Session } from './session.js'

/** A subscription that is there again on each new connection, and when the server has ended it alone. */
export interface Standing {
  /** Resolves when it stands at the server for the first time; rejects when the server does not want it. */
  readonly stands: Promise<void>
  /** No further message arrives. */
  cancel(): Promise<void>
  /** After the acknowledgements have been sent. */
  close(): Promise<void>
}

/** How to make a {@link Standing}. */
export interface StandingOptions {
  readonly session: Session
  readonly layout: Layout
  readonly clock: Clock
  readonly random: () => number
  readonly warn: (message: string, data?: Readonly<Record<string, unknown>>) => void
}

const maxTriesAtOnce = 5

/** Subscribes, and again whenever that is lost. */
export function keepSubscribed(interest: Interest, { session, layout, clock, random, warn }: StandingOptions): Standing {
  const { topic } = interest
  const stop = new AbortController()
  let consumer: Consumer | undefined
  let failures = 0
  let forget = () => undefined as void
  let told = ''

  return {
    stands: first(),
    async cancel() {
      stop.abort()
      forget()
      await consumer?.cancel()
    },
    async close() {
      await consumer?.close()
    },
  }

  async function first(): Promise<void> {
    for (let tries = 1; !stop.signal.aborted; tries++) {
      const connection = await session.connected()
      try {
        await open(connection)
        forget = session.onReturn(restore)
        return
      } catch (error) {
        // Lost meanwhile: the next connection is asked. Not found: its queue has just gone with its last member, and is made again.
        if (connection.isOpen && (codeOf(error) !== 'NOT_FOUND' || tries >= maxTriesAtOnce)) throw error
      }
    }
  }

  async function open(connection: Connection): Promise<void> {
    const opened = await openConsumer(connection, interest, layout, (cause) => {
      consumer = undefined
      // After the library has said of the connection whether it is lost.
      setImmediate(() => void again(connection, cause))
    })
    if (stop.signal.aborted) return opened.close()
    consumer = opened
    failures = 0
  }

  async function restore(connection: Connection): Promise<void> {
    if (stop.signal.aborted) return
    try {
      await open(connection)
      if (told !== '') warn(`subscribed to "${topic}" again`, { topic })
      told = ''
    } catch (error) {
      setImmediate(() => void again(connection, error))
    }
  }

  async function again(connection: Connection, cause: unknown): Promise<void> {
    if (!connection.isOpen || stop.signal.aborted) return
    const why = messageOf(cause)
    if (why !== told) warn(`lost the subscription to "${topic}": ${why}; subscribing again`, { topic })
    told = why
    try {
      await sleep(backoffMs(++failures, { capMs: 5000, random }), { clock, signal: stop.signal })
    } catch {
      return // it was closed
    }
    if (connection.isOpen) await restore(connection)
  }
}
