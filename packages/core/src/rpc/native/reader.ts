import { Frame, headerBytes, readU16, readU32 } from './frame.js'
import { checkPreface, prefaceBytes } from './preface.js'

/**
 * Cuts what a socket gives into frames.
 *
 * Frames that came whole are read where they lie; only what is cut by the end of a segment is copied, once, so that any number of segments costs the same
 * as one. What it keeps is at most one frame (64 KiB), and while it is paused the rest of one segment.
 */
export class Reader {
  readonly #frame = new Frame()
  readonly #onPreface: () => void
  readonly #onFrame: (frame: Frame) => void
  #hasPreface = false
  #partial: Buffer | undefined
  #have = 0
  #isStopped = false
  #isPaused = false
  #rest: Buffer | undefined

  constructor(onPreface: () => void, onFrame: (frame: Frame) => void) {
    this.#onPreface = onPreface
    this.#onFrame = onFrame
  }

  /** @throws what `onFrame` throws, and what is wrong with the preface */
  push(chunk: Buffer): void {
    if (this.#isStopped) return
    if (this.#isPaused) {
      this.#rest = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk])
      return
    }
    let at = this.#partial === undefined ? 0 : this.#complete(chunk)
    if (!this.#hasPreface && !this.#isStopped && this.#partial === undefined && chunk.length - at >= prefaceBytes) {
      this.#preface(chunk.subarray(at))
      at += prefaceBytes
    }
    if (this.#hasPreface) at = this.#frames(chunk, at)
    if (this.#isStopped || at === chunk.length) return
    if (this.#isPaused) this.#rest = chunk.subarray(at)
    else this.#keep(chunk, at)
  }

  /** Reads no frame after the present one until `resume`. What is pushed meanwhile is kept, so the socket has to be paused too. */
  pause(): void {
    this.#isPaused = true
  }

  /** Goes on with what was kept; it may be paused again by that. */
  resume(): void {
    this.#isPaused = false
    const rest = this.#rest
    this.#rest = undefined
    if (rest !== undefined) this.push(rest)
  }

  /** Reads nothing any more. */
  stop(): void {
    this.#isStopped = true
    this.#partial = undefined
    this.#rest = undefined
  }

  #frames(chunk: Buffer, from: number): number {
    const { length } = chunk
    let at = from
    while (length - at >= headerBytes && !this.#isPaused && !this.#isStopped) {
      const next = at + headerBytes + readU16(chunk, at)
      if (next > length) break
      this.#read(chunk, at, next)
      at = next
    }
    return at
  }

  #read(buffer: Buffer, at: number, end: number): void {
    const frame = this.#frame
    frame.type = buffer[at + 2] as number
    frame.flags = buffer[at + 3] as number
    frame.id = readU32(buffer, at + 4)
    frame.buffer = buffer
    frame.start = at + headerBytes
    frame.end = end
    this.#onFrame(frame)
  }

  #preface(bytes: Buffer): void {
    checkPreface(bytes)
    this.#hasPreface = true
    this.#onPreface()
  }

  #wanted(): number {
    return this.#hasPreface ? headerBytes : prefaceBytes
  }

  /** Keeps the beginning of a frame; of one whose length is known, in a place that has room for all of it. */
  #keep(chunk: Buffer, at: number): void {
    const have = chunk.length - at
    const bytes = this.#hasPreface && have >= headerBytes ? headerBytes + readU16(chunk, at) : this.#wanted()
    this.#partial = Buffer.allocUnsafe(bytes)
    chunk.copy(this.#partial, 0, at)
    this.#have = have
  }

  /** Adds to what was kept, and reads it when it is whole. Gives how much of `chunk` that took. */
  #complete(chunk: Buffer): number {
    let at = 0
    for (let partial = this.#partial; partial !== undefined; partial = this.#partial) {
      const taken = Math.min(partial.length - this.#have, chunk.length - at)
      chunk.copy(partial, this.#have, at, at + taken)
      this.#have += taken
      at += taken
      if (this.#have < partial.length) return at
      const bytes = this.#hasPreface ? headerBytes + readU16(partial, 0) : prefaceBytes
      if (bytes > partial.length) {
        this.#partial = Buffer.allocUnsafe(bytes)
        partial.copy(this.#partial)
      } else {
        this.#partial = undefined
        if (this.#hasPreface) this.#read(partial, 0, bytes)
        else this.#preface(partial)
      }
    }
    return at
  }
}
