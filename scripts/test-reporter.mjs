/** Draws a test run: a line a file, each failure in full, the slowest files, what was not run, and one last line to read by program. */
import { styleText } from 'node:util'

const slowestShown = 5

/**
 * @param {NodeJS.WriteStream} out
 * @param {number} total how many files will run
 */
export function testReporter(out, total) {
  const colour = (style, text) => (out.isTTY ? styleText(style, text, { stream: out, validateStream: true }) : text)
  const count = { passed: 0, failed: 0, skipped: 0 }
  const files = []
  const failures = []

  const status = () => {
    if (!out.isTTY) return
    const line = `${files.length}/${total} files, ${count.passed} passed, ${count.failed} failed`
    out.write(`\r\u001b[2K${line.slice(0, (out.columns ?? 80) - 1)}`)
  }
  const line = (text) => out.write(`${out.isTTY ? '\r\u001b[2K' : ''}${text}\n`)

  const showFailure = (file, result) => {
    line(colour('red', `✗ ${file}: ${result.name}`))
    if (result.at) line(`  at ${result.at}`)
    for (const part of (result.error || 'it said nothing').split('\n')) line(`    ${part}`)
    line('')
  }

  return {
    /** Counts a file's results; a file that passed is one line, unless the screen shows a moving one instead. */
    ended({ file, ms, results }) {
      files.push({ file, ms })
      const failed = results.filter((result) => result.outcome === 'failed')
      for (const result of results) count[result.outcome] += 1
      for (const result of failed) failures.push({ file, result })
      if (failed.length > 0) for (const result of failed) showFailure(file, result)
      else if (!out.isTTY) line(`✓ ${file} (${results.length} tests, ${Math.round(ms)} ms)`)
      status()
    },

    /** A failure of the run itself, not of a file. */
    failed(name, error) {
      count.failed += 1
      failures.push({ file: 'the run', result: { name } })
      showFailure('the run', { name, error })
    },

    /** Writes what is left to say; the last line is `N passed, N failed`. Returns the exit code. */
    end(notes) {
      if (out.isTTY) out.write('\r\u001b[2K')
      const slowest = files.toSorted((a, b) => b.ms - a.ms).slice(0, slowestShown)
      line(`slowest: ${slowest.map(({ file, ms }) => `${file} ${(ms / 1000).toFixed(1)} s`).join(', ')}`)
      for (const note of notes) line(note)
      if (failures.length > 0) {
        line('failed:')
        for (const { file, result } of failures) line(`  ${file}: ${result.name}`)
      }
      line(`${count.passed} passed, ${count.failed} failed`)
      return count.failed === 0 && count.passed > 0 ? 0 : 1
    },
  }
}
