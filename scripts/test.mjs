/**
 * `npm test [-- <part of a path>...]`: every test of the repository, a process a file, as many at once as there are cores.
 *
 *   --not <part>     leaves out files whose path has it (repeatable)
 *   --node <path>    runs the files with another Node
 *   --root <folder>  another repository (the tests of this script use it)
 *   --timeout <ms>   for one file; 120 000 when left out
 *
 * CI=true makes a test that was not run a failure (scripts/not-run.mjs), and installs what tests need, as MICRO_TEST_INSTALL=1 does.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ensureBundle } from './bundle.mjs'
import { filesBelow, root } from './files.mjs'
import { judgeSkips } from './not-run.mjs'
import { installPrograms } from './servers.mjs'
import { endAllTestFiles, runTestFile } from './test-file.mjs'
import { testReporter } from './test-reporter.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    not: { type: 'string', multiple: true, default: [] },
    node: { type: 'string', default: process.execPath },
    root: { type: 'string', default: root },
    timeout: { type: 'string', default: '120000' },
  },
})
const cwd = resolve(values.root)
const isCi = process.env.CI === 'true'

process.exitCode = await main()

async function main() {
  const files = chosenFiles()
  const reporter = testReporter(process.stdout, files.length)
  if (files.length === 0) {
    reporter.failed('there is a test to run', `no *.test.ts has ${positionals.join(' or ') || 'a name'} in its path`)
    return reporter.end([])
  }
  const notes = []
  if (isCi || process.env.MICRO_TEST_INSTALL === '1') notes.push(installPrograms())
  if (cwd === root && files.some(needsBundle)) {
    try {
      await ensureBundle()
    } catch (error) {
      reporter.failed('the CLI can be bundled', error.message)
      return reporter.end([])
    }
  }
  const ended = await runAll(files, reporter)
  const skips = judgeSkips(ended, { cwd, strict: isCi })
  for (const { name, why } of skips.failures) reporter.failed(name, why)
  return reporter.end([...notes.filter((note) => note !== undefined), ...skips.notes])
}

function chosenFiles() {
  // Not templates: their files become a project's only when they have been filled in, and a whole-program test does that.
  const folders = ['packages', 'plugins', 'service-types', 'examples', 'tests', 'docs', 'bench']
  const all = folders.flatMap((folder) => filesBelow(join(cwd, folder), (path) => path.endsWith('.test.ts'), cwd))
  return all
    .filter((file) => positionals.length === 0 || positionals.some((part) => file.includes(part)))
    .filter((file) => !values.not.some((part) => file.includes(part)))
    .sort((a, b) => Number(isWholeProgram(b)) - Number(isWholeProgram(a)))
}

/** They drive the CLI as a child process, and take longest: they start first, so that the run does not wait for one at its end. */
function isWholeProgram(file) {
  return file.startsWith('tests/')
}

function needsBundle(file) {
  return isWholeProgram(file) && !file.startsWith('tests/scripts/')
}

async function runAll(files, reporter) {
  const scratch = mkdtempSync(join(tmpdir(), 'micro-test-'))
  const stop = (signal) => {
    endAllTestFiles()
    rmSync(scratch, { recursive: true, force: true })
    process.kill(process.pid, signal)
  }
  process.once('SIGINT', stop).once('SIGTERM', stop)
  const ended = []
  let next = 0
  const worker = async () => {
    while (next < files.length) {
      const number = next++
      const result = await runTestFile({ file: files[number], cwd, scratch, number, timeoutMs: Number(values.timeout), node: values.node })
      ended.push(result)
      reporter.ended(result)
    }
  }
  try {
    await Promise.all(Array.from({ length: availableParallelism() }, worker))
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
    rmSync(scratch, { recursive: true, force: true })
  }
  return ended
}
