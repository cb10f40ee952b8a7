import { baseErrors, type Cancel, type Clock } from '../../base/index.js'
import { natsErrors } from '../errors.js'
import type { NatsMessage } from '../nats.js'

/** Who waits for answers: one slot each, which the reply subject names by a number. */
export interface RequestSlots {
  /** The reply subjects are this and a number: `_INBOX.3hk2f8w1x0q4.`. */
  readonly prefix: string
  /** Whether a request was ever made, so that somebody has to listen to `prefix` and what follows. */
  readonly isUsed: boolean
  /**
   * Takes a slot. The promise rejects when the time is over, and when `signal` aborts.
   *
   * @throws `resource_exhausted`/`TOO_MANY_REQUESTS`, `canceled`
   */
  open(subject: string, timeoutMs: number, signal?: AbortSignal): { readonly token: number; readonly answer: Promise<NatsMessage> }
  /** The answer to a request. To one that waits no longer it does nothing. */
  settle(token: number, message: NatsMessage): void
  /** Nobody gets an answer any more. */
  fail(token: number | 'all', error: Error): void
}

interface Slot {
  generation: number
  subject: string
  timeoutMs: number
  /** Undefined: the slot is free. */
  resolve: ((message: NatsMessage) => void) | undefined
  reject: (error: Error) => void
  /** Turn of the sweep from which on it is too late. */
  dueTurn: number
  release: (() => void) | undefined
}

const maxSlots = 65_536
// A number of 9 digits at most: what the reader of numbers takes.
const generations = Math.floor(999_999_999 / maxSlots)
const sweepMs = 20

/** No {@link RequestSlots} taken. */
export function requestSlots(clock: Clock, random: () => number): RequestSlots {
  const digits = () => Math.floor(random() * 36 ** 8).toString(36)
  const prefix = `_INBOX.${digits()}${digits()}.`
  const slots: Slot[] = []
  const free: number[] = []
  let waiting = 0
  let turn = 0
  let isUsed = false
  let cancelSweep: Cancel | undefined

  return {
    prefix,
    get isUsed() {
      return isUsed
    },
    open(subject, timeoutMs, signal) {
      if (signal?.aborted === true) throw baseErrors.canceled(`the request to "${subject}"`, signal.reason)
      const index = free.pop() ?? slots.length
      if (index >= maxSlots) throw natsErrors.tooManyRequests(waiting)
      const slot = (slots[index] ??= emptySlot())
      isUsed = true
      waiting++
      cancelSweep ??= clock.after(sweepMs, sweep, { background: true })
      slot.subject = subject
      slot.timeoutMs = timeoutMs
      slot.dueTurn = turn + Math.ceil(timeoutMs / sweepMs) + 1
      const token = slot.generation * maxSlots + index
      if (signal !== undefined) {
        const onAbort = () => take(token)?.reject(baseErrors.canceled(`the request to "${subject}"`, signal.reason))
        signal.addEventListener('abort', onAbort, { once: true })
        slot.release = () => signal.removeEventListener('abort', onAbort)
      }
      const answer = new Promise<NatsMessage>((resolve, reject) => {
        slot.resolve = resolve
        slot.reject = reject
      })
      return { token, answer }
    },
    settle(token, message) {
      const slot = slots[token % maxSlots]
      if (slot?.resolve === undefined) return
      const { resolve, reject, subject } = slot
      if (take(token) === undefined) return
      if (isNobodyThere(message)) reject(natsErrors.noResponders(subject))
      else resolve(message)
    },
    fail(token, error) {
      if (token !== 'all') return take(token)?.reject(error)
      for (const [index, slot] of slots.entries()) take(slot.generation * maxSlots + index)?.reject(error)
    },
  }

  // Frees the slot; gives how to reject who waited in it, or undefined when nobody did.
  function take(token: number): { readonly reject: (error: Error) => void } | undefined {
    const index = token % maxSlots
    const slot = slots[index]
    if (slot?.resolve === undefined || slot.generation !== Math.floor(token / maxSlots)) return undefined
    slot.resolve = undefined
    slot.release?.()
    slot.release = undefined
    // An answer that comes too late must not reach who has the slot next.
    slot.generation = (slot.generation + 1) % generations
    free.push(index)
    waiting--
    return slot
  }

  function sweep(): void {
    turn++
    for (const [index, slot] of slots.entries())
      if (slot.resolve !== undefined && slot.dueTurn <= turn) {
        const token = slot.generation * maxSlots + index
        take(token)?.reject(baseErrors.deadlineExceeded(`the request to "${slot.subject}"`, slot.timeoutMs))
      }
    cancelSweep = waiting === 0 ? undefined : clock.after(sweepMs, sweep, { background: true })
  }
}

const emptySlot = (): Slot => ({
  generation: 0,
  subject: '',
  timeoutMs: 0,
  resolve: undefined,
  reject: () => undefined,
  dueTurn: 0,
  release: undefined,
})

// `NATS/1.0 503` and nothing else: the server's word that nobody has subscribed.
function isNobodyThere(message: NatsMessage): boolean {
  const { headers } = message
  if (headers === undefined || message.payload.length > 0) return false
  return Buffer.from(headers.buffer, headers.byteOffset, headers.length).toString('latin1', 0, 12) === 'NATS/1.0 503'
}
