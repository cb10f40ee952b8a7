/** Runs one test file in a process group of its own, and says what became of each of its tests. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const tsx = import.meta.resolve('tsx')
const reporter = fileURLToPath(new URL('./test-events.mjs', import.meta.url))

// What a failing file printed is shown from its end: the reason is rarely in the first megabyte.
const keptOutput = 64 * 1024

/**
 * @typedef {{ name: string, outcome: 'passed' | 'failed' | 'skipped', ms: number, error?: string, at?: string, reason?: string }} TestResult
 * @typedef {{ file: string, ms: number, results: TestResult[], output: string }} FileResult
 */

/**
 * Resolves when the file's process has ended, by itself or because `timeoutMs` passed; never rejects for what a test did.
 * A file that fails to load, that has no test, that exits non-zero although each test passed, or that does not end, is one more failed
 * result, named after what happened. Its process group is ended in every case, so that a file leaves nothing behind for the next.
 *
 * @param {{ file: string, cwd: string, scratch: string, number: number, timeoutMs: number, node?: string }} options
 *   `file` relative to `cwd`; `scratch` an existing folder for what the process reports
 * @returns {Promise<FileResult>}
 */
export function runTestFile({ file, cwd, scratch, number, timeoutMs, node = process.execPath }) {
  const report = join(scratch, `${number}.ndjson`)
  const startedAt = performance.now()
  return new Promise((resolve, reject) => {
    const args = ['--conditions=@microts/source', '--enable-source-maps', '--import', tsx]
    const child = spawn(node, [...args, `--test-reporter=${reporter}`, `--test-reporter-destination=${report}`, file], {
      cwd,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    const keep = (chunk) => {
      output = (output + chunk).slice(-keptOutput)
    }
    child.stdout.setEncoding('utf8').on('data', keep)
    child.stderr.setEncoding('utf8').on('data', keep)
    let timedOut = false
    const timer = setTimeout(() => {
      timedOut = true
      endGroup(child.pid)
    }, timeoutMs)
    running.add(child.pid)
    child.on('error', reject)
    // A grandchild may hold the pipes open after the file has ended: 'exit' is the moment to end it, 'close' the moment to read.
    child.on('exit', () => endGroup(child.pid))
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      running.delete(child.pid)
      const results = readResults(report)
      const ms = performance.now() - startedAt
      const verdict = verdictOf({ results, code, signal, timedOut, timeoutMs })
      if (verdict !== undefined) results.push({ name: verdict, outcome: 'failed', ms, at: join(cwd, file), error: output.trim() })
      resolve({ file, ms, results, output })
    })
  })
}

/** What is wrong with the file as a whole, as the name of a failed test; nothing when its tests say it all. */
function verdictOf({ results, code, signal, timedOut, timeoutMs }) {
  if (timedOut) {
    const last = results.at(-1)?.name
    return `the file ends within ${timeoutMs / 1000} s (it did not; the last test to end was ${last === undefined ? 'none' : `"${last}"`})`
  }
  if (signal !== null) return `the file ends by itself (it was ended by ${signal})`
  if (results.some((result) => result.outcome === 'failed')) return undefined
  if (code !== 0) return `the file exits with 0 (found ${code})`
  return results.length === 0 ? 'the file has a test (found none)' : undefined
}

function readResults(report) {
  let text
  try {
    text = readFileSync(report, 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT') return []
    throw error
  }
  // A killed process may leave half a line at the end.
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
}

/** Process groups of files that still run: what a Ctrl-C has to end. */
const running = new Set()

export function endAllTestFiles() {
  for (const pid of running) endGroup(pid)
}

function endGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if (error.code !== 'ESRCH') throw error // ESRCH: the group has already ended
  }
}
