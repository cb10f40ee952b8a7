/**
 * `npm run check [-- <name of a check>...]`: all that can be known without running the program, a line a check, in under two minutes.
 *
 * Checks run as many at once as there are cores, the longest first; what a check found is shown when it failed, or when it is asked for by name.
 */
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { root } from './files.mjs'

/** A program of node_modules/.bin or of scripts/: it says what is wrong on its own output, and exits with something else than 0. */
const program = (command, ...args) => ({ command: join(root, 'node_modules/.bin', command), args })
const script = (name, ...args) => ({ command: process.execPath, args: [join(root, 'scripts', name), ...args] })

const checks = {
  docs: script('docs.mjs', '--check'),
  packages: script('pack.mjs'),
  types: program('tsc', '-p', 'tsconfig.json'),
  scripts: program('tsc', '-p', 'scripts/tsconfig.json'),
  layers: script('layers.mjs'),
  unused: program('knip', '--no-progress'),
  lint: program('oxlint', '--type-aware', '--deny-warnings'),
  format: program('oxfmt', '--check'),
  sizes: script('sizes.mjs'),
  links: script('links.mjs'),
}

async function main(wanted) {
  const unknown = wanted.filter((name) => !Object.hasOwn(checks, name))
  if (unknown.length > 0) {
    console.log(
      `no check is called ${unknown.join(', ')} (there are: ${Object.keys(checks).join(', ')})\n0 passed, ${unknown.length} failed`,
    )
    return 2
  }
  const waiting = Object.entries(checks).filter(([name]) => wanted.length === 0 || wanted.includes(name))
  const count = { passed: 0, failed: 0 }
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [name, { command, args }] = next
      const { code, output, ms } = await run(command, args)
      count[code === 0 ? 'passed' : 'failed'] += 1
      console.log(`${code === 0 ? '✓' : '✗'} ${name} (${(ms / 1000).toFixed(1)} s)`)
      if (code !== 0 || wanted.length > 0) console.log(indented(output))
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker))
  console.log(`${count.passed} passed, ${count.failed} failed`)
  return count.failed === 0 ? 0 : 1
}

function run(command, args) {
  const startedAt = performance.now()
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const keep = (chunk) => {
      output += chunk
    }
    child.stdout.setEncoding('utf8').on('data', keep)
    child.stderr.setEncoding('utf8').on('data', keep)
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, output, ms: performance.now() - startedAt }))
  })
}

const indented = (text) =>
  text
    .trim()
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n')

process.exitCode = await main(process.argv.slice(2))
