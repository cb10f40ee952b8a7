import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { before, test, type TestContext } from 'node:test'
import { down } from '../state/down.js'
import { readRun, runningProjects } from '../state/run-file.js'
import type { RunRecord } from '../state/record.js'
import { projectFiles, serviceProgram } from '../testing/programs.js'
import { bundledTools, processesWith, until, type Workspace, workspace } from '../testing/workspace.js'
import { isFree } from '../types/ports.js'
import { readCatalog } from '../types/parse.js'
import type { RunTools } from './run.js'
import { up } from './up.js'

let tools: RunTools
const supervisor = fileURLToPath(new URL('../testing/supervisor.ts', import.meta.url))
before(async (context) => {
  tools = await bundledTools(context as never)
})

// This repository's sources run as they are.
const loader = ['--conditions=@microts/source', '--import', import.meta.resolve('tsx')]

const files = {
  ...projectFiles,
  'micro.yml': `name: shop
services:
  orders: { type: node, path: ./services/orders, needs: [mail], env: { FIXTURE: litter } }
  deaf: { type: node, path: ./services/deaf, env: { FIXTURE: deaf } }
  flees: { type: node, path: ./services/flees, env: { FIXTURE: flee } }
  mail: { type: catcher }
`,
  'services/deaf/main.ts': serviceProgram,
  'services/flees/main.ts': serviceProgram,
}

interface Started {
  readonly child: ChildProcess
  readonly record: RunRecord
}

/** Starts a supervisor in a process of its own and waits until all is ready. */
async function startSupervisor(t: TestContext, { folder, env }: Workspace): Promise<Started> {
  const child = spawn(process.execPath, [...loader, supervisor, folder, tools.watchdog, tools.broker], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  const recordNow = () => recordsIn(env['XDG_RUNTIME_DIR'] ?? '')[0]
  await until(() => recordNow()?.isReady === true, 20_000)
  return { child, record: recordNow() as RunRecord }
}

/** Kills the supervisor while its watchdog is held still, then the watchdog. */
async function killBoth({ child, record }: Started): Promise<void> {
  const watchdog = record.watchdog?.pid ?? 0
  process.kill(watchdog, 'SIGSTOP')
  child.kill('SIGKILL')
  await once(child, 'exit')
  process.kill(watchdog, 'SIGKILL')
}

function recordsIn(runtime: string): RunRecord[] {
  const folder = join(runtime, 'micro')
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as RunRecord)
}

async function assertNothingHeld({ folder, env }: Workspace, record: RunRecord): Promise<void> {
  // The supervisor's own environment has the folder above, and with it the bundler's that it started.
  await until(() => processesWith(dirname(folder)).length === 0, 1000)
  assert.deepEqual(processesWith(record.marker), [])
  assert.deepEqual(readdirSync(env['XDG_RUNTIME_DIR'] ?? ''), [])
  for (const port of record.services.flatMap(({ ports }) => Object.values(ports))) assert.equal(await isFree(port), true)
  for (const path of record.temporary) assert.equal(existsSync(path), false)
}

test('up() leaves nothing behind two seconds after its process was killed', async (t) => {
  const place = workspace(t, files)
  const { child, record } = await startSupervisor(t, place)
  assert.ok(processesWith(record.marker).length >= 6)
  assert.equal(record.temporary.length, 1)

  child.kill('SIGKILL')
  await until(() => processesWith(record.marker).length === 0, 2000)

  await until(() => processesWith(tools.watchdog).length === 0, 1000)
  await assertNothingHeld(place, record)
})

test('up() ends what a run whose process and watchdog were killed has left, and starts', async (t) => {
  const place = workspace(t, files)
  const { child, record } = await startSupervisor(t, place)
  await killBoth({ child, record })
  assert.ok(processesWith(record.marker).length >= 6)

  const running = up({
    folder: place.folder,
    env: place.env,
    tools,
    catalog: readCatalog([join(place.folder, 'types/micro.plugin.yml')]),
    graceMs: 200,
  })
  await running.ready

  assert.deepEqual(processesWith(record.marker), [])
  assert.deepEqual(
    running.state().map(({ ports }) => ports),
    record.services.map(({ ports }) => ports),
  )
  await running.stop()
  await assertNothingHeld(place, record)
})

test('runningProjects() ends and removes what a dead run has left', async (t) => {
  const place = workspace(t, files)
  const { child, record } = await startSupervisor(t, place)
  await killBoth({ child, record })
  assert.ok(processesWith(record.marker).length >= 6)

  assert.deepEqual(await runningProjects(place.env), [])

  await assertNothingHeld(place, record)
})

test('up() starts a watchdog that was killed again, and it knows all that the first one knew', async (t) => {
  const place = workspace(t, files)
  const { child, record } = await startSupervisor(t, place)
  process.kill(record.watchdog?.pid ?? 0, 'SIGKILL')
  await until(() => processesWith(tools.watchdog).some((pid) => pid !== record.watchdog?.pid && pid !== child.pid))

  child.kill('SIGKILL')
  await until(() => processesWith(record.marker).length === 0, 3000)

  await until(() => processesWith(tools.watchdog).length === 0, 1000)
  await assertNothingHeld(place, record)
})

test('down() stops the run of another process and waits for its end', async (t) => {
  const place = workspace(t, projectFiles)
  const { record } = await startSupervisor(t, place)

  const stopped = await down(record.projectId, { env: place.env })

  assert.equal(stopped.marker, record.marker)
  assert.equal(readRun(record.projectId, place.env), undefined)
  await assertNothingHeld(place, record)
})

test('down() says so when nothing runs', async (t) => {
  const place = workspace(t, projectFiles)

  await assert.rejects(down('none', { env: place.env }), { code: 'failed_precondition', reason: 'NOT_RUNNING' })
})
