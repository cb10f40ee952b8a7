import { baseErrors, type Clock, MicroError } from '../../base/index.js'
import type { Failure } from '../attempt.js'
import type { Metadata } from '../call.js'
import { rpcErrors } from '../errors.js'
import { nativeErrors } from './errors.js'
import { frameFlag, frameOf, frameType, writeU32 } from './frame.js'
import { Inbox } from './inbox.js'
import type { Parts } from './parts.js'
import type { ClientRoute, RouteBook } from './routes.js'
import { StreamSender } from './sender.js'
import type { Hello, NativeSettings } from './settings.js'
import { failure, type Slot, Slots, type Waiter } from './slots.js'
import type { Writer } from './writer.js'

/** How one call is made. */
export interface NativeCallOptions {
  /** How long to wait, in milliseconds. @default 10_000 for a single value; streams have no end of their own */
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** What travels with this call, besides what travels with all calls of the connection. */
  readonly metadata?: Metadata | undefined
}

/** What the calls of a connection stand on. */
export interface ClientCallsOptions {
  readonly writer: Writer
  readonly routes: RouteBook
  readonly parts: Parts
  readonly clock: Clock
  readonly peer: Hello
  readonly settings: NativeSettings
  /** The other side's address, for messages. */
  readonly remote: string
  /** Nothing is in flight any more. */
  onIdle(): void
}

// Often enough that a deadline of seconds is kept to within a few hundredths, seldom enough to cost nothing.
const sweepMs = 16
// A peer that does not read makes all wait that is to be sent to it; beyond this, calls are refused instead.
const maxQueuedBytes = 67_108_864

/** The calls of one connection, from the first byte of a request to the end of what comes back. */
export class ClientCalls {
  /** The other side begins nothing any more. */
  isGoing = false
  /** Unread messages of streams, in bytes. */
  heldBytes = 0
  readonly slots = new Slots()
  readonly #options: ClientCallsOptions
  #nowMs = 0
  #isSweeping = false
  #ended: MicroError | undefined

  constructor(options: ClientCallsOptions) {
    this.#options = options
  }

  /**
   * Sends a CALL. `waiter` hears what comes of it: at once, when it cannot even be sent. `flags`: which of the two sides are streams; a stream of inputs has no `value`.
   * Gives the slot of a call that is in flight.
   */
  begin(route: ClientRoute, value: unknown, options: NativeCallOptions, waiter: Waiter, flags: number): Slot | undefined {
    const { writer, peer, clock } = this.#options
    const { signal, metadata } = options
    const { outbox } = writer.link
    const refusal = this.#refusal(route, signal)
    if (refusal !== undefined) return refuse(waiter, refusal)
    const slot = this.slots.take(route, peer.maxCalls)
    if (slot === undefined) return refuse(waiter, failure(nativeErrors.tooManyCalls(peer.maxCalls), true))
    const timeoutMs = options.timeoutMs ?? (flags === 0 ? 10_000 : 0)
    if (outbox.isEmpty) this.#nowMs = clock.monotonicMs()
    slot.timeoutMs = timeoutMs
    slot.deadlineMs = timeoutMs === 0 && options.timeoutMs === undefined ? Infinity : this.#nowMs + timeoutMs
    try {
      if (timeoutMs <= 0 && options.timeoutMs !== undefined) throw deadlineExceeded(slot)
      if (route.number < 0) writer.link.send(this.#options.routes.number(route, peer.maxRoutes))
      writer.call({ id: slot.id, route: route.number, timeoutMs: timeoutOnWire(timeoutMs), flags }, value, metadata)
    } catch (error) {
      this.#release(slot)
      return refuse(waiter, failure(MicroError.from(error)))
    }
    slot.waiter = waiter
    if (signal !== undefined) this.#listen(slot, signal)
    if (!this.#isSweeping && slot.deadlineMs !== Infinity) this.#sweepLater()
    return slot
  }

  /** The stream of outputs of the call in `slot`; one that came to nothing at once has no slot. */
  openInbox(slot: Slot | undefined): Inbox {
    const { writer, settings } = this.#options
    const id = slot?.id ?? -1
    const inbox = new Inbox(settings.creditBytes, {
      onCredit: (bytes) => {
        const payload = Buffer.alloc(4)
        writeU32(payload, 0, bytes)
        writer.link.send(frameOf(frameType.credit, 0, id, payload))
      },
      onHeld: (bytes) => {
        this.heldBytes += bytes
      },
      onLeft: () => {
        const left = this.slots.find(id)
        if (left !== undefined) this.cancel(left, failure(baseErrors.canceled(nameOf(left))))
      },
    })
    if (slot !== undefined) slot.inbox = inbox
    return inbox
  }

  /** Sends `source` as the slot's stream of inputs. When the source fails, so does the call. */
  pump(slot: Slot, source: AsyncIterable<unknown>): void {
    const { writer, peer } = this.#options
    const { id } = slot
    const sender = new StreamSender(id, writer, peer.creditBytes)
    slot.sender = sender
    sender.pump(source).then(
      (isWhole) => {
        if (isWhole && this.slots.find(id) !== undefined) writer.link.send(frameOf(frameType.end, 0, id))
      },
      (error: unknown) => {
        const failed = this.slots.find(id)
        if (failed !== undefined) this.cancel(failed, failure(MicroError.from(error)))
      },
    )
  }

  /** Ends a call from this side, and says so to the other. */
  cancel(slot: Slot, outcome: Failure): void {
    const { id } = slot
    this.#options.writer.link.send(frameOf(frameType.cancel, 0, id))
    this.settle(slot, outcome)
  }

  /** Frees the slot, and gives its caller the failure. */
  settle(slot: Slot, outcome: Failure): void {
    const { waiter, inbox } = slot
    this.#release(slot)
    inbox?.end(outcome.error)
    waiter?.onFailure(outcome)
  }

  /** Frees the slot of a call that was answered. */
  finish(slot: Slot): void {
    this.#release(slot)
  }

  /** Everything in flight fails: the connection has ended. Whether the work was done is unknown. */
  close(error: MicroError): void {
    this.#ended = error
    for (const slot of this.slots.active()) this.settle(slot, this.#lost(slot.route, false))
  }

  #refusal(route: ClientRoute, signal: AbortSignal | undefined): Failure | undefined {
    const { queued } = this.#options.writer.link.outbox
    if (this.#ended !== undefined) return this.#lost(route, true)
    if (this.isGoing) return failure(nativeErrors.goingAway(route.service), true, true)
    if (queued > maxQueuedBytes) return failure(nativeErrors.outboxFull(queued), true)
    return signal?.aborted === true ? failure(canceledBy(signal, route)) : undefined
  }

  #lost({ service }: { readonly service: string }, isUntouched: boolean): Failure {
    const cause = this.#ended
    // Closed by whoever opened it: that is no loss.
    if (cause?.reason === 'CLOSED') return failure(cause)
    return failure(rpcErrors.connectionLost(service, this.#options.remote, cause), isUntouched, isUntouched)
  }

  #listen(slot: Slot, signal: AbortSignal): void {
    const onAbort = () => this.cancel(slot, failure(canceledBy(signal, slot.route)))
    slot.signal = signal
    slot.onAbort = onAbort
    signal.addEventListener('abort', onAbort, { once: true })
  }

  #release(slot: Slot): void {
    const { id, sender } = slot
    this.slots.release(slot)
    sender?.stop()
    this.#options.parts.drop(id)
    this.#options.writer.link.outbox.chunks.drop(id)
    if (this.slots.busy === 0) this.#options.onIdle()
  }

  #sweepLater(): void {
    this.#isSweeping = true
    this.#options.clock.after(sweepMs, () => this.#sweep(), { background: true })
  }

  #sweep(): void {
    this.#isSweeping = false
    this.#nowMs = this.#options.clock.monotonicMs()
    for (const slot of this.slots.expired(this.#nowMs)) this.cancel(slot, failure(deadlineExceeded(slot)))
    if (this.slots.busy > 0) this.#sweepLater()
  }
}

function refuse(waiter: Waiter, outcome: Failure): undefined {
  waiter.onFailure(outcome)
  return undefined
}

// At least 1, since 0 says nothing.
function timeoutOnWire(timeoutMs: number): number {
  return timeoutMs === 0 ? 0 : Math.min(0xffffffff, Math.max(1, Math.floor(timeoutMs)))
}

function nameOf({ route }: Slot): string {
  return `calling ${route.endpoint} of "${route.service}"`
}

function deadlineExceeded(slot: Slot): MicroError {
  return baseErrors.deadlineExceeded(nameOf(slot), slot.timeoutMs)
}

function canceledBy(signal: AbortSignal, { service, endpoint }: { readonly service: string; readonly endpoint: string }): MicroError {
  const reason: unknown = signal.reason
  // A signal made from a deadline carries the better error.
  if (MicroError.is(reason) && reason.code === 'deadline_exceeded') return reason
  return baseErrors.canceled(`calling ${endpoint} of "${service}"`, reason)
}

/** The flags of a CALL for each of the shapes. */
export const shapes = {
  unary: 0,
  serverStream: frameFlag.outputStream,
  clientStream: frameFlag.inputStream,
  bidiStream: frameFlag.inputStream | frameFlag.outputStream,
} as const
