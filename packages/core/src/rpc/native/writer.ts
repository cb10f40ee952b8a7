import type { Metadata } from '../call.js'
import { encodeAs, formatFor } from './body.js'
import type { Format, Formats } from './formats.js'
import { frameOf, frameType } from './frame.js'
import type { Link } from './link.js'
import { MessageHead, writeMessage } from './message.js'
import type { Hello } from './settings.js'

/** Writes the messages of one end, in the formats that were agreed on. */
export class Writer {
  readonly link: Link
  readonly #formats: Formats
  readonly #head = new MessageHead()
  readonly #maxBytes: number

  constructor(link: Link, formats: Formats, peer: Hello) {
    this.link = link
    this.#formats = formats
    this.#maxBytes = peer.maxBytes
  }

  /** CALL with a body. True when it leaves in chunks. @throws what the codec throws, `resource_exhausted`/`FRAME_TOO_LARGE`, `invalid_argument`/`METADATA_INVALID` */
  call(
    call: { readonly id: number; readonly route: number; readonly timeoutMs: number; readonly flags: number },
    value: unknown,
    metadata?: Metadata,
  ): boolean {
    const head = this.#head
    head.flags = call.flags
    head.route = call.route
    head.timeoutMs = call.timeoutMs
    return this.#write(frameType.call, call.id, value, metadata, undefined)
  }

  /** REPLY. True when it leaves in chunks, of which `done` is told when the last one has left. @throws as `call` */
  reply(id: number, value: unknown, metadata: Metadata, done: () => void): boolean {
    this.#head.flags = 0
    return this.#write(frameType.reply, id, value, metadata, done)
  }

  /** MESSAGE, of what `encode` gave. True when it leaves in chunks, of which `done` is told when the last one has left. @throws `resource_exhausted`/`FRAME_TOO_LARGE` */
  message(id: number, format: Format, data: string | Uint8Array, done: () => void): boolean {
    const head = this.#head
    head.type = frameType.message
    head.flags = 0
    head.id = id
    head.codec = format.peerPlace as number
    head.metadata = undefined
    return writeMessage(this.link.outbox, head, data, this.#maxBytes, done)
  }

  /** The format for `value`. */
  formatFor(value: unknown): Format {
    return formatFor(value, this.#formats)
  }

  /** `value` in `format`. What the codec has defined for it is sent at once. @throws what the codec throws */
  encode(format: Format, value: unknown): string | Uint8Array {
    const data = encodeAs(format, value)
    const definitions = format.isPortable ? undefined : format.codec.definitions?.()
    if (definitions !== undefined) this.link.send(frameOf(frameType.define, 0, format.peerPlace as number, definitions))
    return data
  }

  #write(type: number, id: number, value: unknown, metadata: Metadata | undefined, done: (() => void) | undefined): boolean {
    const format = formatFor(value, this.#formats)
    const data = this.encode(format, value)
    const head = this.#head
    head.type = type
    head.id = id
    head.codec = format.peerPlace as number
    head.metadata = metadata === undefined || isEmpty(metadata) ? undefined : metadata
    return writeMessage(this.link.outbox, head, data, this.#maxBytes, done)
  }
}

function isEmpty(metadata: Metadata): boolean {
  // oxlint-disable-next-line no-unreachable-loop -- the first key answers; a list of all of them would cost as much as the rest of a call
  for (const _ in metadata) return false
  return true
}
