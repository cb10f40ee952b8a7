import type { Format } from './formats.js'
import type { Writer } from './writer.js'

/** What each message of a stream counts besides its bytes, so that empty ones are not free. */
export const messageOverheadBytes = 64

/**
 * The sending half of a stream: takes a source one message at a time, and the next one only when there is credit for this one.
 *
 * Credit is counted in bytes, since what must be bounded is memory, and a message may have a byte or a million. A message may leave when there is credit for it, or for
 * half of the window at least: one that is larger than the window passes, too, and what the other side holds is bounded by half a window and one message.
 */
export class StreamSender {
  readonly #id: number
  readonly #writer: Writer
  readonly #window: number
  #available: number
  #isChunked = false
  #isStopped = false
  #iterator: AsyncIterator<unknown> | undefined
  #wake: (() => void) | undefined

  constructor(id: number, writer: Writer, windowBytes: number) {
    this.#id = id
    this.#writer = writer
    this.#window = windowBytes
    this.#available = windowBytes
  }

  /** The other side has read so much. */
  credit(bytes: number): void {
    this.#available = Math.min(this.#window, this.#available + bytes)
    this.#wake?.()
  }

  /** Sends all of `source`. Resolves to whether it came to its end; false when it was stopped. Rejects with what the source throws, or the codec. */
  async pump(source: AsyncIterable<unknown>): Promise<boolean> {
    const iterator = source[Symbol.asyncIterator]()
    this.#iterator = iterator
    for (;;) {
      const next: IteratorResult<unknown, unknown> = await iterator.next()
      if (this.#isStopped) return false
      if (next.done === true) break
      try {
        await this.#send(next.value)
      } catch (error) {
        this.stop()
        throw error
      }
      if (this.#isStopped) return false
    }
    this.#iterator = undefined
    return true
  }

  /** Sends nothing any more, and tells the source. Twice is once. */
  stop(): void {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#wake?.()
    this.#writer.link.outbox.chunks.drop(this.#id)
    const iterator = this.#iterator
    this.#iterator = undefined
    // Nobody waits for the source's clean-up, and there is nobody left whom its failure could be told.
    if (iterator?.return !== undefined) Promise.resolve(iterator.return()).catch(() => undefined)
  }

  async #send(value: unknown): Promise<void> {
    const format = this.#writer.formatFor(value)
    const data = this.#writer.encode(format, value)
    const cost = messageOverheadBytes + (typeof data === 'string' ? Buffer.byteLength(data) : data.length)
    const { outbox } = this.#writer.link
    while (!this.#isStopped && (this.#isShort(cost) || outbox.isClogged)) await this.#change(outbox.isClogged)
    if (this.#isStopped) return
    this.#available -= cost
    await this.#write(format, data)
  }

  async #write(format: Format, data: string | Uint8Array): Promise<void> {
    this.#isChunked = this.#writer.message(this.#id, format, data, () => {
      this.#isChunked = false
      this.#wake?.()
    })
    // The next message must not overtake this one.
    while (this.#isChunked && !this.#isStopped) await this.#change(false)
  }

  #isShort(cost: number): boolean {
    return this.#available < cost && this.#available < this.#window / 2
  }

  #change(isClogged: boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined
        resolve()
      }
      if (isClogged) this.#writer.link.outbox.whenDrained(() => this.#wake?.())
    })
  }
}
