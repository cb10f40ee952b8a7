import type { NatsListener } from '../nats.js'
import { BufferedMessage, textArgument } from '../wire/message.js'
import type { Frame } from '../wire/parser.js'
import { isPattern } from '../wire/subject.js'
import { readNumber, Verb } from '../wire/verbs.js'

/** What a client has subscribed to, on whichever connection. */
export interface ClientSubscriptions {
  /** Gives the number, and the lines that ask the server for it. */
  add(subscription: NewSubscription): { readonly sid: number; readonly lines: string }
  /** Gives whether it stood. */
  remove(sid: number): boolean
  /** Hands a message to its listener; gives the number of a subscription that has had its last one. */
  deliver(frame: Frame): number | undefined
  /** Ends those that the server refuses. Gives whether there were any who wanted to be told. */
  refuse(subject: string, queue: string | undefined, error: Error): boolean
  /** What asks a new server for all of them. */
  lines(): string
  /** What ends all of them at the server, while the listeners still get what is under way. */
  unsubscribeLines(): string
  clear(): void
}

/** What is subscribed to. */
export interface NewSubscription {
  readonly subject: string
  readonly queue: string | undefined
  /** 0: does not end by itself. */
  readonly max: number
  readonly listener: NatsListener
  /** Takes the bytes themselves, in the listener's place. */
  readonly onFrame?: (frame: Frame) => void
  readonly onRefused?: ((error: Error) => void) | undefined
}

interface Standing extends NewSubscription {
  readonly sid: number
  readonly isPattern: boolean
  received: number
}

/** An empty {@link ClientSubscriptions}. `onError` is told of what a listener throws. */
export function clientSubscriptions(onError: (error: unknown) => void): ClientSubscriptions {
  const standing = new Map<number, Standing>()
  let sids = 0
  // Most messages are for the same one as the message before.
  let last: Standing | undefined

  return {
    add(subscription) {
      const added = { ...subscription, sid: ++sids, isPattern: isPattern(subscription.subject), received: 0 }
      standing.set(added.sid, added)
      return { sid: added.sid, lines: linesOf(added) }
    },
    remove(sid) {
      last = undefined
      return standing.delete(sid)
    },
    deliver(frame) {
      const sid = readNumber(frame.line, frame.starts[1] as number, frame.ends[1] as number)
      const subscription = last?.sid === sid ? last : standing.get(sid)
      if (subscription === undefined) return undefined
      last = subscription
      subscription.received++
      const isLast = subscription.received === subscription.max
      if (isLast) {
        standing.delete(sid)
        last = undefined
      }
      try {
        if (subscription.onFrame === undefined) subscription.listener(messageOf(subscription, frame))
        else subscription.onFrame(frame)
      } catch (error) {
        onError(error)
      }
      // The server counts too, but it has begun anew if the connection is not the first.
      return isLast ? sid : undefined
    },
    refuse(subject, queue, error) {
      let isTold = false
      for (const each of [...standing.values()].filter((one) => one.subject === subject && one.queue === queue)) {
        last = undefined
        standing.delete(each.sid)
        if (each.onRefused === undefined) continue
        isTold = true
        each.onRefused(error)
      }
      return isTold
    },
    lines: () => [...standing.values()].map(linesOf).join(''),
    unsubscribeLines: () => [...standing.keys()].map((sid) => `UNSUB ${sid}\r\n`).join(''),
    clear() {
      standing.clear()
      last = undefined
    },
  }
}

function messageOf(subscription: Standing, frame: Frame): BufferedMessage {
  const hasReply = frame.count === (frame.verb === Verb.hmsg ? 5 : 4)
  const subject = subscription.isPattern ? textArgument(frame, 0) : subscription.subject
  return new BufferedMessage(subject, hasReply ? textArgument(frame, 2) : undefined, frame)
}

// Latin-1 text of UTF-8 bytes, since the outbox writes a byte a character.
function linesOf({ subject, queue, sid, max, received }: Standing): string {
  const line = `SUB ${subject} ${queue === undefined ? '' : `${queue} `}${sid}\r\n`
  return Buffer.from(max === 0 ? line : `${line}UNSUB ${sid} ${max - received}\r\n`).toString('latin1')
}
