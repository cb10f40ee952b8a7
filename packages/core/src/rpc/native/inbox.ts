import type { MicroError } from '../../base/index.js'
import type { Body } from './body.js'
import { nativeErrors } from './errors.js'
import { messageOverheadBytes } from './sender.js'

/** What an inbox tells the call that it belongs to. */
export interface InboxEvents {
  /** So many bytes were read: the other side may send as many more. */
  onCredit(bytes: number): void
  /** So many more bytes wait unread; fewer when negative. */
  onHeld(bytes: number): void
  /** The reader has left before the end. */
  onLeft(): void
}

/**
 * The receiving half of a stream: an AsyncIterable of decoded messages, which gives credit as they are read.
 *
 * It can be read once. What waits is kept undecoded, and at most half a window and one message of it.
 */
export class Inbox implements AsyncIterableIterator<unknown> {
  readonly #events: InboxEvents
  readonly #window: number
  #available: number
  #consumed = 0
  #heldBytes = 0
  #queue: Body[] = []
  #waiting: { readonly resolve: (result: IteratorResult<unknown>) => void; readonly reject: (error: unknown) => void }[] = []
  #end: { readonly error: MicroError | undefined } | undefined
  #hasLeft = false

  constructor(windowBytes: number, events: InboxEvents) {
    this.#window = windowBytes
    this.#available = windowBytes
    this.#events = events
  }

  /**
   * Whether a message of so many bytes may come.
   *
   * @throws `internal`/`PROTOCOL_BROKEN` when there is no credit for it
   */
  accept(bytes: number): void {
    const cost = bytes + messageOverheadBytes
    if (this.#available < cost && this.#available < this.#window / 2)
      throw nativeErrors.protocolBroken('a message of a stream has no credit')
    this.#available -= cost
  }

  /** A message that was accepted. */
  push(body: Body): void {
    if (this.#hasLeft || this.#end !== undefined) return
    const next = this.#waiting.shift()
    if (next !== undefined) {
      this.#consume(body.byteLength + messageOverheadBytes)
      settle(next, body)
      return
    }
    body.detach()
    this.#hold(body.byteLength + messageOverheadBytes)
    this.#queue.push(body)
  }

  /** No more come: of itself, or by `error`, which the reader gets after what waits. Only the first end counts. */
  end(error?: MicroError): void {
    if (this.#end !== undefined) return
    this.#end = { error }
    for (const { resolve, reject } of this.#waiting) {
      if (error === undefined) resolve(nothing)
      else reject(error)
    }
    this.#waiting = []
  }

  /** Ends it and forgets what waits: nobody wants it any more. */
  abandon(error: MicroError): void {
    this.#forget()
    this.end(error)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<unknown>> {
    const body = this.#queue.shift()
    if (body !== undefined) {
      const cost = body.byteLength + messageOverheadBytes
      this.#hold(-cost)
      this.#consume(cost)
      return new Promise((resolve, reject) => settle({ resolve, reject }, body))
    }
    if (this.#end !== undefined) {
      const { error } = this.#end
      // The error is told once, as a generator does it.
      this.#end = { error: undefined }
      return error === undefined ? Promise.resolve(nothing) : Promise.reject(error)
    }
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  return(): Promise<IteratorResult<unknown>> {
    if (!this.#hasLeft) {
      this.#hasLeft = true
      const isOver = this.#end !== undefined
      this.#forget()
      this.end()
      if (!isOver) this.#events.onLeft()
    }
    return Promise.resolve(nothing)
  }

  #forget(): void {
    this.#queue = []
    this.#hold(-this.#heldBytes)
  }

  #hold(bytes: number): void {
    this.#heldBytes += bytes
    this.#events.onHeld(bytes)
  }

  // Half a window at a time: the sender never waits for credit that a reader has given, and few frames say so.
  #consume(cost: number): void {
    this.#consumed += cost
    if (this.#consumed < this.#window / 2 || this.#end !== undefined) return
    const bytes = this.#consumed
    this.#consumed = 0
    this.#available += bytes
    this.#events.onCredit(bytes)
  }
}

const nothing = { done: true, value: undefined } as const

function settle(reader: { resolve(result: IteratorResult<unknown>): void; reject(error: unknown): void }, body: Body): void {
  let value: unknown
  try {
    value = body.value()
  } catch (error) {
    return reader.reject(error)
  }
  reader.resolve({ done: false, value })
}
