import type { MicroError } from '../../base/index.js'
import type { Failure } from '../attempt.js'
import type { Metadata } from '../call.js'
import type { Body } from './body.js'
import type { Inbox } from './inbox.js'
import type { NativeRoute } from './routes.js'
import type { StreamSender } from './sender.js'

/** What one call is waiting with; exactly one of the two is called, once. */
export interface Waiter {
  onReply(body: Body, metadata: Metadata): void
  onFailure(failure: Failure): void
}

/** One place for a call in flight, used again and again. */
export interface Slot {
  /** `generation << 16 | place`, 31 bits: a late frame for an earlier call has another one. */
  id: number
  isBusy: boolean
  route: NativeRoute
  /** On the clock of the connection; Infinity without a deadline. */
  deadlineMs: number
  /** The time given in the first place, for messages. */
  timeoutMs: number
  waiter: Waiter | undefined
  signal: AbortSignal | undefined
  onAbort: (() => void) | undefined
  inbox: Inbox | undefined
  sender: StreamSender | undefined
}

const generations = 0x8000

/** The calls in flight of one connection: a list of places and a stack of those that are free. */
export class Slots {
  /** Calls in flight. */
  busy = 0
  readonly #all: Slot[] = []
  readonly #free: number[] = []

  /** A free place, with an id that it had not for its last 32,767 calls; undefined when `most` are in use. */
  take(route: NativeRoute, most: number): Slot | undefined {
    const place = this.#free.pop() ?? this.#all.length
    if (place >= most) {
      if (place < this.#all.length) this.#free.push(place)
      return undefined
    }
    this.busy += 1
    const slot = this.#all[place] ?? this.#add(route)
    slot.isBusy = true
    slot.route = route
    return slot
  }

  /** The call of exactly that id; undefined for one that has ended. */
  find(id: number): Slot | undefined {
    const slot = this.#all[id & 0xffff]
    return slot !== undefined && slot.id === id && slot.isBusy ? slot : undefined
  }

  /** Gives the place back. Its next call has the next generation. */
  release(slot: Slot): void {
    slot.isBusy = false
    slot.waiter = undefined
    slot.inbox = undefined
    slot.sender = undefined
    if (slot.signal !== undefined) {
      if (slot.onAbort !== undefined) slot.signal.removeEventListener('abort', slot.onAbort)
      slot.signal = undefined
      slot.onAbort = undefined
    }
    const place = slot.id & 0xffff
    slot.id = ((((slot.id >>> 16) + 1) % generations) << 16) | place
    this.busy -= 1
    this.#free.push(place)
  }

  /** Every call whose time is up. */
  expired(nowMs: number): readonly Slot[] {
    return this.#all.filter((slot) => slot.isBusy && slot.deadlineMs <= nowMs)
  }

  /** Every call in flight. */
  active(): readonly Slot[] {
    return this.#all.filter((slot) => slot.isBusy)
  }

  #add(route: NativeRoute): Slot {
    const slot: Slot = {
      id: this.#all.length,
      isBusy: true,
      route,
      deadlineMs: Infinity,
      timeoutMs: 0,
      waiter: undefined,
      signal: undefined,
      onAbort: undefined,
      inbox: undefined,
      sender: undefined,
    }
    this.#all.push(slot)
    return slot
  }
}

/** A failure as a retry judges it. */
export function failure(error: MicroError, isUntouched = false, isUnreachable = false): Failure {
  return { error, isUntouched, isUnreachable }
}
