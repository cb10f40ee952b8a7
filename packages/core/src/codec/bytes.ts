import type { Codec } from './codec.js'
import { codecErrors } from './errors.js'

/** Which content types are handed through. */
export interface BytesOptions {
  /** @default 'bytes' */
  readonly name?: string
  /** @default ['application/octet-stream'] */
  readonly contentTypes?: readonly [string, ...string[]]
}

/**
 * Bytes as they are: a `Uint8Array` in, a `Uint8Array` out, nothing copied.
 *
 * With other content types it hands through a format that the endpoint reads itself, such as a protobuf message. 0 bytes are `undefined`, as for every codec.
 */
export function bytesCodec(options: BytesOptions = {}): Codec {
  const { name = 'bytes', contentTypes = ['application/octet-stream'] } = options
  return {
    name,
    contentTypes,
    encode(value) {
      if (value === undefined) return new Uint8Array(0)
      if (value instanceof Uint8Array) return value
      throw codecErrors.notEncodable(
        name,
        `it is ${describe(value)}, no Uint8Array`,
        'Give a Uint8Array, or choose the codec "json" for other values.',
      )
    },
    decode: (bytes) => (bytes.length === 0 ? undefined : bytes),
  }
}

function describe(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`
}
