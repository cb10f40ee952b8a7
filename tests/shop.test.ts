import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { join } from 'node:path'
import { eventually, micro, startMicro, type LiveRun } from './kit/micro.js'
import { makeSandbox, root, type Sandbox } from './kit/sandbox.js'

let sandbox: Sandbox
let shop: string
let run: LiveRun

before(async () => {
  sandbox = await makeSandbox()
  shop = await sandbox.copyProject('examples/shop', 'shop')
  run = startMicro(sandbox, sandbox.folder, ['up', 'shop'])
  await run.until('running')
})

after(async () => {
  run.child.kill('SIGKILL')
  await sandbox.remove()
})

async function urlOf(service: string): Promise<string> {
  const { services } = await run.until('running')
  const [url] = services.find((one) => one.service === service)?.urls ?? []
  return url ?? assert.fail(`${service} has no URL`)
}

async function subjects(): Promise<string[]> {
  const reply = await fetch(`${await urlOf('smtp')}/api/v2/messages`)
  const { items } = (await reply.json()) as { items: { Content: { Headers: { Subject: string[] } } }[] }
  return items.map((item) => item.Content.Headers.Subject[0] ?? '')
}

test('micro call from a folder below places an order, which arrives as a mail', async () => {
  const { code, out, err } = await micro(sandbox, join(root, 'packages'), ['call', 'orders', 'Orders.Place', '{"item":"tea","quantity":2}'])

  assert.equal(code, 0, err)
  assert.match((JSON.parse(out) as { id: string }).id, /^[0-9a-f-]{36}$/)
  await eventually(async () => (await subjects()).includes('Your order of 2 tea'))
})

test('curl places an order too, and sees the errors as JSON', async () => {
  const url = `${await urlOf('orders')}/Orders.Place`
  const post = (body: string) => fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })

  const good = await post('{"item":"milk","quantity":3}')
  const bad = await post('{"item":"milk","quantity":-3}')

  assert.equal(good.status, 200)
  assert.equal(bad.status, 400)
  assert.equal(((await bad.json()) as { reason: string }).reason, 'SCHEMA_MISMATCH')
  await eventually(async () => (await subjects()).includes('Your order of 3 milk'))
})

test('micro ps, services and describe say what runs, and on what', async () => {
  const ps = await micro(sandbox, shop, ['ps', '--json'])
  const services = await micro(sandbox, root, ['services'])
  const describe = await micro(sandbox, root, ['describe', 'orders'])

  const rows = ps.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { service: string; state: string; uses: { kind: string; name: string; why: string }[] })
  assert.deepEqual(
    rows.map(({ service, state }) => [service, state]).sort(),
    [
      ['broker', 'ready'],
      ['notify', 'ready'],
      ['orders', 'ready'],
      ['smtp', 'ready'],
    ],
    ps.out + ps.err,
  )
  const store = rows.find(({ service }) => service === 'orders')?.uses.find(({ kind }) => kind === 'store')
  assert.equal(store?.name, 'file')
  assert.match(store?.why ?? '', /micro\.yml:\d+/)
  assert.match(services.out, /orders +1\.0\.0/)
  assert.match(describe.out, /Orders\.Place +\{ item: string, quantity: integer \}/)
})

test('a misspelt service, endpoint and command each say what was meant, without a stack', async () => {
  const outcomes = await Promise.all([
    micro(sandbox, root, ['call', 'order', 'Orders.Place', '{}']),
    micro(sandbox, root, ['call', 'orders', 'Orders.Plase', '{}']),
    micro(sandbox, root, ['cal', 'orders', 'Orders.Place', '{}']),
  ])

  assert.deepEqual(
    outcomes.map(({ code }) => code),
    [1, 1, 2],
  )
  assert.match(outcomes[0]?.err ?? '', /"orders"/)
  assert.match(outcomes[1]?.err ?? '', /"Orders\.Place"/)
  assert.match(outcomes[2]?.err ?? '', /"call"/)
  for (const { err } of outcomes) assert.doesNotMatch(err, /\n\s+at \S/)
})

test('a service that is killed is started again, and keeps its orders', async () => {
  const before = await micro(sandbox, root, ['call', 'orders', 'Orders.List', '--json'])
  const { services } = await run.until('running')
  const orders = services.find(({ service }) => service === 'orders')

  process.kill(orders?.pid ?? assert.fail('orders has no pid'), 'SIGKILL')
  await run.until('restarting', ({ service }) => service === 'orders')
  await run.until('ready', ({ service, state }) => service === 'orders' && state.pid !== orders?.pid)

  const afterwards = await micro(sandbox, root, ['call', 'orders', 'Orders.List', '--json'])
  assert.deepEqual(JSON.parse(afterwards.out), JSON.parse(before.out))
  assert.ok((JSON.parse(afterwards.out) as unknown[]).length > 0)
})

test('micro logs shows what the services have written', async () => {
  const { out, code } = await micro(sandbox, shop, ['logs', 'notify'])

  assert.equal(code, 0)
  assert.match(out, /mail sent/)
})

test('a second micro up of a running project is refused, and says what to type', async () => {
  const { code, err } = await micro(sandbox, shop, ['up'])

  assert.equal(code, 1)
  assert.match(err, /micro down|micro ps/)
})

test('Ctrl-C stops everything, and nothing is left', async () => {
  const code = await run.end('SIGINT')

  assert.equal(code, 130)
  assert.deepEqual(sandbox.processes(), [])
  assert.deepEqual(sandbox.files(), [])
})
