import { argument, type Frame } from '../wire/parser.js'
import { sublist, type Interest, type Match, type Sublist } from './sublist.js'

/** A subscription at the server. */
export interface ServerSubscription extends Interest {
  /** As the client named it. */
  readonly sid: string
  readonly sidBytes: Buffer
  readonly owner: Peer
  /** Messages that were delivered. */
  received: number
  /** Ends when `received` gets there; 0 for never. */
  max: number
  /** Taken out of the list, though a match that is being walked may still have it. */
  gone: boolean
}

/** One end of a conversation with the server: a connection, or a client in this process. */
export interface Peer {
  readonly echo: boolean
  readonly route: RouteMemory
  /** Gives false when it takes nothing any more. */
  deliver(subscription: ServerSubscription, frame: Frame, origin: Peer): boolean
  /** Ends a subscription that has had its last message. */
  drop(subscription: ServerSubscription): void
  /** Asks for a pause: somebody does not keep up with what this one publishes. */
  stall(): void
}

/** Who got the last message of a peer. Most publish to one subject many times in a row, and comparing a few bytes is faster than any table. */
export interface RouteMemory {
  subject: Buffer
  length: number
  generation: number
  match: Match<ServerSubscription> | undefined
}

/** A {@link RouteMemory} of nothing. */
export const emptyRoute = (): RouteMemory => ({ subject: Buffer.alloc(0), length: 0, generation: -1, match: undefined })

/** Hands each message to those who asked for it. */
export interface Router {
  readonly subscriptions: Sublist<ServerSubscription>
  readonly counts: { messagesIn: number; messagesOut: number; bytesIn: number; bytesOut: number }
  /** Gives whether it reached anybody. */
  publish(frame: Frame, origin: Peer): boolean
}

/** A {@link Router}. `random` picks the member of a queue group. */
export function router(random: () => number): Router {
  const subscriptions = sublist<ServerSubscription>()
  const counts = { messagesIn: 0, messagesOut: 0, bytesIn: 0, bytesOut: 0 }

  return {
    subscriptions,
    counts,
    publish(frame, origin) {
      const bytes = frame.bodyEnd - frame.bodyStart
      counts.messagesIn++
      counts.bytesIn += bytes
      const { plain, groups } = matchOf(frame, origin.route)
      let reached = 0
      for (const subscription of plain) if (offer(subscription, frame, origin)) reached++
      for (const group of groups) if (offerGroup(group, frame, origin)) reached++
      counts.messagesOut += reached
      counts.bytesOut += reached * bytes
      return reached > 0
    },
  }

  function matchOf(frame: Frame, memory: RouteMemory): Match<ServerSubscription> {
    const start = frame.starts[0] as number
    const length = (frame.ends[0] as number) - start
    if (memory.match !== undefined && memory.generation === subscriptions.generation && isRouteOf(memory, frame)) return memory.match
    const match = subscriptions.match(argument(frame, 0))
    if (memory.subject.length < length) memory.subject = Buffer.allocUnsafeSlow(Math.max(64, length))
    frame.line.copy(memory.subject, 0, start, start + length)
    memory.length = length
    memory.generation = subscriptions.generation
    memory.match = match
    return match
  }

  // Begins at a random member, and goes on from there while members refuse.
  function offerGroup(group: readonly ServerSubscription[], frame: Frame, origin: Peer): boolean {
    const first = Math.floor(random() * group.length)
    for (let step = 0; step < group.length; step++)
      if (offer(group[(first + step) % group.length] as ServerSubscription, frame, origin)) return true
    return false
  }
}

function offer(subscription: ServerSubscription, frame: Frame, origin: Peer): boolean {
  const { owner } = subscription
  if (subscription.gone || (owner === origin && !origin.echo) || !owner.deliver(subscription, frame, origin)) return false
  subscription.received++
  if (subscription.received === subscription.max) owner.drop(subscription)
  return true
}

/** Whether `frame` is published to the subject that `memory` is of. */
export function isRouteOf({ subject, length }: RouteMemory, { line, starts, ends }: Frame): boolean {
  const start = starts[0] as number
  if ((ends[0] as number) - start !== length) return false
  for (let index = 0; index < length; index++) if (subject[index] !== line[start + index]) return false
  return true
}
