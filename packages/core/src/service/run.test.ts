import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

// What the process does besides is said by ACT, so that one bundle serves all tests.
const program = `
import { spawnSync } from 'node:child_process'
import { MicroError, createService, endpoint, topic } from '../index.js'

const act = process.env.ACT
const hello = createService({
  name: 'hello',
  version: '1.0.0',
  endpoints: {
    'Hello.Hi': endpoint({}, () => ({ hi: 'there' })),
    'Hello.Slow': endpoint({}, () => new Promise((resolve) => setTimeout(() => resolve({ hi: 'late' }), 300))),
    'Hello.Hang': endpoint({}, () => new Promise(() => {})),
    'Hello.Child': endpoint({}, () => spawnSync(process.execPath, ['-p', 'process.env.MICRO_CHANNEL_FD'], { encoding: 'utf8' }).stdout.trim()),
  },
  topics: { 'hello.said': topic({}, () => {}) },
  ready() {
    if (act === 'throw') throw new RangeError('the pool is empty')
    if (act === 'refuse') throw new MicroError('unavailable', 'Cannot warm up: it is cold', { reason: 'COLD', hint: 'Light a fire.' })
    if (act === 'linger') setInterval(() => {}, 1000)
  },
  stop() {
    if (act === 'stop throws') throw new RangeError('not yet')
  },
})
await hello.run({ plugins: [] })
console.log('after run')
`

let folder: string
let bundle: string

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'micro-run-'))
  bundle = join(folder, 'main.mjs')
  const resolveDir = fileURLToPath(new URL('./', import.meta.url))
  await build({
    stdin: { contents: program, resolveDir, loader: 'ts', sourcefile: 'main.ts' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    outfile: bundle,
    conditions: ['@microts/source'],
    logLevel: 'warning',
  })
})
after(() => rmSync(folder, { recursive: true }))

type Line = Readonly<Record<string, unknown>>

interface Run {
  readonly child: ChildProcess
  readonly told: Line[]
  /** The first line of that type that the channel tells, now or later. */
  line(type: string): Promise<Line>
  /** Exit code, or the signal that ended it, and what it wrote. */
  readonly ended: Promise<{ readonly code: number | string | null; readonly stdout: string; readonly stderr: string }>
}

function run(t: TestContext, env: Readonly<Record<string, string>> = {}, args: readonly string[] = []): Run {
  const base = {
    PATH: process.env['PATH'] ?? '',
    MICRO_PROJECT: `run-test-${process.pid}`,
    MICRO_REGISTRY: 'memory',
    MICRO_CHANNEL_FD: '3',
  }
  const child = spawn(process.execPath, [bundle, ...args], {
    cwd: folder,
    env: { ...base, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  t.after(() => child.kill('SIGKILL'))
  const told: Line[] = []
  const waiting = new Set<() => void>()
  let rest = ''
  const text = { stdout: '', stderr: '' }
  child.stdout?.on('data', (data: Buffer) => (text.stdout += data.toString()))
  child.stderr?.on('data', (data: Buffer) => (text.stderr += data.toString()))
  child.stdio[3]?.on('data', (data: Buffer) => {
    const lines = (rest + data.toString()).split('\n')
    rest = lines.pop() ?? ''
    told.push(...lines.map((line) => JSON.parse(line) as Line))
    for (const wake of waiting) wake()
  })
  const ended = once(child, 'close').then(([code, signal]) => ({ code: (code ?? signal) as number | string | null, ...text }))
  const line = async (type: string): Promise<Line> => {
    for (;;) {
      const found = told.find((one) => one['type'] === type)
      if (found !== undefined) return found
      const next = await Promise.race([new Promise<void>((resolve) => void waiting.add(resolve)), ended])
      if (next !== undefined) assert.fail(`ended before "${type}": ${next.stdout}${next.stderr}`)
    }
  }
  return { child, told, line, ended }
}

function call(ready: Line, endpoint: string): Promise<Response> {
  return fetch(`${String(ready['url'])}/${endpoint}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })
}

const logged = (stdout: string) =>
  stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { level: number; msg: string; name: string })

test('run() says that it is ready, with what it stands on, and answers', async (t) => {
  const { child, line, ended } = run(t)

  const ready = await line('ready')
  const reply = await call(ready, 'Hello.Hi')

  assert.deepEqual(await reply.json(), { hi: 'there' })
  const { uses, node, address, url, ...rest } = ready as Line & { uses: Line[]; node: string; address: string; url: string }
  assert.deepEqual(rest, {
    type: 'ready',
    service: 'hello',
    version: '1.0.0',
    endpoints: ['Hello.Hi', 'Hello.Slow', 'Hello.Hang', 'Hello.Child'],
    topics: ['hello.said'],
    samples: {},
  })
  assert.match(node, /^hello-/)
  assert.equal(url, `http://${address}`)
  assert.deepEqual(
    uses.find(({ kind }) => kind === 'registry'),
    { kind: 'registry', name: 'memory', why: 'MICRO_REGISTRY', address: 'this process' },
  )
  child.kill('SIGINT')
  await ended
})

test('run() stops on SIGTERM with exit code 0, after serving on for the grace', async (t) => {
  const { child, line, ended, told } = run(t, { MICRO_STOP_GRACE_MS: '400' })
  const ready = await line('ready')

  const at = performance.now()
  child.kill('SIGTERM')
  await line('stopping')
  const [reply, health] = [await call(ready, 'Hello.Hi'), await fetch(`${String(ready['url'])}/readyz`)]
  const { code, stdout, stderr } = await ended

  assert.deepEqual([reply.status, health.status], [200, 503])
  assert.ok(performance.now() - at >= 400)
  assert.deepEqual([code, stderr], [0, ''])
  assert.deepEqual(
    told.map(({ type }) => type),
    ['ready', 'stopping'],
  )
  assert.deepEqual(
    logged(stdout).map(({ msg }) => msg),
    ['ready', 'stopping', 'stopped'],
  )
  assert.match(stdout, /after run/)
})

test('run() stops on SIGINT at once, but finishes the call in work', async (t) => {
  const { child, line, ended } = run(t, { MICRO_STOP_GRACE_MS: '60000' })
  const ready = await line('ready')

  const reply = call(ready, 'Hello.Slow')
  await call(ready, 'Hello.Hi')
  child.kill('SIGINT')

  assert.deepEqual(await (await reply).json(), { hi: 'late' })
  assert.equal((await ended).code, 0)
})

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`run() ends at once on a second ${signal}`, async (t) => {
    const { child, line, ended } = run(t)
    const ready = await line('ready')
    const hanging = call(ready, 'Hello.Hang').catch((error: unknown) => error)
    await call(ready, 'Hello.Hi')

    child.kill(signal)
    await line('stopping')
    child.kill(signal)

    assert.equal((await ended).code, code)
    await hanging
  })
}

test('run() ends although the program holds something open', async (t) => {
  const { child, line, ended } = run(t, { ACT: 'linger' })
  await line('ready')

  child.kill('SIGINT')

  assert.equal((await ended).code, 0)
})

test('run() logs a stop that fails, and exits with 1', async (t) => {
  const { child, line, ended, told } = run(t, { ACT: 'stop throws' })
  await line('ready')

  child.kill('SIGINT')
  const { code, stdout } = await ended

  assert.equal(code, 1)
  assert.ok(logged(stdout).some(({ level }) => level === 50))
  assert.deepEqual(
    told.map(({ type }) => type),
    ['ready', 'stopping'],
  )
})

test('run() keeps its channel from the processes that the service starts', async (t) => {
  const { child, line, ended } = run(t)

  const reply = await call(await line('ready'), 'Hello.Child')

  assert.equal(await reply.json(), 'undefined')
  child.kill('SIGINT')
  await ended
})

test('run() without a channel logs, and harms nothing where the descriptor is another one', async (t) => {
  const child = spawn(process.execPath, [bundle], {
    cwd: folder,
    env: { PATH: process.env['PATH'], MICRO_PROJECT: `run-test-${process.pid}`, MICRO_REGISTRY: 'memory', MICRO_CHANNEL_FD: '3' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))

  const [first] = (await once(child.stdout, 'data')) as [Buffer]
  const { msg, address } = JSON.parse(first.toString()) as { msg: string; address: string }
  const reply = await fetch(`http://${address}/Hello.Hi`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })
  child.kill('SIGINT')

  assert.deepEqual([msg, reply.status], ['ready', 200])
  assert.deepEqual(await once(child, 'exit'), [0, null])
})

interface Mistake {
  readonly what: string
  readonly env?: Readonly<Record<string, string>>
  readonly args?: readonly string[]
  readonly code: number
  readonly reason: string
}

const mistakes: readonly Mistake[] = [
  { what: 'an unknown broker', env: { MICRO_BROKER: 'nats' }, code: 3, reason: 'PLUGIN_NOT_LISTED' },
  { what: 'a variable that is no number', env: { MICRO_REGISTER_TTL: 'soon' }, code: 3, reason: 'ENVIRONMENT_INVALID' },
  { what: 'a log level that is none', env: { LOG_LEVEL: 'loud' }, code: 3, reason: 'ENVIRONMENT_INVALID' },
  { what: 'an address that is none', env: { MICRO_SERVER_ADDRESS: '127.0.0.1' }, code: 3, reason: 'ADDRESS_INVALID' },
  { what: 'an open door', env: { MICRO_SERVER_ADDRESS: '0.0.0.0:0' }, code: 3, reason: 'PUBLIC_WITHOUT_AUTH' },
  { what: 'a flag without a value', args: ['--server-address'], code: 2, reason: 'FLAG_INVALID' },
  { what: 'an argument that is no flag', args: ['start'], code: 2, reason: 'FLAG_INVALID' },
  { what: 'a broker out of reach', env: { MICRO_BROKER_ADDRESS: 'nats://127.0.0.1:1' }, code: 1, reason: 'BROKER_UNAVAILABLE' },
  { what: 'a refusal of its own', env: { ACT: 'refuse' }, code: 1, reason: 'COLD' },
]

for (const { what, env, args, code, reason } of mistakes) {
  test(`run() tells of ${what} in words, with exit code ${code} and no stack`, async (t) => {
    const { line, ended, told } = run(t, env, args)

    const { code: found, stderr } = await ended
    const { error } = (await line('failed')) as Line & { error: { code: string; reason: string; message: string; hint: string } }

    assert.deepEqual([found, error.reason], [code, reason], stderr)
    assert.equal(told.length, 1)
    assert.equal(stderr, `✗ ${error.message}\n  fix  ${error.hint}\n`)
  })
}

test('run() tells of a port that is taken', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const { line, ended } = run(t, { MICRO_SERVER_ADDRESS: `127.0.0.1:${port}` })

  const { code, stderr } = await ended

  const { error } = (await line('failed')) as Line & { error: { reason: string } }
  assert.deepEqual([code, error.reason], [1, 'PORT_TAKEN'])
  assert.doesNotMatch(stderr, /^\s+at /m)
})

test('run() shows the stack of what the service’s own code has thrown', async (t) => {
  const { line, ended } = run(t, { ACT: 'throw' })

  const { code, stderr } = await ended

  const { error } = (await line('failed')) as Line & { error: { code: string; message: string } }
  assert.deepEqual([code, error.code, error.message], [1, 'unknown', 'the pool is empty'])
  assert.match(stderr, /^✗ Cannot run hello: RangeError: the pool is empty\n\s+at /)
})
