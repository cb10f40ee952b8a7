import { nativeErrors } from './errors.js'
import { type Frame, frameFlag } from './frame.js'

/** Messages of which not all chunks are there: a few at most, each with the room that it needs from its first frame on. */
export class Parts {
  /** The room of all of them. */
  bytes = 0
  readonly #maxParts: number
  #all: Part[] = []

  constructor(maxParts: number) {
    this.#maxParts = maxParts
  }

  get length(): number {
    return this.#all.length
  }

  has(id: number): boolean {
    return this.#all.some((part) => part.id === id)
  }

  /**
   * Begins a message of `totalBytes` with what is there of it. `done` gets all of it.
   *
   * @throws `internal`/`PROTOCOL_BROKEN` for more of them than were offered, a second one of that id, and one that is whole already
   */
  begin(id: number, totalBytes: number, frame: Frame, bodyAt: number, done: (body: Buffer) => void): void {
    if (this.#all.length === this.#maxParts)
      throw nativeErrors.protocolBroken(`more than ${this.#maxParts} messages in chunks are under way`)
    if (this.has(id)) throw nativeErrors.protocolBroken(`a second message in chunks begins for call ${id}`)
    const have = frame.end - bodyAt
    if (have >= totalBytes) throw nativeErrors.protocolBroken('a message in chunks has all of its bytes in the first frame')
    // The system gives memory for what is written to, so a length that is only claimed costs nothing.
    const body = Buffer.allocUnsafeSlow(totalBytes)
    frame.buffer.copy(body, 0, bodyAt, frame.end)
    this.#all.push({ id, body, have, done })
    this.bytes += totalBytes
  }

  /**
   * Adds a CHUNK. One that belongs to nothing is left alone: its call may have ended while it was under way.
   *
   * @throws `internal`/`PROTOCOL_BROKEN` for more or fewer bytes than the message has
   */
  add(frame: Frame): void {
    const part = this.#all.find(({ id }) => id === frame.id)
    if (part === undefined) return
    const bytes = frame.end - frame.start
    const isLast = (frame.flags & frameFlag.more) === 0
    if (part.have + bytes > part.body.length || isLast !== (part.have + bytes === part.body.length) || bytes === 0)
      throw nativeErrors.protocolBroken('the chunks of a message are not as long as it said')
    frame.buffer.copy(part.body, part.have, frame.start, frame.end)
    part.have += bytes
    if (!isLast) return
    this.drop(part.id)
    part.done(part.body)
  }

  /** Forgets the half message of that id, if there is one. */
  drop(id: number): void {
    const at = this.#all.length === 0 ? -1 : this.#all.findIndex((part) => part.id === id)
    if (at === -1) return
    this.bytes -= (this.#all[at] as Part).body.length
    this.#all.splice(at, 1)
  }

  /** Forgets all. */
  close(): void {
    this.#all = []
    this.bytes = 0
  }
}

interface Part {
  readonly id: number
  readonly body: Buffer
  have: number
  readonly done: (body: Buffer) => void
}
