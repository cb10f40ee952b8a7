import { baseErrors } from '../base/index.js'
import { storeErrors } from './errors.js'
import type { PutOptions, StoreFeature, StoreQuery } from './store.js'

const maxKeyBytes = 1024

/**
 * Lets a key pass that every store can keep: 1 to 1024 bytes of UTF-8, without NUL.
 *
 * Half of a surrogate pair has no UTF-8: written, it would become U+FFFD and share its place with other keys. So it is refused.
 *
 * @throws `invalid_argument`/`KEY_INVALID`
 */
export function checkKey(key: string): void {
  if (typeof key !== 'string') throw storeErrors.keyInvalid(key, 'it is no string')
  if (key.length === 0) throw storeErrors.keyInvalid(key, 'it is empty')
  if (key.length > maxKeyBytes / 3) {
    const bytes = Buffer.byteLength(key)
    if (bytes > maxKeyBytes) throw storeErrors.keyInvalid(key, `it has ${bytes} bytes, and ${maxKeyBytes} are the most`)
  }
  if (unkeepable.test(key)) throw storeErrors.keyInvalid(key, 'it has a NUL or half of a surrogate pair in it')
}

// With the flag u, a surrogate pair is one character, so that \p{Cs} is only a half that stands alone.
const unkeepable = /[\0\p{Cs}]/u

/**
 * Lets the name of a database or table pass: 1 to 64 of `A-Z a-z 0-9 _ -`. `what`: "database" or "table", for the message.
 *
 * @throws `invalid_argument`/`SCOPE_INVALID`
 */
export function checkScopeName(what: 'database' | 'table', name: string): void {
  if (typeof name !== 'string' || !scopeName.test(name)) throw storeErrors.scopeInvalid(what, name)
}

const scopeName = /^[A-Za-z0-9_-]{1,64}$/

/**
 * Lets a query pass whose prefix and suffix are strings and whose limit and offset are whole numbers from 0. The scope is not looked at.
 *
 * @throws `invalid_argument`/`QUERY_INVALID`
 */
export function checkQuery(query: StoreQuery): void {
  for (const option of ['prefix', 'suffix'] as const) {
    const found: unknown = query[option]
    if (found !== undefined && typeof found !== 'string') throw storeErrors.queryInvalid(option, found, 'a string')
  }
  for (const option of ['limit', 'offset'] as const) {
    const found = query[option]
    if (found !== undefined && !(Number.isSafeInteger(found) && found >= 0))
      throw storeErrors.queryInvalid(option, found, 'a whole number, 0 or more')
  }
}

/** What {@link checkPut} has to know of a store. */
export interface PutLimits {
  /** For messages: "the memory store". */
  readonly what: string
  readonly features: ReadonlySet<StoreFeature>
  readonly maxValueBytes: number
}

/**
 * Lets a record pass that the store can keep, and gives its metadata as plain JSON data: a copy, so that what JSON cannot say is gone from all stores alike.
 *
 * @throws `invalid_argument`/`KEY_INVALID` or `QUERY_INVALID`, `resource_exhausted`/`VALUE_TOO_LARGE`, `unimplemented`/`FEATURE_NOT_SUPPORTED`
 * @throws TypeError when `value` is no Uint8Array
 */
export function checkPut(
  key: string,
  value: Uint8Array,
  options: PutOptions | undefined,
  limits: PutLimits,
): Readonly<Record<string, unknown>> | undefined {
  checkKey(key)
  if (!(value instanceof Uint8Array)) throw new TypeError(`A store keeps bytes (Uint8Array), not ${typeof value}: encode the value first`)
  if (value.byteLength > limits.maxValueBytes) throw storeErrors.valueTooLarge(key, value.byteLength, limits.maxValueBytes)
  if (options === undefined) return undefined

  const { ttlMs, durable, metadata } = options
  const demanded: readonly [StoreFeature, boolean][] = [
    ['ttl', ttlMs !== undefined],
    ['durable', durable === true],
    ['metadata', metadata !== undefined],
  ]
  for (const [feature, isDemanded] of demanded) {
    if (isDemanded && !limits.features.has(feature)) throw baseErrors.unimplemented(limits.what, feature)
  }
  if (ttlMs !== undefined && !(Number.isSafeInteger(ttlMs) && ttlMs >= 1))
    throw storeErrors.queryInvalid('ttlMs', ttlMs, 'a whole number of milliseconds, 1 or more')
  return metadata === undefined ? undefined : plainMetadata(key, metadata, limits.maxValueBytes)
}

function plainMetadata(key: string, metadata: Readonly<Record<string, unknown>>, maxBytes: number): Record<string, unknown> {
  const json = typeof metadata === 'object' && !Array.isArray(metadata) ? asJson(metadata) : undefined
  const plain: unknown = json === undefined ? undefined : JSON.parse(json)
  if (json === undefined || typeof plain !== 'object' || plain === null || Array.isArray(plain))
    throw storeErrors.queryInvalid('metadata', metadata, 'an object that JSON can say')
  const bytes = Buffer.byteLength(json)
  if (bytes > maxBytes) throw storeErrors.valueTooLarge(key, bytes, maxBytes)
  return plain as Record<string, unknown>
}

function asJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    // A cycle or a bigint: the caller is told which option it was, which is more than the TypeError says.
    return undefined
  }
}
