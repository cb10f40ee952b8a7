import type { Codec } from '../../codec/codec.js'
import type { ConnectionCodec } from './codec.js'

// Up to here a text cannot be nested more deeply than the codec allows (a level takes two characters).
const shortText = 4000

/**
 * `codec`, which is JSON, with the shortest way for what is beyond doubt: text goes to and from the buffer without bytes between.
 *
 * What is in doubt (a `null` that may hide a NaN, a text that may be nested too deeply, bytes that may be no UTF-8, whatever does not parse) is left to the codec, so that
 * its rules and its errors are the only ones.
 */
export function jsonFormat(codec: Codec): ConnectionCodec {
  return {
    encode(value) {
      if (value === undefined) return ''
      let text: string | undefined
      try {
        text = JSON.stringify(value) as string | undefined
      } catch {
        // The codec says why.
        return codec.encode(value)
      }
      return text === undefined || text.includes('null') ? codec.encode(value) : text
    },
    decode(buffer, start, end) {
      if (start === end) return undefined
      if (end - start <= shortText) {
        const text = buffer.toString('utf8', start, end)
        try {
          if (!text.includes('\ufffd')) return JSON.parse(text) as unknown
        } catch {
          // The codec says where.
        }
      }
      return codec.decode(buffer.subarray(start, end))
    },
  }
}
