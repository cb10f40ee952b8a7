import assert from 'node:assert/strict'
import { MicroError, systemClock, sleep } from '../base/index.js'
import type { CaseContext, ConformanceCase, Harness, Suite } from './suite.js'

/** What a runner offers: node:test's `test`, vitest's, bun's. */
export type TestFunction = (name: string, run: () => Promise<void>) => unknown

interface Subject {
  readonly features?: ReadonlySet<string>
  close?(): Promise<void>
}

/**
 * Registers every case of `suite` with `test`, for the implementation that `harness` makes.
 *
 * A case whose feature is not claimed checks instead that the feature is refused. A known failure must still fail.
 */
export function conformance<S extends object, F extends string>(test: TestFunction, suite: Suite<S, F>, harness: Harness<S>): void {
  const known = harness.knownFailures ?? {}
  for (const name of Object.keys(known)) {
    if (!suite.cases.some((one) => one.name === name)) throw new TypeError(`Known failure "${name}" is no case of the ${suite.kind} suite`)
  }
  for (const one of suite.cases) {
    const reason = known[one.name]
    test(`${suite.kind}: ${one.name}`, () =>
      reason === undefined ? runCase(suite, one, harness) : mustFail(runCase(suite, one, harness), reason))
  }
}

/** Runs one case on a fresh subject; rejects when the behaviour is not there. For runners that are no test runner: `micro plugin check`, a dashboard. */
export async function runCase<S extends object, F extends string>(
  suite: Suite<S, F>,
  one: ConformanceCase<S, F>,
  harness: Harness<S>,
): Promise<void> {
  const made: S[] = []
  const dispose = harness.dispose ?? ((subject: S) => (subject as Subject).close?.() ?? Promise.resolve())
  try {
    const subject = await harness.create()
    made.push(subject)
    const features = (subject as Subject).features ?? new Set<string>()
    for (const feature of features)
      assert.ok(
        (suite.features as readonly string[]).includes(feature),
        `claims "${feature}", which the ${suite.kind} contract does not know`,
      )

    const context: CaseContext<S> = {
      subject,
      async peer() {
        if (harness.peer === undefined) return subject
        const peer = await harness.peer(subject)
        made.push(peer)
        return peer
      },
      advance: (ms) => harness.advance?.(ms, subject) ?? sleep(ms),
      eventually,
    }
    if (one.needs === undefined || features.has(one.needs)) await one.run(context)
    else if (one.refuses !== undefined) await mustRefuse(one.refuses(context), one.needs)
  } finally {
    for (const subject of made.reverse()) await dispose(subject)
  }
}

async function mustRefuse(attempt: Promise<unknown>, feature: string): Promise<void> {
  const outcome = await attempt.then(
    () => undefined,
    (error: unknown) => error,
  )
  assert.ok(
    MicroError.is(outcome),
    `"${feature}" is not claimed, so it must be refused with unimplemented; it was ${outcome === undefined ? 'accepted' : `refused with ${String(outcome)}`}`,
  )
  assert.equal(outcome.code, 'unimplemented')
}

async function mustFail(run: Promise<void>, reason: string): Promise<void> {
  const failed = await run.then(
    () => false,
    () => true,
  )
  assert.ok(failed, `passes now, so take it out of knownFailures (it said: ${reason})`)
}

async function eventually(condition: () => boolean | Promise<boolean>, withinMs = 5000): Promise<void> {
  const until = systemClock.monotonicMs() + withinMs
  while (!(await condition())) {
    assert.ok(systemClock.monotonicMs() < until, `did not come true within ${withinMs} ms: ${condition.toString()}`)
    await sleep(5)
  }
}
