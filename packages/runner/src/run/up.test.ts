import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { MicroError } from '@microts/core/base'
import { testClock } from '@microts/core/testing'
import { readRun, runningProjects } from '../state/run-file.js'
import { projectFiles, serviceProgram } from '../testing/programs.js'
import { record } from '../testing/recording.js'
import { bundledTools, processesWith, until, type Workspace, workspace } from '../testing/workspace.js'
import { portsFile } from '../types/ports.js'
import { readCatalog } from '../types/parse.js'
import type { RunTools, UpOptions } from './run.js'
import { run, up } from './up.js'

let tools: RunTools
before(async (context) => {
  tools = await bundledTools(context as never)
})

const optionsFor = ({ folder, env }: Workspace, more: Partial<UpOptions> = {}): UpOptions => ({
  folder,
  env,
  tools,
  catalog: readCatalog([join(folder, 'types/micro.plugin.yml')]),
  ...more,
})

interface Answer {
  readonly env: Readonly<Record<string, string>>
  readonly plugins: readonly unknown[]
  readonly pid: number
}

const ask = async (url: string | undefined): Promise<Answer> => (await (await fetch(url ?? 'none')).json()) as Answer

/** No process of a test's project runs, no port of it is held, no file of it is left outside the project. */
async function assertNothingLeft({ folder, env }: Workspace): Promise<void> {
  await until(() => processesWith(folder).length === 0, 3000)
  assert.deepEqual(readdirSync(env['XDG_RUNTIME_DIR'] ?? ''), [])
}

test('up() starts in the order of needs, says when all are ready, and leaves nothing behind', async (t) => {
  const place = workspace(t, projectFiles)
  const running = up(optionsFor(place))
  const { events, all, done } = record(running)

  await running.ready
  const [orders, mail, broker] = running.state()
  const answer = await ask(orders?.urls[0])
  await running.stop()
  await done

  assert.deepEqual(
    [orders, mail, broker].map((row) => [row?.service, row?.state, row?.driver, row?.version]),
    [
      ['orders', 'ready', 'node', '1.2.3'],
      ['mail', 'ready', 'embedded', 'v1.1.0'],
      ['broker', 'ready', 'embedded', undefined],
    ],
  )
  assert.equal(mail?.urls[0], `http://127.0.0.1:${mail?.ports['http']}`)
  assert.equal(answer.env['CATCHER_URL'], mail?.urls[0])
  assert.equal(answer.env['MICRO_BROKER'], 'enats')
  assert.equal(answer.env['MICRO_BROKER_ADDRESS'], broker?.provides?.address)
  assert.equal(answer.env['MICRO_PROJECT_DIR'], place.folder)
  const order = events.map(({ type, ...event }) => `${type} ${'service' in event ? event.service : ''}`)
  assert.ok(order.indexOf('ready mail') < order.indexOf('started orders'))
  assert.ok(order.indexOf('ready broker') < order.indexOf('started orders'))
  assert.ok(order.indexOf('stopped orders') < order.indexOf('stopping mail'))
  assert.ok(order.indexOf('ready orders') < order.indexOf('running '))
  assert.equal(order.at(-1), 'ended ')
  assert.deepEqual(
    all('exited').map(({ exitCode, expected }) => [exitCode, expected]),
    [0, 0, 0].map((code) => [code, true]),
  )
  assert.equal(all('notice').filter(({ reason }) => reason === 'STORE_IN_MEMORY').length, 1)
  await assertNothingLeft(place)
})

test('up() hands logs over line by line, and keeps them in the project', async (t) => {
  const place = workspace(t, projectFiles)
  const running = up(optionsFor(place))
  const { next } = record(running)

  const onStdout = await next('log', ({ stream, service }) => stream === 'stdout' && service === 'orders')
  const onStderr = await next('log', ({ stream, service }) => stream === 'stderr' && service === 'orders')
  await running.stop()

  assert.equal(onStdout.line, '{"level":30,"msg":"listening"}')
  assert.equal(onStderr.line, 'a line on stderr')
  assert.match(place.read('.micro/logs/orders.log'), /^\S{24} err a line on stderr$/m)
  assert.equal(place.read('.micro/.gitignore'), '*\n')
})

test('up() keeps ports of a project from run to run, and takes others when they are taken', async (t) => {
  const place = workspace(t, projectFiles)
  const portOf = async () => {
    const running = up(optionsFor(place))
    await running.ready
    await running.stop()
    return running.state()[1]?.ports['http'] ?? 0
  }

  const first = await portOf()
  const second = await portOf()
  const stranger = createServer().listen(first, '127.0.0.1')
  t.after(() => stranger.close())
  const third = await portOf()

  assert.equal(second, first)
  assert.notEqual(third, first)
  assert.match(place.read(portsFile), new RegExp(`"http": ${third}`))
})

test('up() refuses a port that is written and taken, and names who has it', async (t) => {
  const place = workspace(t, projectFiles)
  const stranger = createServer()
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve))
  t.after(() => stranger.close())
  const { port } = stranger.address() as AddressInfo
  place.write('micro.yml', `services:\n  mail: { type: catcher, ports: { http: ${port} } }\n`)
  const running = up(optionsFor(place))
  const { all, done } = record(running)

  await assert.rejects(running.ready, {
    code: 'unavailable',
    reason: 'PORT_TAKEN',
    place: { file: join(place.folder, 'micro.yml'), line: 2, column: 3 },
  })
  await done

  assert.equal(all('failed')[0]?.error.details?.['pid'], process.pid)
  assert.equal(all('started').length, 0)
  await assertNothingLeft(place)
})

test('up() refuses a second up of a project that runs, and two checkouts run side by side', async (t) => {
  const place = workspace(t, projectFiles)
  const other = workspace(t, projectFiles)
  const first = up(optionsFor(place))
  await first.ready

  const second = up(optionsFor(place))
  const beside = up(optionsFor(other, { env: place.env }))

  await assert.rejects(second.ready, { code: 'failed_precondition', reason: 'ALREADY_RUNNING' })
  await second.ended
  await beside.ready
  assert.deepEqual(
    (await runningProjects(place.env)).map(({ folder }) => folder),
    [place.folder, other.folder],
  )
  const record = readRun(first.state().length > 0 ? ((await runningProjects(place.env))[0]?.projectId ?? '') : '', place.env)
  assert.equal(record?.isReady, true)
  assert.equal(record.services[0]?.state, 'ready')
  await Promise.all([first.stop(), beside.stop()])
  assert.deepEqual(await runningProjects(place.env), [])
})

test('up() starts nothing when a service cannot be built, and gives the place', async (t) => {
  const place = workspace(t, {
    ...projectFiles,
    'services/orders/main.ts': "import { plugins } from './plugins.js'\nconst x = = plugins\n",
  })
  const running = up(optionsFor(place))
  const { all, done } = record(running)

  const error: unknown = await running.ready.catch((thrown: unknown) => thrown)
  await done

  assert.ok(MicroError.is(error))
  assert.equal(error.code, 'invalid_argument')
  assert.equal(error.reason, 'BUILD_FAILED')
  assert.deepEqual(error.place, { file: join(place.folder, 'services/orders/main.ts'), line: 2, column: 11 })
  assert.equal(all('started').length, 0)
  assert.deepEqual(
    all('failed').map((event) => [event.service, event.error.reason]),
    [[undefined, 'BUILD_FAILED']],
  )
  await assertNothingLeft(place)
})

test('up() gives up a service that says why it cannot start, with its own words', async (t) => {
  const place = workspace(t, projectFiles)
  place.write('micro.yml', 'services:\n  orders: { type: node, path: ./services/orders, env: { FIXTURE: refuse } }\n')
  const running = up(optionsFor(place))
  const { all } = record(running)

  await assert.rejects(running.ready, { code: 'failed_precondition', reason: 'NO_LUCK', hint: 'Try later.' })
  assert.equal(running.state()[0]?.state, 'failed')
  assert.equal(all('started').filter(({ service }) => service === 'orders').length, 1)
  await running.stop()
  await assertNothingLeft(place)
})

test('up() starts a service that dies before it is ready three times, one and two seconds apart, then gives it up', async (t) => {
  const place = workspace(t, projectFiles)
  place.write('micro.yml', 'services:\n  orders: { type: node, path: ./services/orders, env: { FIXTURE: throw } }\n')
  const clock = testClock()
  const running = up(optionsFor(place, { clock }))
  const { next, all } = record(running)

  await next('restarting', ({ crashes }) => crashes === 1)
  await clock.advance(1000)
  await next('restarting', ({ crashes }) => crashes === 2)
  await clock.advance(1999)
  assert.equal(all('started').filter(({ service }) => service === 'orders').length, 2)
  await clock.advance(1)

  const error: unknown = await running.ready.catch((thrown: unknown) => thrown)
  assert.ok(MicroError.is(error))
  assert.equal(error.reason, 'EXITED_EARLY')
  assert.match(String(error.details?.['tail']), /no way/)
  await running.stop()
  await assertNothingLeft(place)
})

test('up() starts a service that died again, after waits that double, and calls it a crash loop from the third time on', async (t) => {
  const place = workspace(t, projectFiles)
  const clock = testClock()
  const running = up(optionsFor(place, { clock }))
  const { next, all } = record(running)
  await running.ready.catch(() => undefined)
  const delays: number[] = []

  for (let crashes = 1; crashes <= 4; crashes++) {
    const row = await readyRow(running, crashes)
    await fetch(`${row}/crash`).catch(() => undefined)
    const event = await next('restarting', (found) => found.crashes === crashes)
    delays.push(event.delayMs)
    assert.equal(event.crashLoop, crashes >= 3)
    await clock.advance(event.delayMs)
  }
  await readyRow(running, 5)
  await clock.advance(30_000)
  const row = await readyRow(running, 5)
  await fetch(`${row}/crash`).catch(() => undefined)
  await until(() => all('restarting').length === 5)

  assert.deepEqual(delays, [1000, 2000, 4000, 8000])
  // It had run for half a minute: that was a first death again.
  assert.equal(all('restarting')[4]?.delayMs, 1000)
  assert.equal(all('exited').find(({ service }) => service === 'orders')?.exitCode, 7)
  await running.stop()
  await assertNothingLeft(place)

  async function readyRow(of: typeof running, starts: number): Promise<string> {
    await until(() => all('started').filter(({ service }) => service === 'orders').length >= starts && of.state()[0]?.state === 'ready')
    return of.state()[0]?.urls[0] ?? ''
  }
})

test('up() gives up a service that does not say that it is ready in its time', async (t) => {
  const place = workspace(t, projectFiles)
  place.write('micro.yml', 'services:\n  orders: { type: node, path: ./services/orders, env: { FIXTURE: silent } }\n')
  const clock = testClock()
  const running = up(optionsFor(place, { clock }))
  const { next } = record(running)
  await next('started', ({ service }) => service === 'orders')

  await clock.advance(30_000)

  await assert.rejects(running.ready, { code: 'deadline_exceeded', reason: 'NOT_READY' })
  await running.stop()
  await assertNothingLeft(place)
})

test('stop() kills what has not stopped when its time is up', async (t) => {
  const place = workspace(t, projectFiles)
  place.write('micro.yml', 'services:\n  orders: { type: node, path: ./services/orders, env: { FIXTURE: deaf } }\n')
  const clock = testClock()
  const running = up(optionsFor(place, { clock }))
  const { next, all } = record(running)
  await next('running')

  const stopped = running.stop()
  await next('stopping', ({ service }) => service === 'orders')
  await clock.advance(1000)
  await next('waiting', ({ services }) => services.includes('orders'))
  await clock.advance(9000)
  await stopped

  assert.deepEqual(
    all('killed').map(({ service }) => service),
    ['orders'],
  )
  assert.equal(all('exited').find(({ service }) => service === 'orders')?.signal, 'SIGKILL')
  await assertNothingLeft(place)
})

test('stop() called again kills at once', async (t) => {
  const place = workspace(t, projectFiles)
  place.write('micro.yml', 'services:\n  orders: { type: node, path: ./services/orders, env: { FIXTURE: deaf } }\n')
  const running = up(optionsFor(place))
  const { next } = record(running)
  await next('running')

  const first = running.stop()
  await next('stopping', ({ service }) => service === 'orders')
  await running.stop()
  await first

  await assertNothingLeft(place)
})

test('stop() ends what a service started: in its group, and outside of it', async (t) => {
  const place = workspace(t, {
    ...projectFiles,
    'micro.yml': `services:
  litters: { type: node, path: ./services/orders, env: { FIXTURE: litter } }
  flees: { type: node, path: ./services/other, env: { FIXTURE: flee } }
`,
    'services/other/main.ts': serviceProgram,
  })
  const running = up(optionsFor(place))
  await running.ready
  const before = processesWith(place.folder).length

  await running.stop()

  // Two services, what each started, and the broker; the watchdog has nothing of the project in its environment.
  assert.equal(before, 5)
  await assertNothingLeft(place)
})

test('stop() before it has begun starts nothing', async (t) => {
  const place = workspace(t, projectFiles)
  const running = up(optionsFor(place))
  const { all, done } = record(running)

  await running.stop()
  await done

  await assert.rejects(running.ready, { code: 'canceled', reason: 'STOPPED' })
  assert.equal(all('started').length, 0)
  assert.equal(all('failed').length, 0)
  await assertNothingLeft(place)
})

test('up() gives each service what it chooses, and what another service provides', async (t) => {
  const place = workspace(t, {
    ...projectFiles,
    'micro.yml': `store: { type: memory, options: { maxBytes: 5 } }
services:
  orders: { type: node, path: ./services/orders, registry: memory, env: { EXTRA: "1" } }
  bus: { type: bus }
`,
  })
  const running = up(optionsFor(place, { env: { ...place.env, MICRO_REGISTRY: 'mdns', MICRO_SERVER_ADDRESS: '0.0.0.0:1', SECRET: 'x' } }))
  await running.ready
  const [orders, bus, ...others] = running.state()
  const own = await ask(orders?.urls[0])
  const busAnswer = await ask(bus?.provides?.address.replace('nats:', 'http:'))
  await running.stop()

  assert.deepEqual(others, [])
  assert.equal(own.env['MICRO_BROKER_ADDRESS'], `nats://127.0.0.1:${bus?.ports['client']}`)
  assert.equal(own.env['MICRO_BROKER_WHY'], 'bus provides it')
  assert.equal(own.env['MICRO_STORE'], 'memory')
  assert.equal(own.env['MICRO_STORE_OPTIONS'], '{"maxBytes":5}')
  assert.equal(own.env['MICRO_STORE_WHY'], 'micro.yml:1')
  assert.equal(own.env['MICRO_REGISTRY'], 'mdns')
  assert.equal(own.env['MICRO_SERVER_ADDRESS'], '127.0.0.1:0')
  assert.equal(own.env['EXTRA'], '1')
  assert.equal(own.env['SECRET'], 'x')
  assert.equal(busAnswer.env['SECRET'], undefined)
  await assertNothingLeft(place)
})

test('up() keeps the data of a service only when it says so', async (t) => {
  const place = workspace(t, projectFiles)
  place.write('micro.yml', 'services:\n  a: { type: catcher }\n  b: { type: catcher, data: keep }\n')
  const running = up(optionsFor(place))
  await running.ready
  const [a, b] = await Promise.all(running.state().map(async ({ urls }) => (await ask(urls[0])).env['MICRO_DATA_DIR'] ?? ''))
  const existed = existsSync(a ?? '')
  await running.stop()

  assert.equal(existed, true)
  assert.equal(existsSync(a ?? ''), false)
  assert.equal(b, join(place.folder, '.micro/data/types/b'))
  assert.equal(existsSync(b), true)
})

test('up() refuses docker with what works instead', async (t) => {
  const place = workspace(t, projectFiles)
  place.write('micro.yml', 'services:\n  mail: { type: catcher, driver: docker, }\n  x: { type: "catcher:v1.0.0" }\n')

  const running = up(optionsFor(place))

  await assert.rejects(running.ready, { code: 'failed_precondition', reason: 'NO_DRIVER' })
  place.write('micro.yml', 'services:\n  mail: { type: "catcher:v1.0.0", driver: docker }\n')
  await assert.rejects(up(optionsFor(place)).ready, {
    code: 'unimplemented',
    reason: 'DRIVER_UNSUPPORTED',
    hint: 'Write: driver: embedded',
  })
})

test('run() starts services of ours alone, and says what they need and cannot have', async (t) => {
  const place = workspace(t, projectFiles)
  const running = run({ ...optionsFor(place), patterns: ['./services/...'] })
  const { all } = record(running)
  await running.ready
  const rows = running.state()
  const answer = await ask(rows[0]?.urls[0])
  await running.stop()

  assert.deepEqual(
    rows.map(({ service }) => service),
    ['orders', 'broker'],
  )
  assert.deepEqual(all('notice').filter(({ reason }) => reason === 'NEED_NOT_RUNNING').length, 1)
  assert.equal(answer.env['CATCHER_URL'], undefined)
  await assertNothingLeft(place)
})

test('run() uses what an up of the project runs, its broker too', async (t) => {
  const place = workspace(t, { ...projectFiles, 'services/extra/main.ts': serviceProgram })
  const beside = up(optionsFor(place))
  await beside.ready
  const [, mail, broker] = beside.state()

  const running = run({ ...optionsFor(place), patterns: ['./services/orders', './services/extra'] })
  const { all } = record(running)
  await running.ready
  const rows = running.state()
  const [orders] = rows.filter(({ service }) => service === 'orders')
  const answer = await ask(orders?.urls[0])
  await running.stop()
  await beside.stop()

  assert.deepEqual(
    rows.map(({ service }) => service),
    ['extra', 'orders'],
  )
  assert.equal(answer.env['CATCHER_URL'], mail?.urls[0])
  assert.equal(answer.env['MICRO_BROKER_ADDRESS'], broker?.provides?.address)
  assert.deepEqual(
    all('notice').filter(({ reason }) => reason === 'NEED_NOT_RUNNING'),
    [],
  )
  await assertNothingLeft(place)
})

test('run() works in a folder without a project file', async (t) => {
  const place = workspace(t, { 'types/micro.plugin.yml': 'plugins: []', 'hello/main.ts': serviceProgram })
  const running = run(optionsFor(place))
  await running.ready

  assert.deepEqual(
    running.state().map(({ service, state }) => [service, state]),
    [
      ['hello', 'ready'],
      ['broker', 'ready'],
    ],
  )
  await running.stop()
  await assertNothingLeft(place)
})
