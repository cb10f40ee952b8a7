/**
 * The reporter that runs inside a test file's process: one JSON line for each test that ended, and nothing else.
 * A suite is written only when it failed by itself (a hook that threw); its tests speak for it otherwise.
 */
import { inspect } from 'node:util'

/** What failed, in a form that crosses a file: the assertion with its difference, the cause, the stack. */
function describe(error) {
  const cause = error?.code === 'ERR_TEST_FAILURE' && error.cause instanceof Error ? error.cause : error
  return inspect(cause, { depth: 6, breakLength: 140 })
}

export default async function* events(source) {
  const names = []
  for await (const { type, data } of source) {
    if (type === 'test:start') {
      names.length = data.nesting
      names[data.nesting] = data.name
      continue
    }
    if (type !== 'test:pass' && type !== 'test:fail') continue
    const { details, nesting, name } = data
    const byItsTests = details.error?.failureType === 'subtestsFailed'
    if (details.type === 'suite' && (type === 'test:pass' || byItsTests)) continue
    const path = [...names.slice(0, nesting), name].join(' > ')
    const skipped = data.skip ?? data.todo
    const line = { name: path, outcome: 'passed', ms: details.duration_ms }
    if (skipped !== undefined && skipped !== false) {
      line.outcome = 'skipped'
      line.reason = typeof skipped === 'string' ? skipped : ''
    } else if (type === 'test:fail') {
      // A parent whose subtests failed adds nothing that they did not say.
      if (byItsTests) continue
      line.outcome = 'failed'
      line.error = describe(details.error)
      line.at = data.file === undefined ? '' : `${data.file}:${data.line}:${data.column}`
    }
    yield `${JSON.stringify(line)}\n`
  }
}
