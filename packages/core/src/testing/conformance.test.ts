import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MicroError } from '../base/index.js'
import { testClock } from './clock.js'
import { conformance, runCase } from './conformance.js'
import type { Suite } from './suite.js'

interface Box {
  readonly features: ReadonlySet<string>
  put(value: number, options?: { ttlMs?: number }): Promise<void>
  close(): Promise<void>
}

const suite: Suite<Box> = {
  kind: 'box',
  features: ['ttl'],
  cases: [
    {
      name: 'put() with a time',
      needs: 'ttl',
      refuses: ({ subject }) => subject.put(1, { ttlMs: 1 }),
      run: async () => assert.fail('the time was not kept'),
    },
  ],
}
const box = (features: string[], put: Box['put']): Box => ({ features: new Set(features), put, close: async () => {} })
const refuse = async () => {
  throw new MicroError('unimplemented', 'no', { reason: 'FEATURE_NOT_SUPPORTED' })
}
const only = suite.cases[0]!

test('runCase() accepts a feature that is not claimed and refused', async () => {
  await runCase(suite, only, { create: () => box([], refuse) })
})

test('runCase() rejects when a feature that is not claimed is ignored in silence', async () => {
  await assert.rejects(runCase(suite, only, { create: () => box([], async () => {}) }), assert.AssertionError)
})

test('runCase() rejects when a feature that is not claimed fails in any other way', async () => {
  await assert.rejects(runCase(suite, only, { create: () => box([], () => Promise.reject(new Error('boom'))) }), assert.AssertionError)
})

test('runCase() rejects a feature that the contract does not know', async () => {
  await assert.rejects(runCase(suite, only, { create: () => box(['telepathy'], refuse) }), assert.AssertionError)
})

test('runCase() disposes of everything that it made, the last first, also after a failure', async () => {
  const disposed: string[] = []
  const named = (name: string) => ({ ...box(['ttl'], refuse), close: async () => void disposed.push(name) })
  const failing: Suite<Box> = { ...suite, cases: [{ name: 'x', run: async ({ peer }) => void (await peer(), assert.fail('no')) }] }

  await assert.rejects(runCase(failing, failing.cases[0]!, { create: () => named('first'), peer: () => named('peer') }))

  assert.deepEqual(disposed, ['peer', 'first'])
})

test('conformance() turns red when a known failure passes', async () => {
  const runs: (() => Promise<void>)[] = []

  conformance((_name, run) => runs.push(run), suite, { create: () => box([], refuse), knownFailures: { 'put() with a time': 'issue 1' } })

  await assert.rejects(runs[0]!(), assert.AssertionError)
})

test('conformance() does not accept a known failure that is no case', () => {
  assert.throws(() => conformance(() => {}, suite, { create: () => box([], refuse), knownFailures: { typo: 'x' } }), TypeError)
})

test('testClock() runs what is due on the way, in the order of its time', async () => {
  const clock = testClock()
  const seen: string[] = []
  clock.after(20, () => seen.push(`b at ${clock.monotonicMs()}`))
  clock.after(10, () => {
    seen.push(`a at ${clock.monotonicMs()}`)
    clock.after(5, () => seen.push(`c at ${clock.monotonicMs()}`))
  })
  clock.after(31, () => seen.push('never'))

  await clock.advance(30)

  assert.deepEqual(seen, ['a at 10', 'c at 15', 'b at 20'])
  assert.equal(clock.monotonicMs(), 30)
})
