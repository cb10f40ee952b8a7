import type { Codec } from '../../codec/codec.js'
import { jsonFormat } from './json.js'

/**
 * A format, as the native framing uses it: not a pure function but something that each connection opens for itself, so that it may remember what the other
 * side has been told already (the shapes of records, a dictionary).
 */
export interface NativeCodec {
  /** What both sides call it: `"json"`. */
  readonly name: string
  /** One for each connection, closed with it. */
  open(): ConnectionCodec
}

/** The format of one connection, in both directions: what its encoder remembers is what the other side's decoder learns. */
export interface ConnectionCodec {
  /** `value` as text, which is written in UTF-8, or as bytes, which nobody changes any more. `undefined` is empty. */
  encode(value: unknown): string | Uint8Array
  /** The value of `buffer` from `start` to `end`; nothing of the buffer is kept. It may be asked later than other messages, and not at all. Empty is `undefined`. */
  decode(buffer: Buffer, start: number, end: number): unknown
  /**
   * What `encode` has defined since this was last asked, and the other side must `learn` before it decodes: sent ahead of the message, so that messages may be
   * decoded in any order. At most 65,535 bytes. A codec that has it writes bodies that mean nothing on another connection, so they are not passed on undecoded.
   */
  definitions?(): Uint8Array | undefined
  /** Takes what the other side's encoder has defined. It throws when that is not readable, which ends the connection. */
  learn?(definitions: Uint8Array): void
}

/** A codec without memory for the native framing; JSON without the detour through bytes. */
export function nativeCodec(codec: Codec): NativeCodec {
  const format = codec.name === 'json' ? jsonFormat(codec) : plainFormat(codec)
  return { name: codec.name, open: () => format }
}

function plainFormat(codec: Codec): ConnectionCodec {
  return {
    encode: (value) => codec.encode(value),
    decode: (buffer, start, end) => (start === end ? undefined : codec.decode(viewOrCopy(buffer, start, end))),
  }
}

/**
 * A part of `buffer`: a view while it is most of it, else a copy, so that who keeps the part does not keep a segment of 64 KiB for it.
 */
export function viewOrCopy(buffer: Buffer, start: number, end: number): Uint8Array {
  const bytes = end - start
  return bytes * 2 >= buffer.buffer.byteLength ? buffer.subarray(start, end) : Uint8Array.prototype.slice.call(buffer, start, end)
}
