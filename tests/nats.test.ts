import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { appendFile, mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join, relative } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { RunEvent } from '@microts/runner'
import { noServer, startServer } from '../plugins/broker/nats/src/testing/nats-server.fixture.js'
import { eventually, micro, startMicro, type LiveRun, type Outcome } from './kit/micro.js'
import { makeSandbox, type Sandbox } from './kit/sandbox.js'

// What those tests need that talk to NATS itself, and not to the server of ours that speaks its language.
const skip = noServer

type Row = Extract<RunEvent, { type: 'running' }>['services'][number]

test('a bus of type nats with driver native is what the shop runs on: micro up, ps and describe say so', { skip }, async (t) => {
  const { sandbox, shop, live } = await placeOf(t)
  await appendFile(join(shop, 'micro.yml'), '  bus: { type: nats, driver: native }\n')
  const run = live(['up'])
  const rows = (await run.until('running')).services
  const bus = rowOf(rows, 'bus')

  await place(sandbox, shop, 'tea')
  await arrives(mailsOf(rows), 'tea')
  const connections = (await (await fetch(`http://127.0.0.1:${bus.ports['monitor']}/connz`)).json()) as { connections: { name: string }[] }
  const [described, asJson, ps] = await Promise.all([
    micro(sandbox, shop, ['describe', 'orders']),
    micro(sandbox, shop, ['describe', 'orders', '--json']),
    micro(sandbox, shop, ['ps', '--json']),
  ])
  const describedBus = await micro(sandbox, shop, ['describe', 'bus'])

  // The embedded broker is not among them.
  assert.deepEqual(rows.map(({ service }) => service).sort(), ['bus', 'notify', 'orders', 'smtp'])
  assert.equal(bus.driver, 'native')
  assert.match(bus.version ?? '', /^v\d+\.\d+\.\d+$/)
  assert.deepEqual(connections.connections.map(({ name }) => name).sort(), ['notify', 'orders'])
  const address = `nats://127.0.0.1:${bus.ports['client']}`
  assert.deepEqual(brokerOf(linesAsJson<{ state: Row }>(asJson)[0]?.state), {
    kind: 'broker',
    name: 'nats',
    plugin: 'broker/nats',
    version: '0.1.0',
    why: 'bus provides it',
    address,
    note: 'at-most-once',
  })
  assert.match(described.out, new RegExp(`broker +nats \\(broker/nats 0\\.1\\.0\\) +bus provides it +${address}`))
  assert.match(describedBus.out, /provides +broker nats +nats:.*used by orders, notify/)
  assert.deepEqual(
    linesAsJson<Row>(ps).find(({ service }) => service === 'bus')?.provides,
    { kind: 'broker', name: 'nats', address },
    ps.out,
  )
  await endsCleanly(run, sandbox)
})

test('what provides the broker counts as needed: it is ready before ours start, and they are given its address', { skip }, async (t) => {
  const { sandbox, shop, live } = await placeOf(t)
  await appendFile(join(shop, 'micro.yml'), '  bus: { type: nats, driver: native }\n')
  const run = live(['up'])
  const rows = (await run.until('running')).services

  const readyAt = run.events.findIndex((event) => event.type === 'ready' && event.service === 'bus')
  for (const name of ['orders', 'notify']) {
    const startedAt = run.events.findIndex((event) => event.type === 'started' && event.service === name)
    assert.ok(readyAt < startedAt, `${name} was started before the bus was ready`)
    const environment = readFileSync(`/proc/${rowOf(rows, name).pid}/environ`, 'latin1').split('\0')
    assert.ok(environment.includes(`NATS_URL=${rowOf(rows, 'bus').provides?.address}`), name)
  }
  await endsCleanly(run, sandbox)
})

test(
  'a bus that is killed is started again at its port, the services say that it was lost, and an order arrives again',
  { skip },
  async (t) => {
    const { sandbox, shop, live } = await placeOf(t)
    await appendFile(join(shop, 'micro.yml'), '  bus: { type: nats, driver: native }\n')
    const run = live(['up'])
    const rows = (await run.until('running')).services
    await place(sandbox, shop, 'tea')
    await arrives(mailsOf(rows), 'tea')

    process.kill(rowOf(rows, 'bus').pid ?? assert.fail('bus has no pid'), 'SIGKILL')
    await run.until('restarting', ({ service }) => service === 'bus')
    const { state } = await run.until('ready', ({ service, state: { restarts } }) => service === 'bus' && restarts === 1)
    for (const name of ['orders', 'notify'])
      for (const said of [/lost the NATS server/, /connected to NATS again/]) await says(run, name, said)
    await place(sandbox, shop, 'milk')
    await arrives(mailsOf(rows), 'milk')

    assert.deepEqual(state.ports, rowOf(rows, 'bus').ports)
    assert.deepEqual(
      run.events.filter((event) => event.type === 'restarting').map(({ service }) => service),
      ['bus'],
    )
    await endsCleanly(run, sandbox)
  },
)

test('a bus of type nats without a driver is our own server, with the same result', async (t) => {
  const { sandbox, shop, live } = await placeOf(t)
  await appendFile(join(shop, 'micro.yml'), '  bus: { type: nats }\n')
  const run = live(['up'])
  const rows = (await run.until('running')).services
  const bus = rowOf(rows, 'bus')

  await place(sandbox, shop, 'tea')
  await arrives(mailsOf(rows), 'tea')

  assert.deepEqual(rows.map(({ service }) => service).sort(), ['bus', 'notify', 'orders', 'smtp'])
  assert.deepEqual([bus.driver, bus.version, Object.keys(bus.ports)], ['embedded', 'v2.9', ['client']])
  assert.deepEqual(brokerOf(rowOf(rows, 'orders'))?.why, 'bus provides it')
  assert.deepEqual(brokerOf(rowOf(rows, 'notify'))?.address, `nats://127.0.0.1:${bus.ports['client']}`)
  await endsCleanly(run, sandbox)
})

test('micro run beside a micro up takes the bus that runs there, and without one says once what is missing', async (t) => {
  const { sandbox, shop, live } = await placeOf(t)
  await writeFile(
    join(shop, 'micro.yml'),
    'name: shop\nbroker: { service: bus }\nservices:\n  orders: { type: node, path: ./services/orders }\n  bus: { type: nats }\n',
  )
  const alone = live(['run', './services/orders'])
  const withoutUp = (await alone.until('running')).services
  assert.equal(await alone.end('SIGINT'), 130)
  const up = live(['up'])
  const bus = rowOf((await up.until('running')).services, 'bus')

  const beside = live(['run', './services/orders'])
  const { services } = await beside.until('running')

  assert.deepEqual(
    withoutUp.map(({ service }) => service),
    ['orders', 'broker'],
  )
  assert.deepEqual(alone.events.filter((event) => event.type === 'notice' && event.reason === 'NEED_NOT_RUNNING').length, 1)
  assert.deepEqual(
    services.map(({ service }) => service),
    ['orders'],
  )
  assert.deepEqual(brokerOf(rowOf(services, 'orders'))?.address, bus.provides?.address)
  assert.equal(await beside.end('SIGINT'), 130)
  await endsCleanly(up, sandbox)
})

test(
  'micro run --plugins=broker/nats runs the shop on a NATS of somebody else, through its restart, and none goes back: only plugins.ts changes',
  { skip },
  async (t) => {
    const { sandbox, shop, live } = await placeOf(t)
    const mails = await mailCatcher(t, sandbox)
    const env = { SMTP_URL: mails.smtp }
    const first = await startServer()
    t.after(() => first.stop())
    const before = await filesOf(shop)

    const run = live(['run', 'service', '--plugins=broker/nats', './...'], { ...env, MICRO_BROKER_ADDRESS: first.url })
    const rows = (await run.until('running')).services
    await place(sandbox, shop, 'tea')
    await arrives(mails.messages, 'tea')
    const described = await micro(sandbox, shop, ['describe', 'orders'])
    const switched = await filesOf(shop)

    await first.stop()
    for (const name of ['orders', 'notify']) await says(run, name, /lost the NATS server/)
    const second = await startServer({ port: first.port })
    t.after(() => second.stop())
    for (const name of ['orders', 'notify']) await says(run, name, /connected to NATS again/)
    await place(sandbox, shop, 'milk')
    await arrives(mails.messages, 'milk')
    assert.equal(await run.end('SIGINT'), 130)

    const back = live(['run', '--plugins=none', './...'], env)
    const rowsBack = (await back.until('running')).services
    await place(sandbox, shop, 'bread')
    await arrives(mails.messages, 'bread')
    assert.equal(await back.end('SIGINT'), 130)

    // No embedded broker, and both on the one that the environment names.
    assert.deepEqual(rows.map(({ service }) => service).sort(), ['notify', 'orders'])
    for (const row of rows) {
      const { name, plugin, why, address } = brokerOf(row) ?? assert.fail(`${row.service} has no broker`)
      assert.deepEqual({ name, plugin, why, address }, { name: 'nats', plugin: 'broker/nats', why: '--plugins', address: first.url })
    }
    assert.match(described.out, new RegExp(`broker +nats \\(broker/nats 0\\.1\\.0\\) +--plugins +${first.url}`))
    assert.deepEqual(changedIn(before, switched), ['services/notify/plugins.ts', 'services/orders/plugins.ts'])
    assert.deepEqual(rowsBack.map(({ service }) => service).sort(), ['broker', 'notify', 'orders'])
    assert.equal(brokerOf(rowOf(rowsBack, 'orders'))?.name, 'enats')
    assert.deepEqual(changedIn(before, await filesOf(shop)), [])
    await mails.end()
    assert.deepEqual(sandbox.processes(), [])
  },
)

test('what cannot be in a project with NATS is refused before anything starts, with its place, and what two provide each may choose', async (t) => {
  const { sandbox, shop, live } = await placeOf(t)
  const services = 'services:\n  orders: { type: node, path: ./services/orders }\n'
  const refusal = async (text: string) => {
    await writeFile(join(shop, 'micro.yml'), text)
    const run = live(['up'])
    const { error } = await run.until('failed')
    assert.equal(run.events.filter(({ type }) => type === 'started').length, 0)
    return { reason: error.reason, line: error.place?.line, exitCode: await run.exited }
  }

  assert.deepEqual(await refusal(`${services}  bus: { type: "nats:v1.0" }\n`), { reason: 'UNKNOWN_VERSION', line: 3, exitCode: 3 })
  assert.deepEqual(await refusal(`${services}  bus: { type: "nats:v2.12", driver: embedded }\n`), {
    reason: 'NO_DRIVER',
    line: 3,
    exitCode: 3,
  })
  assert.deepEqual(await refusal(`${services}  bus: { type: nats, driver: docker }\n`), {
    reason: 'DRIVER_UNSUPPORTED',
    line: 3,
    exitCode: 3,
  })
  assert.deepEqual(await refusal(`${services}  bus: { type: nats, ports: { monitor: 8222 } }\n`), {
    reason: 'PORT_NOT_OF_DRIVER',
    line: 3,
    exitCode: 3,
  })
  assert.deepEqual(await refusal(`${services}broker: { service: nobody }\n`), { reason: 'UNKNOWN_SERVICE', line: 3, exitCode: 3 })
  assert.deepEqual(await refusal(`${services}  one: { type: nats }\n  two: { type: nats }\n`), {
    reason: 'AMBIGUOUS_PROVIDER',
    line: 2,
    exitCode: 3,
  })
  assert.deepEqual(await refusal(`${services}broker: { type: nats, options: { connectTimeoutMs: soon } }\n`), {
    reason: 'PLUGIN_OPTIONS_INVALID',
    line: 3,
    exitCode: 3,
  })

  await writeFile(join(shop, 'micro.yml'), `${services}  one: { type: nats }\n  two: { type: nats }\nbroker: { service: two }\n`)
  const run = live(['up'])
  const rows = (await run.until('running')).services
  assert.equal(brokerOf(rowOf(rows, 'orders'))?.address, rowOf(rows, 'two').provides?.address)
  await endsCleanly(run, sandbox)
})

test('a NATS that nobody answers for is named with its address, and with what to type, and no stack', async (t) => {
  const { sandbox, shop } = await placeOf(t)
  const port = await freePort()
  const text = `services:\n  orders: { type: node, path: ./services/orders }\nbroker: { type: nats, address: "nats://127.0.0.1:${port}" }\n`
  await writeFile(join(shop, 'micro.yml'), text)

  const { code, out, err } = await micro(sandbox, shop, ['up'])

  assert.equal(code, 1)
  assert.match(err, new RegExp(`nats://127\\.0\\.0\\.1:${port}`))
  assert.match(err, new RegExp(`fix .*nats-server -a 127\\.0\\.0\\.1 -p ${port}`))
  assert.match(err, /docs\/errors\.md#BROKER_UNAVAILABLE/)
  assert.doesNotMatch(out + err, /\n\s+at \S/)
  assert.deepEqual(sandbox.processes(), [])
})

/** A sandbox with a copy of the shop, and runs in it that end with the test. */
async function placeOf(t: TestContext) {
  const sandbox = await makeSandbox()
  t.after(() => sandbox.remove())
  const shop = await sandbox.copyProject('examples/shop', 'shop')
  const live = (words: readonly string[], env: Record<string, string> = {}): LiveRun => {
    const run = startMicro(sandbox, shop, words, { env })
    t.after(() => run.child.kill('SIGKILL'))
    return run
  }
  return { sandbox, shop, live }
}

const rowOf = (rows: readonly Row[], name: string): Row => rows.find(({ service }) => service === name) ?? assert.fail(`no row for ${name}`)

const brokerOf = (row: Row | undefined) => row?.uses.find(({ kind }) => kind === 'broker')

const linesAsJson = <T>({ out }: Outcome): T[] => out.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as T]))

async function place(sandbox: Sandbox, shop: string, item: string): Promise<void> {
  const { code, err } = await micro(sandbox, shop, ['call', 'orders', 'Orders.Place', JSON.stringify({ item, quantity: 2 })])
  assert.equal(code, 0, err)
}

/** Where the mail catcher of a run shows what it has. */
const mailsOf = (rows: readonly Row[]) => `${rowOf(rows, 'smtp').urls[0]}/api/v2/messages`

async function arrives(mails: string, item: string): Promise<void> {
  await eventually(async () => {
    const { items } = (await (await fetch(mails)).json()) as { items: { Content: { Headers: { Subject: string[] } } }[] }
    return items.some(({ Content }) => Content.Headers.Subject[0] === `Your order of 2 ${item}`)
  })
}

/** A service of a run has written this into its log, or does so soon. */
const says = (run: LiveRun, name: string, what: RegExp) => run.until('log', ({ service, line }) => service === name && what.test(line))

/** A mail catcher that runs in a project of its own. */
async function mailCatcher(t: TestContext, sandbox: Sandbox) {
  const folder = join(sandbox.folder, 'mail')
  await mkdir(folder)
  await writeFile(join(folder, 'micro.yml'), 'name: mail\nservices:\n  smtp: { type: mailhog }\n')
  const run = startMicro(sandbox, folder, ['up'])
  t.after(() => run.child.kill('SIGKILL'))
  const rows = (await run.until('running')).services
  return { smtp: rowOf(rows, 'smtp').exports['SMTP_URL'] ?? '', messages: mailsOf(rows), end: () => run.end('SIGINT') }
}

/** The files of a project that a person keeps, by their path. */
async function filesOf(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name)))
  const kept = paths.filter((path) => !path.startsWith('.micro/'))
  return new Map(await Promise.all(kept.map(async (path) => [path, await readFile(join(folder, path), 'utf8')] as const)))
}

const changedIn = (before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>) =>
  [...new Set([...before.keys(), ...after.keys()])].filter((path) => before.get(path) !== after.get(path)).sort()

async function endsCleanly(run: LiveRun, sandbox: Sandbox): Promise<void> {
  assert.equal(await run.end('SIGINT'), 130)
  assert.deepEqual(sandbox.processes(), [])
  assert.deepEqual(sandbox.files(), [])
}

/** One that nobody listens on; the system hands them out in turn. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
