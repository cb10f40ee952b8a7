import { MicroError } from '../base/index.js'
import type { Codec } from './codec.js'
import { codecErrors } from './errors.js'
import { isDeeperThan } from './json-depth.js'
import { positionOfMistake } from './json-position.js'

// Deeper than any data that people write, and shallow enough for every recursive function that will walk over it.
const maxDepth = 2000

/**
 * JSON in UTF-8: the format that every client of ours and of go-micro speaks.
 *
 * Written are JSON's own types and what has a `toJSON`; `NaN`, the infinities, a bigint, a function and a circle are refused instead of being turned into
 * `null` or left out. Read is strict JSON without a byte order mark, at most 2,000 levels deep. Numbers are doubles: a whole number beyond 2^53 is rounded.
 */
export function jsonCodec(): Codec {
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  return {
    name: 'json',
    contentTypes: ['application/json'],
    encode: (value) => (value === undefined ? new Uint8Array(0) : Buffer.from(write(value))),
    decode: (bytes) => (bytes.length === 0 ? undefined : read(bytes, utf8)),
  }
}

function write(value: unknown): string {
  let text: string | undefined
  try {
    text = JSON.stringify(value) as string | undefined
  } catch (error) {
    // A toJSON of the user's may throw an error that already says what is wrong.
    if (MicroError.is(error)) throw error
    throw unwritable(error)
  }
  if (text === undefined)
    throw codecErrors.notEncodable('JSON', `it is a ${typeof value}`, 'Send data: objects, lists, strings, numbers, booleans or null.')
  // JSON.stringify writes NaN as null; only a text with a null in it can hide one, so most values are not walked.
  if (text.includes('null')) refuseNotANumber(value, [])
  return text
}

function unwritable(error: unknown): MicroError {
  const message = error instanceof Error ? (error.message.split('\n')[0] as string) : String(error)
  const why = error instanceof RangeError ? 'it is nested too deeply' : message
  return codecErrors.notEncodable('JSON', why, 'Send a tree of plain data; a bigint as a string.', error)
}

function refuseNotANumber(value: unknown, path: readonly string[]): void {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    const place = path.length === 0 ? '' : ` at "${path.join('.')}"`
    throw codecErrors.notEncodable(
      'JSON',
      `it has the number ${value}${place}`,
      'Send null, or leave the key out, where there is no number.',
    )
  }
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return
  for (const [key, inner] of Object.entries(value)) refuseNotANumber(inner, [...path, key])
}

function read(bytes: Uint8Array, utf8: { decode(bytes: Uint8Array): string }): unknown {
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch (error) {
    throw codecErrors.notDecodable('JSON', 'it is not UTF-8', undefined, error)
  }
  if (isDeeperThan(text, maxDepth)) throw codecErrors.notDecodable('JSON', `it is nested more than ${maxDepth} levels deep`)
  try {
    return JSON.parse(text)
  } catch (error) {
    const position = positionOfMistake(text)
    const found = position.offset >= text.length ? 'it ends too early' : `unexpected ${JSON.stringify(text[position.offset])}`
    throw codecErrors.notDecodable('JSON', `${found} at line ${position.line}, column ${position.column}`, position, error)
  }
}
