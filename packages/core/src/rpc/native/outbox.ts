import type { Duplex } from 'node:stream'
import { ChunkQueue } from './chunk-queue.js'

const slabBytes = 65_536
const noSlab = Buffer.alloc(0)

// Beyond this, streams wait and a server reads no further calls.
const highWaterBytes = 1_048_576

/**
 * What one end writes, gathered so that a tick costs one write.
 *
 * Small frames are written into a slab, one behind the other; a body that is worth no copy goes beside it; a message in chunks waits in a queue, behind all that
 * is small. The slab is used anew once the system has taken what was in it.
 */
export class Outbox {
  /** Where frames are written: from `reserve` to `commit`. */
  buffer: Buffer = noSlab
  readonly chunks: ChunkQueue
  readonly #socket: Duplex
  #from = 0
  #at = 0
  #parts: Buffer[] = []
  #partBytes = 0
  #isScheduled = false
  #isHeld = false
  #isClosed = false
  #waiting: (() => void)[] = []

  constructor(socket: Duplex) {
    this.#socket = socket
    this.chunks = new ChunkQueue(socket)
    socket.on('drain', () => {
      if (this.chunks.length > 0) this.chunks.pump()
      this.#wake()
    })
  }

  /** Bytes that the system has not taken yet. */
  get queued(): number {
    return this.#at - this.#from + this.#partBytes + this.chunks.bytes + this.#socket.writableLength
  }

  /** Whether nothing was written since the last flush: the moment to look at the clock, once a tick. */
  get isEmpty(): boolean {
    return !this.#isScheduled && this.#at === this.#from
  }

  /** Whether more should wait, for `whenDrained`. */
  get isClogged(): boolean {
    return this.#partBytes + this.chunks.bytes + this.#socket.writableLength > highWaterBytes
  }

  /** A place with room for `bytes` in `buffer`. What was reserved and not committed is given back by the next `reserve`. */
  reserve(bytes: number): number {
    if (this.buffer.length - this.#at < bytes) this.#newSlab(bytes)
    return this.#at
  }

  /** Takes what was written from the last `reserve` up to `end`. It leaves with the rest of this tick. */
  commit(end: number): void {
    this.#at = end
    if (!this.#isScheduled) this.#schedule()
  }

  /** Takes bytes as they are, behind what was committed. Nobody changes them any more. */
  append(bytes: Uint8Array): void {
    this.#seal()
    this.#parts.push(bytes as Buffer)
    this.#partBytes += bytes.length
    if (!this.#isScheduled) this.#schedule()
  }

  /** Keeps all until `release`: for the time in which a segment is read, whose answers leave together. */
  hold(): void {
    this.#isHeld = true
  }

  /** Writes what was kept, at once. */
  release(): void {
    this.#isHeld = false
    this.flush()
  }

  /** Writes everything now, in one go. */
  flush(): void {
    this.#isScheduled = false
    const socket = this.#socket
    if (this.#isClosed || socket.destroyed || socket.writableEnded) return this.close()
    const from = this.#from
    if (this.#parts.length > 0) this.#writeParts()
    else if (this.#at > from) {
      // Before the write, during which a stream in memory may answer, and be answered.
      this.#from = this.#at
      socket.write(this.buffer.subarray(from, this.#at))
    }
    // Nothing of the slab is under way, so it begins anew.
    if (socket.writableLength === 0 && this.#at === this.#from) this.#from = this.#at = 0
    if (this.chunks.length > 0) this.chunks.pump()
    if (this.#waiting.length > 0) this.#wake()
  }

  /** Calls back once, when there is room again; at once when there is. */
  whenDrained(run: () => void): void {
    if (this.isClogged) this.#waiting.push(run)
    else run()
  }

  /** Gives the slab back: for a connection on which nothing happens. */
  shrink(): void {
    if (this.#at === this.#from && this.#socket.writableLength === 0) this.#drop()
  }

  /** Forgets what was not written, and writes nothing any more. Who waits is woken. */
  close(): void {
    this.#isClosed = true
    this.#drop()
    this.#parts = []
    this.#partBytes = 0
    this.chunks.close()
    this.#wake()
  }

  #drop(): void {
    this.buffer = noSlab
    this.#from = this.#at = 0
  }

  #schedule(): void {
    if (this.#isHeld) return
    this.#isScheduled = true
    process.nextTick(flushOf, this)
  }

  #newSlab(bytes: number): void {
    this.#seal()
    this.buffer = Buffer.allocUnsafeSlow(Math.max(slabBytes, bytes))
    this.#from = this.#at = 0
  }

  #seal(): void {
    if (this.#at === this.#from) return
    this.#parts.push(this.buffer.subarray(this.#from, this.#at))
    this.#partBytes += this.#at - this.#from
    this.#from = this.#at
  }

  #writeParts(): void {
    this.#seal()
    const parts = this.#parts
    this.#parts = []
    this.#partBytes = 0
    this.#socket.cork()
    for (const part of parts) this.#socket.write(part)
    this.#socket.uncork()
  }

  #wake(): void {
    if (this.#waiting.length === 0 || (this.isClogged && !this.#isClosed)) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const run of waiting) run()
  }
}

function flushOf(outbox: Outbox): void {
  outbox.flush()
}
