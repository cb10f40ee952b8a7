import assert from 'node:assert/strict'
import { MicroError, type Code } from '../../base/index.js'
import type { ConformanceCase } from '../../testing/index.js'
import type { Store, StoreFeature } from '../store.js'

/** One case of the store suite. */
export type StoreCase = ConformanceCase<Store, StoreFeature>

/** Text as UTF-8. */
export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** UTF-8 as text; of nothing, nothing. */
export const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : new TextDecoder().decode(value)

/** Fails unless both have the same bytes. What kind of view they are does not matter. */
export function assertSameBytes(actual: Uint8Array | undefined, expected: Uint8Array): void {
  assert.ok(actual instanceof Uint8Array, 'there is no value')
  assert.equal(actual.byteLength, expected.byteLength, 'the number of bytes')
  assert.ok(Buffer.from(actual.buffer, actual.byteOffset, actual.byteLength).equals(expected), 'the bytes differ')
}

/** All that an iterable gives. */
export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const one of source) all.push(one)
  return all
}

/** Fails unless `attempt` rejects with a MicroError of this code and reason. */
export async function assertRefused(attempt: Promise<unknown>, code: Code, reason: string): Promise<void> {
  const outcome: unknown = await attempt.then(
    (value) => ({ value }),
    (error: unknown) => error,
  )
  assert.ok(MicroError.is(outcome), `wanted ${code}/${reason}, found ${String(outcome)}`)
  assert.deepEqual({ code: outcome.code, reason: outcome.reason }, { code, reason })
}
