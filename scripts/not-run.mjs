/** Decides what a skipped test means: on a laptop a note at the end, in CI a failure unless tests/not-run.json says why. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { programs } from './servers.mjs'

/**
 * @param {import('./test-file.mjs').FileResult[]} files those that ran
 * @param {{ cwd: string, strict: boolean }} options `strict`: what is not run and not listed fails
 * @returns {{ notes: string[], failures: { name: string, why: string }[] }}
 */
export function judgeSkips(files, { cwd, strict }) {
  const skipped = files.flatMap(({ file, results }) =>
    results
      .filter((result) => result.outcome === 'skipped')
      .map((result) => ({ key: `${file} > ${result.name}`, reason: result.reason ?? '' })),
  )
  const failures = []
  for (const { key, reason } of skipped) {
    if (!reason.startsWith('needs:'))
      failures.push({ name: `${key}: a skip says what it needs`, why: `its reason is "${reason}" (wanted "needs: ...")` })
  }
  if (strict) failures.push(...againstTheList(files, skipped, readList(cwd)))
  return { notes: notesOf(skipped), failures }
}

function againstTheList(files, skipped, list) {
  const keys = new Set(skipped.map(({ key }) => key))
  const unlisted = skipped
    .filter(({ key }) => !Object.hasOwn(list, key))
    .map(({ key, reason }) => ({ name: `${key}: runs in CI`, why: `it did not (${reason}), and tests/not-run.json does not list it` }))
  const ran = new Set(files.map(({ file }) => file))
  const outdated = Object.keys(list)
    .filter((key) => !keys.has(key) && ran.has(key.split(' > ')[0] ?? ''))
    .map((key) => ({ name: `${key}: is not run, as tests/not-run.json says`, why: 'it ran, or there is no such test: remove the entry' }))
  return [...unlisted, ...outdated]
}

/** `{ "<file> > <test>": "<reason>" }`; absent means that every test must run. */
function readList(cwd) {
  try {
    return JSON.parse(readFileSync(join(cwd, 'tests/not-run.json'), 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT') return {}
    throw error
  }
}

function notesOf(skipped) {
  const byReason = new Map()
  for (const test of skipped) byReason.set(test.reason, [...(byReason.get(test.reason) ?? []), test])
  return [...byReason].map(([reason, tests]) => {
    const program = reason.replace(/^needs:\s*/, '').split(/\s/)[0] ?? ''
    const known = Object.hasOwn(programs, program) ? `; \`MICRO_TEST_INSTALL=1 npm test\` installs ${programs[program].package}` : ''
    return `not run: ${tests.length} ${tests.length === 1 ? 'test' : 'tests'}, ${reason}${known}`
  })
}
