import assert from 'node:assert/strict'
import { appendFile, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { ServiceRecord } from '@microts/core/registry'
import type { RunEvent } from '@microts/runner'
import { noEtcd, startEtcd } from '../plugins/registry/etcd/src/testing/etcd-server.fixture.js'
import { eventually, micro, startMicro, type LiveRun, type Outcome } from './kit/micro.js'
import { makeSandbox, type Sandbox } from './kit/sandbox.js'

const skip = noEtcd

type Row = Extract<RunEvent, { type: 'running' }>['services'][number]

test(
  'an etcd of type etcd is where the services of the shop find each other: micro up, describe, services and call say so',
  { skip },
  async (t) => {
    const { sandbox, shop, live } = await placeOf(t)
    await appendFile(join(shop, 'micro.yml'), '  etcd: { type: etcd, driver: native }\n')
    const run = live(['up'])
    const rows = (await run.until('running')).services
    const etcd = rowOf(rows, 'etcd')
    const address = `http://127.0.0.1:${etcd.ports['client']}`

    await place(sandbox, shop, 'tea')
    const [described, text, listed] = [
      await micro(sandbox, shop, ['describe', 'orders', '--json']),
      await micro(sandbox, shop, ['describe', 'orders']),
      await servicesOf(sandbox, shop),
    ]

    assert.deepEqual(rows.map(({ service }) => service).sort(), ['broker', 'etcd', 'notify', 'orders', 'smtp'])
    assert.equal(etcd.driver, 'native')
    assert.match(etcd.version ?? '', /^v\d+\.\d+\.\d+$/)
    const [{ state, versions } = { state: undefined, versions: [] }] = linesAsJson<{ state: Row; versions: ServiceRecord[] }>(described)
    assert.deepEqual(registryOf(state), {
      kind: 'registry',
      name: 'etcd',
      plugin: 'registry/etcd',
      version: '0.1.0',
      why: 'etcd provides it',
      address,
    })
    assert.match(text.out, new RegExp(`registry +etcd \\(registry/etcd 0\\.1\\.0\\) +etcd provides it +${address}`))
    assert.deepEqual(
      versions.flatMap(({ nodes }) => nodes.map((node) => [node.address, node.metadata['registry']])),
      [[rowOf(rows, 'orders').address, 'etcd']],
    )
    assert.deepEqual(listed.map(({ name }) => name).sort(), ['notify', 'orders'])
    assert.deepEqual((await nodeIds(address)).length, 2)
    await endsCleanly(run, sandbox)
  },
)

test('a service that stops is taken out of etcd, and its next process stands there in its place', { skip }, async (t) => {
  const { sandbox, shop, live } = await placeOf(t)
  await appendFile(join(shop, 'micro.yml'), '  etcd: { type: etcd, driver: native }\n')
  const run = live(['up'])
  const rows = (await run.until('running')).services
  const address = `http://127.0.0.1:${rowOf(rows, 'etcd').ports['client']}`
  const before = await nodeIds(address)

  process.kill(rowOf(rows, 'notify').pid ?? assert.fail('notify has no pid'), 'SIGTERM')
  await run.until('ready', ({ service, state: { restarts } }) => service === 'notify' && restarts === 1)
  const after = await nodeIds(address)

  const isOfNotify = (id: string) => id.startsWith('notify/')
  assert.deepEqual([before.filter(isOfNotify).length, after.filter(isOfNotify).length], [1, 1])
  assert.notDeepEqual(before.filter(isOfNotify), after.filter(isOfNotify))
  assert.deepEqual(
    before.filter((id) => !isOfNotify(id)),
    after.filter((id) => !isOfNotify(id)),
  )
  await endsCleanly(run, sandbox)
})

test(
  'micro run --plugins=registry/etcd runs the shop on an etcd of somebody else, through its restart and its loss of all data, and leaves nothing there',
  { skip },
  async (t) => {
    const { sandbox, shop, live } = await placeOf(t)
    const etcd = await startEtcd()
    t.after(() => etcd.stop())

    const run = live(['run', 'service', '--plugins=registry/etcd', './...'], {
      MICRO_REGISTRY_ADDRESS: etcd.url,
      SMTP_URL: 'smtp://127.0.0.1:1',
      MICRO_REGISTER_TTL: '6',
      MICRO_REGISTER_INTERVAL: '2',
    })
    const rows = (await run.until('running')).services
    const listed = await servicesOf(sandbox, shop)
    await etcd.kill()
    for (const name of ['orders', 'notify']) await says(run, name, /lost etcd at/)
    await etcd.restart()
    for (const name of ['orders', 'notify']) await says(run, name, /reached etcd again/)
    const kept = await servicesOf(sandbox, shop)
    await etcd.kill()
    await etcd.restart({ empty: true })
    await eventually(async () => (await nodeIds(etcd.url)).length === 2)
    const again = await servicesOf(sandbox, shop)
    await place(sandbox, shop, 'tea')

    for (const row of rows.filter(({ kind }) => kind === 'own')) {
      const { name, plugin, why, address } = registryOf(row) ?? assert.fail(`${row.service} has no registry`)
      assert.deepEqual({ name, plugin, why, address }, { name: 'etcd', plugin: 'registry/etcd', why: '--plugins', address: etcd.url })
    }
    const ids = (found: readonly ServiceRecord[]) => found.flatMap(({ nodes }) => nodes.map(({ id }) => id)).sort()
    assert.equal(ids(listed).length, 2)
    assert.deepEqual(ids(kept), ids(listed))
    assert.deepEqual(ids(again), ids(listed))
    await endsCleanly(run, sandbox)
    assert.deepEqual(await nodeIds(etcd.url), [])
    assert.deepEqual((await etcd.ask('lease/leases', {}))['leases'] ?? [], [])
  },
)

test('an etcd that nobody answers for is named with its address, and with what to type, and no stack', async (t) => {
  const { sandbox, shop } = await placeOf(t)
  const port = await freePort()
  const text = `services:\n  orders: { type: node, path: ./services/orders }\nregistry: { type: etcd, address: "http://127.0.0.1:${port}" }\n`
  await writeFile(join(shop, 'micro.yml'), text)

  const { code, out, err } = await micro(sandbox, shop, ['up'])

  assert.equal(code, 1)
  assert.match(err, new RegExp(`http://127\\.0\\.0\\.1:${port}`))
  assert.match(err, new RegExp(`fix .*etcd --listen-client-urls http://127\\.0\\.0\\.1:${port}`))
  assert.match(err, /docs\/errors\.md#REGISTRY_UNAVAILABLE/)
  assert.doesNotMatch(out + err, /\n\s+at \S/)
  assert.deepEqual(sandbox.processes(), [])
})

test('options of micro.yml reach the service and the command: a login by the name of a variable', { skip }, async (t) => {
  const { sandbox, shop, live } = await placeOf(t)
  const etcd = await startEtcd()
  t.after(() => etcd.stop())
  for (const [path, body] of [
    ['auth/user/add', { name: 'root', password: 'right' }],
    ['auth/role/add', { name: 'root' }],
    ['auth/user/grant', { user: 'root', role: 'root' }],
    ['auth/enable', {}],
  ] as const)
    await etcd.ask(path, body)
  const registry = `{ type: etcd, address: "${etcd.url}", options: { user: root, passwordEnv: SHOP_ETCD } }`
  await writeFile(join(shop, 'micro.yml'), `services:\n  orders: { type: node, path: ./services/orders }\nregistry: ${registry}\n`)

  const refused = await micro(sandbox, shop, ['up'], { env: { SHOP_ETCD: 'wrong' } })
  const run = live(['up'], { SHOP_ETCD: 'right' })
  await run.until('running')
  const listed = await micro(sandbox, shop, ['services', '--json'], { env: { SHOP_ETCD: 'right' } })

  assert.equal(refused.code, 1)
  assert.match(refused.err, /docs\/errors\.md#ETCD_AUTHORIZATION/)
  assert.doesNotMatch(refused.err, /wrong/)
  assert.deepEqual(
    linesAsJson<ServiceRecord>(listed).map(({ name }) => name),
    ['orders'],
    listed.err,
  )
  await endsCleanly(run, sandbox)
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

const registryOf = (row: Row | undefined) => row?.uses.find(({ kind }) => kind === 'registry')

const linesAsJson = <T>({ out }: Outcome): T[] => out.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as T]))

async function place(sandbox: Sandbox, shop: string, item: string): Promise<void> {
  const { code, err } = await micro(sandbox, shop, ['call', 'orders', 'Orders.Place', JSON.stringify({ item, quantity: 2 })])
  assert.equal(code, 0, err)
}

async function servicesOf(sandbox: Sandbox, shop: string): Promise<ServiceRecord[]> {
  const outcome = await micro(sandbox, shop, ['services', '--json'])
  assert.equal(outcome.code, 0, outcome.err)
  return linesAsJson<ServiceRecord>(outcome)
}

/** The keys of nodes below go-micro's prefix, as etcd itself has them: `orders/orders-<uuid>`. */
async function nodeIds(url: string): Promise<string[]> {
  const prefix = '/micro/registry/'
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  const body = JSON.stringify({ key: base64(prefix), range_end: base64('/micro/registry0'), keys_only: true })
  const { kvs = [] } = (await (await fetch(`${url}/v3/kv/range`, { method: 'POST', body })).json()) as { kvs?: { key: string }[] }
  return kvs.map(({ key }) => Buffer.from(key, 'base64').toString().slice(prefix.length)).sort()
}

/** A service of a run has written this into its log, or does so soon. */
const says = (run: LiveRun, name: string, what: RegExp) => run.until('log', ({ service, line }) => service === name && what.test(line))

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
