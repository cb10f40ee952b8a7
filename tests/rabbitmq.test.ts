import assert from 'node:assert/strict'
import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import type { RunEvent } from '@microts/runner'
import { noServer, startServer, type RealServer } from '../plugins/broker/rabbitmq/src/testing/rabbitmq-server.fixture.js'
import { eventually, micro, startMicro, type LiveRun, type Outcome } from './kit/micro.js'
import { makeSandbox, type Sandbox } from './kit/sandbox.js'

const skip = noServer
// An Erlang machine takes its time to start, most of all when others start beside it.
const startMs = 120_000
let server: RealServer

before(async () => {
  if (noServer === false) server = await startServer()
})
after(() => server?.stop())

type Row = Extract<RunEvent, { type: 'running' }>['services'][number]

test(
  'micro run service --plugins=broker/rabbitmq ./... runs the shop on a real RabbitMQ, which delivers its messages',
  { skip },
  async (t) => {
    const { sandbox, shop, live } = await placeOf(t)
    const mails = await mailCatcher(t, sandbox)
    await server.ctl('add_user', 'shop', 'right')
    await server.ctl('set_permissions', 'shop', '.*', '.*', '.*')
    const login = { MICRO_BROKER_OPTIONS: '{"user":"shop","passwordEnv":"SHOP_PASSWORD"}', SHOP_PASSWORD: 'right' }

    const run = live(['run', 'service', '--plugins=broker/rabbitmq', './...'], {
      SMTP_URL: mails.smtp,
      MICRO_BROKER_ADDRESS: server.url,
      ...login,
    })
    const rows = (await run.until('running')).services
    await place(sandbox, shop, 'tea')
    await arrives(mails.messages, 'tea')
    const described = await micro(sandbox, shop, ['describe', 'orders'])
    const connections = await server.ctl('list_connections', 'user', 'client_properties')
    const exchanges = await server.ctl('list_exchanges', 'name', 'type', 'durable')

    await server.restart()
    for (const name of ['orders', 'notify'])
      for (const said of [/lost the RabbitMQ server/, /connected to RabbitMQ again/]) await says(run, name, said)
    await place(sandbox, shop, 'milk')
    await arrives(mails.messages, 'milk')
    assert.equal(await run.end('SIGINT'), 130)

    // No embedded broker, and both on the one that the environment names.
    assert.deepEqual(rows.map(({ service }) => service).sort(), ['notify', 'orders'])
    for (const row of rows) {
      const { name, plugin, why, address } = brokerOf(row) ?? assert.fail(`${row.service} has no broker`)
      assert.deepEqual(
        { name, plugin, why, address },
        { name: 'rabbitmq', plugin: 'broker/rabbitmq', why: '--plugins', address: server.url },
      )
    }
    assert.match(described.out, new RegExp(`broker +rabbitmq \\(broker/rabbitmq 0\\.1\\.0\\) +--plugins +${server.url}`))
    for (const name of ['orders', 'notify']) assert.match(connections, new RegExp(`shop.*"connection_name","${name}"`))
    assert.match(exchanges, /^micro\s+topic\s+false$/m)
    assert.ok(!JSON.stringify(run.events).includes('right"'))
    await mails.end()
    assert.deepEqual(sandbox.processes(), [])
  },
)

test('a bus of type rabbitmq with driver native is what the shop runs on, and is gone with it', { skip }, async (t) => {
  const { sandbox, shop, live } = await placeOf(t)
  await appendFile(join(shop, 'micro.yml'), '  bus: { type: rabbitmq, driver: native }\n')
  const run = live(['up'])
  const rows = (await run.until('running', () => true, startMs)).services
  const bus = rowOf(rows, 'bus')

  await place(sandbox, shop, 'tea')
  await arrives(`${rowOf(rows, 'smtp').urls[0]}/api/v2/messages`, 'tea')
  const asJson = await micro(sandbox, shop, ['describe', 'orders', '--json'])

  assert.deepEqual(rows.map(({ service }) => service).sort(), ['bus', 'notify', 'orders', 'smtp'])
  assert.equal(bus.driver, 'native')
  assert.match(bus.version ?? '', /^v\d+\.\d+\.\d+$/)
  const address = `amqp://127.0.0.1:${bus.ports['client']}`
  assert.deepEqual(brokerOf(linesAsJson<{ state: Row }>(asJson)[0]?.state), {
    kind: 'broker',
    name: 'rabbitmq',
    plugin: 'broker/rabbitmq',
    version: '0.1.0',
    why: 'bus provides it',
    address,
    note: 'at-least-once',
  })
  assert.equal(await run.end('SIGINT'), 130)
  assert.deepEqual(sandbox.processes(), [])
  assert.deepEqual(sandbox.files(), [])
})

test('a RabbitMQ that nobody answers for, or that refuses the password, is named with what to type, and no stack', async (t) => {
  const { sandbox, shop } = await placeOf(t)
  const attempt = async (address: string, options = '{}') => {
    const broker = `broker: { type: rabbitmq, address: "${address}", options: ${options} }`
    await writeFile(join(shop, 'micro.yml'), `services:\n  orders: { type: node, path: ./services/orders }\n${broker}\n`)
    const { code, out, err } = await micro(sandbox, shop, ['up'], { env: { SHOP_PASSWORD: 'hunter2' } })
    assert.equal(code, 1)
    assert.doesNotMatch(out + err, /\n\s+at \S/)
    assert.ok(!(out + err).includes('hunter2'))
    return err
  }
  const gone = `amqp://127.0.0.1:${await freePort()}`

  const unreachable = await attempt(gone)
  const refused = noServer === false ? await attempt(server.url, '{ user: nobody, passwordEnv: SHOP_PASSWORD }') : undefined

  assert.ok(unreachable.includes(gone))
  assert.match(unreachable, /fix .*bus: \{ type: rabbitmq \}/)
  assert.match(unreachable, /docs\/errors\.md#BROKER_UNAVAILABLE/)
  if (refused !== undefined) assert.match(refused, /as "nobody"[^]*fix .*passwordEnv[^]*docs\/errors\.md#RABBITMQ_AUTHORIZATION/)
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

async function arrives(mails: string, item: string): Promise<void> {
  await eventually(async () => {
    const { items } = (await (await fetch(mails)).json()) as { items: { Content: { Headers: { Subject: string[] } } }[] }
    return items.some(({ Content }) => Content.Headers.Subject[0] === `Your order of 2 ${item}`)
  })
}

/** A service of a run has written this into its log, or does so soon. */
const says = (run: LiveRun, name: string, what: RegExp) =>
  run.until('log', ({ service, line }) => service === name && what.test(line), startMs)

/** A mail catcher that runs in a project of its own. */
async function mailCatcher(t: TestContext, sandbox: Sandbox) {
  const folder = join(sandbox.folder, 'mail')
  await mkdir(folder)
  await writeFile(join(folder, 'micro.yml'), 'name: mail\nservices:\n  smtp: { type: mailhog }\n')
  const run = startMicro(sandbox, folder, ['up'])
  t.after(() => run.child.kill('SIGKILL'))
  const smtp = rowOf((await run.until('running')).services, 'smtp')
  return { smtp: smtp.exports['SMTP_URL'] ?? '', messages: `${smtp.urls[0]}/api/v2/messages`, end: () => run.end('SIGINT') }
}

/** One that nobody listens on; the system hands them out in turn. */
async function freePort(): Promise<number> {
  const found = createServer()
  await new Promise<void>((resolve) => found.listen(0, '127.0.0.1', resolve))
  const { port } = found.address() as AddressInfo
  await new Promise((resolve) => found.close(resolve))
  return port
}
