import assert from 'node:assert/strict'
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { env, execPath } from 'node:process'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { fileStore } from './file-store.js'

const root = mkdtempSync(join(tmpdir(), 'store-file-processes-'))
const workload = join(root, 'workload.mjs')
const puts = 24
const children = new Set<ChildProcess>()
// In one file, so that the many processes of this test start fast.
before(() =>
  build({
    entryPoints: [fileURLToPath(new URL('./testing/workload.ts', import.meta.url))],
    outfile: workload,
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@microts/source'],
  }),
)
after(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(root, { recursive: true })
})

test('fileStore() lets a second process wait for nothing: it is refused, and told who has the folder', async () => {
  const folder = join(root, 'two')
  const child = await holder(folder)

  await assert.rejects(fileStore({ folder }), { code: 'failed_precondition', reason: 'STORE_LOCKED', details: { folder, pid: child.pid } })

  child.stdin?.end()
  await once(child, 'exit')
  await (await fileStore({ folder })).close()
})

test('fileStore() opens a folder whose holder was killed, and not one whose holder is only stopped', async () => {
  const folder = join(root, 'killed')
  const child = await holder(folder)
  child.kill('SIGSTOP')
  await assert.rejects(fileStore({ folder }), { code: 'failed_precondition', reason: 'STORE_LOCKED' })

  child.kill('SIGKILL')
  await once(child, 'exit')
  const store = await fileStore({ folder })
  await store.close()
  assert.deepEqual(
    readdirSync(folder).filter((name) => !name.endsWith('.log')),
    [],
  )
})

test('fileStore() opens a folder once, however many processes ask at the same moment', async () => {
  const folder = join(root, 'many')
  await (await fileStore({ folder })).close()
  const starting = await Promise.all(Array.from({ length: 4 }, () => begin(folder)))

  assert.equal(starting.filter(({ isOpen }) => isOpen).length, 1)
  for (const { child } of starting) child.stdin?.end()
})

const strace = hasStrace() ? false : 'needs: strace'

test('fileStore() keeps what it acknowledged when it is killed at any sync or rename', { skip: strace }, async () => {
  const calls = ['fsync', 'fdatasync', 'rename'] as const
  const points = calls.flatMap((call) => Array.from({ length: countCalls(call) }, (_, index) => ({ call, when: index + 1 })))
  assert.ok(points.length > 20 && points.some(({ call }) => call === 'rename'), `${points.length} points`)
  let reached = 0

  // Two at a time, as the machine that this has to be quick on has two cores.
  const queue = [...points]
  await Promise.all(
    [0, 1].map(async () => {
      for (let point = queue.shift(); point !== undefined; point = queue.shift()) {
        if (await killAt(point.call, point.when)) reached++
      }
    }),
  )
  // Which puts share a sync is up to chance, so that the last points may lie beyond the end of a run.
  assert.ok(reached > points.length * 0.7, `${reached} of ${points.length} points were reached`)
})

// strace counts the calls of each thread for itself.
const oneThread = { ...env, UV_THREADPOOL_SIZE: '1' }

/** Gives whether the run came as far as that. */
async function killAt(call: string, when: number): Promise<boolean> {
  const folder = join(root, `${call}-${when}`)
  // Without --seccomp-bpf, under which strace counts and does not kill.
  const inject = ['-f', '-qq', '-o', '/dev/null', '-e', `trace=${call}`, '-e', `inject=${call}:signal=SIGKILL:when=${when}`]
  const { output } = await finish(
    spawn('strace', [...inject, ...program(folder, puts, 2)], { stdio: ['ignore', 'pipe', 'ignore'], env: oneThread }),
  )
  const acknowledged = output.filter((line) => line.startsWith('ack ')).map((line) => Number(line.slice(4)))

  const store = await fileStore({ folder, warn: () => undefined })
  const state = new Map<string, string>()
  for await (const { key, value } of store.getAll()) state.set(key, new TextDecoder().decode(value))
  await store.close()

  const counts = Array.from({ length: puts + 1 }, (_, count) => count).filter((count) => count > Math.max(-1, ...acknowledged))
  assert.ok(
    counts.some((count) => isAfter(state, count)),
    `${call} ${when}: acknowledged ${acknowledged.join(' ')}, found ${[...state].map(([key, value]) => `${key}=${value}`).join(' ')}`,
  )
  return !output.includes('closed')
}

/** Whether `state` is what the first `count` puts of the workload leave. */
function isAfter(state: ReadonlyMap<string, string>, count: number): boolean {
  const model = new Map<string, string>()
  for (let number = 0; number < count; number++) model.set(`key ${number % 5}`, `${number}:${'x'.repeat(number * 3)}`)
  return model.size === state.size && [...model].every(([key, value]) => state.get(key) === value)
}

function countCalls(call: string): number {
  const folder = join(root, `count-${call}`)
  const log = join(root, `${call}.strace`)
  execFileSync('strace', ['-f', '-qq', '-o', log, '-e', `trace=${call}`, ...program(folder, puts, 2)], {
    stdio: 'ignore',
    env: oneThread,
  })
  return readFileSync(log, 'utf8')
    .split('\n')
    .filter((line) => line.includes(`${call}(`)).length
}

function hasStrace(): boolean {
  try {
    execFileSync('strace', ['-qq', '-o', '/dev/null', '-e', 'inject=fsync:error=EIO:when=1', 'true'], { stdio: 'ignore' })
    return true
  } catch {
    // Not installed, or not allowed to trace: the test says so.
    return false
  }
}

const program = (folder: string, count: number, atATime: number) => [execPath, workload, folder, String(count), String(atATime)]

async function begin(folder: string): Promise<{ readonly child: ChildProcess; readonly isOpen: boolean }> {
  const [command = '', ...args] = program(folder, 0, 1)
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'] })
  children.add(child)
  const isOpen = await Promise.race([once(child.stdout, 'data').then(() => true), once(child, 'exit').then(() => false)])
  return { child, isOpen }
}

async function holder(folder: string): Promise<ChildProcess> {
  const { child, isOpen } = await begin(folder)
  assert.ok(isOpen, 'the child opened the store')
  return child
}

async function finish(child: ChildProcess): Promise<{ readonly output: readonly string[] }> {
  children.add(child)
  let output = ''
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()))
  await once(child, 'close')
  return { output: output.split('\n') }
}
