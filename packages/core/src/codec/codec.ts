/**
 * Turns a value into bytes and back. Pure: no state, nothing to close.
 *
 * Failures: a value that it cannot write is `invalid_argument`/`NOT_ENCODABLE`; bytes that it cannot read are `invalid_argument`/`NOT_DECODABLE`,
 * with the position where the format has one. Decoding never changes a prototype: a key `__proto__` in the data becomes an own property or is refused.
 */
export interface Codec {
  /** What it is, as the user chooses it: `"json"`. */
  readonly name: string
  /** The content types that it answers to, lower-case, without parameters; the first one is what it writes. */
  readonly contentTypes: readonly [string, ...string[]]
  /** `value` as bytes. `undefined` at the top means an empty body: 0 bytes. */
  encode(value: unknown): Uint8Array
  /** The value of `bytes`, which are not kept. 0 bytes are `undefined`: an empty body. */
  decode(bytes: Uint8Array): unknown
}
