/**
 * README's first command, as a newcomer types it: in a fresh clone, until the order that it tells one to place has arrived as a mail, and
 * Ctrl-C has left nothing behind. What is typed is read from README and from what `npm start` prints; nothing is known here that is not shown.
 */
import { execFile, execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { root } from './files.mjs'
import { listeningPorts, processesIn } from './left-behind.mjs'

// npm ci has a whole registry to ask; what comes after it is ours, and has 5 s.
const installMs = 300_000
const startMs = 5_000
const longestStartMs = 60_000
const stopMs = 15_000

const count = { passed: 0, failed: 0 }
const check = (name, ok, found = '') => {
  count[ok ? 'passed' : 'failed'] += 1
  console.log(`${ok ? '✓' : '✗'} ${name}${found === '' ? '' : `: ${found}`}`)
  return ok
}

const place = mkdtempSync(join(tmpdir(), 'micro-fresh-clone-'))
try {
  await main(join(place, 'micro'), join(place, 'tmp'))
} catch (error) {
  check('the run is not cut short', false, error.stack)
} finally {
  rmSync(place, { recursive: true, force: true })
}
console.log(`${count.passed} passed, ${count.failed} failed`)
process.exitCode = count.failed === 0 ? 0 : 1

async function main(clone, temporary) {
  mkdirSync(temporary)
  execFileSync('git', ['clone', '--quiet', root, clone])
  const [first] = readFileSync(join(clone, 'README.md'), 'utf8').match(/^```(?:sh|bash|console)\n[\s\S]*?^```$/m) ?? ['']
  const command =
    first
      .split('\n')[1]
      ?.replace(/^\$ |\s+#.*$/g, '')
      .trim() ?? ''
  if (!check("README's first command is npm ci && npm start", command === 'npm ci && npm start', command)) return

  const env = { ...process.env, TMPDIR: temporary }
  const started = start(command, clone, env)
  try {
    if (!check('it says how to place an order', await started.isReady(), started.isReadyAfter())) {
      console.log(started.output())
      return
    }
    check(`it is ready within ${startMs / 1000} s of npm ci`, started.startMs() < startMs, `${(started.startMs() / 1000).toFixed(1)} s`)
    await placeOrders(started.output(), clone, env)
    const ports = listeningPorts(processesIn(clone))
    check('it listens on ports of its own', ports.length > 0, ports.join(', '))
    await stop(started, clone, temporary, ports)
  } finally {
    started.kill()
  }
}

/** Starts it as a terminal does: a process group of its own, which Ctrl-C reaches as a whole. */
function start(command, cwd, env) {
  const child = spawn('bash', ['-c', command], { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  // Without a number there is no process: then 'error' has said why, and there is nothing to signal.
  const { pid = Number.NaN } = child
  let output = ''
  let installedAt
  let readyAt
  const ended = new Promise((resolve) => {
    child.on('error', (error) => resolve({ code: error.message }))
    child.on('close', (code, signal) => resolve({ code, signal }))
  })
  const keep = (chunk) => {
    output += chunk
    if (output.includes('scripts/start.mjs')) installedAt ??= performance.now()
    if (commandIn(output, 'curl') !== undefined && commandIn(output, 'npx micro call') !== undefined) readyAt ??= performance.now()
  }
  child.stdout.setEncoding('utf8').on('data', keep)
  child.stderr.setEncoding('utf8').on('data', keep)
  let isOver = false
  void ended.then(() => {
    isOver = true
  })
  return {
    output: () => output,
    ended,
    async isReady() {
      const began = performance.now()
      const isLate = () => performance.now() - (installedAt ?? Infinity) > longestStartMs || performance.now() - began > installMs
      while (readyAt === undefined && !isOver && !isLate()) await sleep(50)
      return readyAt !== undefined
    },
    isReadyAfter: () => (isOver ? 'it ended' : ''),
    startMs: () => readyAt - installedAt,
    interrupt: () => process.kill(-pid, 'SIGINT'),
    kill() {
      try {
        process.kill(-pid, 'SIGKILL')
      } catch {
        // It has ended, as it should have.
      }
    },
  }
}

/** The line of `output` that is this command, from its first word to the end of the line. */
function commandIn(output, firstWords) {
  const line = output.split('\n').find((each) => each.includes(`${firstWords} `))
  return line?.slice(line.indexOf(firstWords)).trimEnd()
}

async function placeOrders(output, clone, env) {
  const run = async (command, cwd) => {
    try {
      return (await promisify(execFile)('bash', ['-c', command], { cwd, env, timeout: 30_000 })).stdout
    } catch (error) {
      return `${error.stdout}${error.stderr || error.message}`
    }
  }
  const hasId = (text) => /"?id"?\s*:/.test(text)
  const called = await run(commandIn(output, 'npx micro call'), join(clone, 'docs'))
  check('the order is placed with npx micro call, from a subfolder', hasId(called), called.trim())
  const curled = await run(commandIn(output, 'curl'), clone)
  check('the order is placed with curl', hasId(curled), curled.trim())
  const urls = [...new Set(output.match(/https?:\/\/[\w.:[\]-]+/g))]
  let mails = 0
  for (let waited = 0; waited < 10_000 && mails < 2; waited += 100) {
    mails = Math.max(...(await Promise.all(urls.map(mailsAt))))
    if (mails < 2) await sleep(100)
  }
  check('both orders arrive as mails at a printed URL', mails === 2, `${mails} mails`)
}

/** How many mails the catcher at `url` has; 0 when it is no mail catcher. */
async function mailsAt(url) {
  try {
    const response = await fetch(`${url}/api/v2/messages`, { signal: AbortSignal.timeout(2000) })
    const { total } = /** @type {{ total?: unknown }} */ (await response.json())
    return typeof total === 'number' ? total : 0
  } catch {
    return 0 // another service of the example: it has no such route
  }
}

async function stop(started, clone, temporary, ports) {
  started.interrupt()
  const ended = await Promise.race([started.ended, sleep(stopMs, undefined, { ref: false })])
  const isClean = ended !== undefined && (ended.signal === 'SIGINT' || ended.code === 130 || ended.code === 0)
  check(`Ctrl-C ends it within ${stopMs / 1000} s`, isClean, ended === undefined ? 'it still runs' : `${ended.signal ?? ended.code}`)
  check('npm says nothing of an error', !started.output().includes('npm error'))
  // The watchdog ends within 2 s of the supervisor.
  for (let waited = 0; waited < 3000 && processesIn(clone).length > 0; waited += 100) await sleep(100)
  const left = processesIn(clone)
  check('no process is left', left.length === 0, left.map(({ command }) => command).join('; '))
  const open = listeningPorts().filter((port) => ports.includes(port))
  check('no port is left', open.length === 0, open.join(', '))
  const files = readdirSync(temporary)
  check('no temporary file is left', files.length === 0, files.join(', '))
  const changed = execFileSync('git', ['status', '--porcelain'], { cwd: clone, encoding: 'utf8' }).trim()
  check('the checkout is as it was', changed === '', changed)
}
