import type { Duplex } from 'node:stream'
import { frameFlag, frameType, headerBytes, maxPayloadBytes, writeHeader, writeLength } from './frame.js'

// As much as lies in the socket before small frames get their turn, and as much as is handed to it before the event loop does.
const socketBytes = 131_072
const turnBytes = 524_288

/** A message that is longer than a frame. */
export interface Chunked {
  readonly id: number
  /** The head of its first frame: the header, whose length is not written yet, and all that stands before the body. */
  readonly head: Buffer
  readonly body: Uint8Array
  /** Called when the last chunk was handed to the socket; not when the message was dropped. */
  readonly done: () => void
}

/** Messages in chunks, one chunk of each in turn, and only while the socket has room, so that a small frame overtakes them. */
export class ChunkQueue {
  /** How many of them the other side takes at once. */
  maxActive = 1
  /** What is not written yet. */
  bytes = 0
  readonly #socket: Duplex
  #active: { readonly message: Chunked; offset: number }[] = []
  #waiting: Chunked[] = []
  #isTurnAsked = false

  constructor(socket: Duplex) {
    this.#socket = socket
  }

  /** Messages that are not written to their end. */
  get length(): number {
    return this.#active.length + this.#waiting.length
  }

  add(message: Chunked): void {
    this.bytes += message.body.length
    this.#waiting.push(message)
    this.#fill()
  }

  /** Forgets the message of that id, wherever it is. The other side has been told otherwise. */
  drop(id: number): void {
    if (this.length === 0) return
    for (const { message, offset } of this.#active) if (message.id === id) this.bytes -= message.body.length - offset
    for (const message of this.#waiting) if (message.id === id) this.bytes -= message.body.length
    this.#active = this.#active.filter(({ message }) => message.id !== id)
    this.#waiting = this.#waiting.filter((message) => message.id !== id)
    this.#fill()
  }

  /** Writes chunks while the socket has room; goes on by itself when that was not all, or when the socket drains and this is called again. */
  pump(): void {
    const socket = this.#socket
    let turn = turnBytes
    while (this.#active.length > 0 && turn > 0 && socket.writableLength < socketBytes) {
      const next = this.#active.shift() as { readonly message: Chunked; offset: number }
      const bytes = this.#write(next.message, next.offset)
      next.offset += bytes
      this.bytes -= bytes
      turn -= bytes
      if (next.offset < next.message.body.length) this.#active.push(next)
      else {
        next.message.done()
        this.#fill()
      }
    }
    if (this.#active.length > 0 && socket.writableLength < socketBytes) this.#askTurn()
  }

  close(): void {
    this.#active = []
    this.#waiting = []
    this.bytes = 0
  }

  #askTurn(): void {
    if (this.#isTurnAsked) return
    this.#isTurnAsked = true
    setImmediate(() => {
      this.#isTurnAsked = false
      if (!this.#socket.destroyed && !this.#socket.writableEnded) this.pump()
    })
  }

  #fill(): void {
    while (this.#active.length < this.maxActive && this.#waiting.length > 0) {
      this.#active.push({ message: this.#waiting.shift() as Chunked, offset: 0 })
    }
  }

  #write({ id, head: first, body }: Chunked, offset: number): number {
    const head = offset === 0 ? first : Buffer.allocUnsafe(headerBytes)
    const bytes = Math.min(maxPayloadBytes + headerBytes - head.length, body.length - offset)
    const isLast = offset + bytes === body.length
    if (offset > 0) writeHeader(head, 0, frameType.chunk, isLast ? 0 : frameFlag.more, id)
    writeLength(head, 0, head.length - headerBytes + bytes)
    this.#socket.cork()
    this.#socket.write(head)
    this.#socket.write(body.subarray(offset, offset + bytes))
    this.#socket.uncork()
    return bytes
  }
}
