import { viewOrCopy } from './codec.js'
import type { Format, Formats } from './formats.js'

const nothing = Buffer.alloc(0)
const undecoded = Symbol('undecoded')

/**
 * What a message carries, decoded when it is asked for.
 *
 * It can also be sent on as it is: given to a call as its input, or to the server as the output, it is written without having been decoded, where the other
 * connection reads its format.
 */
export class Body {
  readonly format: Format
  #buffer: Buffer
  #start: number
  #end: number
  #value: unknown = undecoded

  constructor(format: Format, buffer: Buffer, start: number, end: number) {
    this.format = format
    this.#buffer = buffer
    this.#start = start
    this.#end = end
  }

  /** How many bytes it keeps. */
  get byteLength(): number {
    return this.#end - this.#start
  }

  /** The decoded value, the same each time. @throws what the codec throws */
  value(): unknown {
    if (this.#value === undecoded) this.#value = this.format.codec.decode(this.#buffer, this.#start, this.#end)
    return this.#value
  }

  /** The bytes as they came; of a body that was decoded and let go, they are written anew. */
  bytes(): string | Uint8Array {
    if (this.#buffer !== nothing || this.#value === undecoded) return viewOrCopy(this.#buffer, this.#start, this.#end)
    return this.format.codec.encode(this.#value)
  }

  /** Lets go of the segment in which it came, which may be a thousand times as large: a decoded body needs it no more, another one copies its part. */
  detach(): void {
    if (this.#value === undecoded && this.#end > this.#start) this.#buffer = Buffer.from(this.#buffer.subarray(this.#start, this.#end))
    else this.#buffer = nothing
    this.#end -= this.#start
    this.#start = 0
    if (this.#buffer === nothing) this.#end = 0
  }
}

/**
 * The format that `value` is written in: a `Uint8Array` as it is, a {@link Body} undecoded where the other side reads its format, all else with the preferred codec.
 */
export function formatFor(value: unknown, formats: Formats): Format {
  if (typeof value !== 'object' || value === null) return formats.preferred
  if (value instanceof Body) return (value.format.isPortable ? formats.shared(value.format.name) : undefined) ?? formats.preferred
  return value instanceof Uint8Array ? formats.bytes : formats.preferred
}

/** The data of `value` in `format`, which `formatFor` has chosen. @throws what the codec throws */
export function encodeAs(format: Format, value: unknown): string | Uint8Array {
  if (!(value instanceof Body)) return format.codec.encode(value)
  if (format.name === value.format.name && format.isPortable) return value.bytes()
  return format.codec.encode(value.value())
}
