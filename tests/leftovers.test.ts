import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { eventually, micro, startMicro } from './kit/micro.js'
import { makeSandbox, type Sandbox } from './kit/sandbox.js'

let sandbox: Sandbox
let shop: string

beforeEach(async () => {
  sandbox = await makeSandbox()
  shop = await sandbox.copyProject('examples/shop', 'shop')
})

afterEach(() => sandbox.remove())

const assertNothingLeft = () => {
  assert.deepEqual(sandbox.processes(), [])
  assert.deepEqual(sandbox.files(), [])
}

test('micro down stops a run from another process, and nothing is left', async () => {
  const run = startMicro(sandbox, shop, ['up'])
  await run.until('running')

  const down = await micro(sandbox, shop, ['down'])

  assert.equal(down.code, 0, down.err)
  assert.equal(await run.exited, 143)
  assertNothingLeft()
})

test('kill -9 of the supervisor leaves nothing for longer than two seconds', async () => {
  const run = startMicro(sandbox, shop, ['up'])
  await run.until('running')
  assert.ok(sandbox.processes().length >= 5)

  run.child.kill('SIGKILL')
  await run.exited

  await eventually(() => sandbox.processes().length === 0 && sandbox.files().length === 0, 4000)
  assertNothingLeft()
})

test('micro up works again after a kill -9, on the same project', async () => {
  const first = startMicro(sandbox, shop, ['up'])
  await first.until('running')
  first.child.kill('SIGKILL')
  await first.exited

  const second = startMicro(sandbox, shop, ['up'])
  await second.until('running')

  assert.equal(await second.end('SIGTERM'), 143)
  assertNothingLeft()
})

test('micro up --detach leaves the run in the background until micro down', async () => {
  const up = await micro(sandbox, shop, ['up', '--detach'])
  assert.equal(up.code, 0, up.err)
  assert.match(up.out, /micro call orders Orders\.Place/)

  const call = await micro(sandbox, shop, ['call', 'orders', 'Orders.Place', '{"item":"tea","quantity":1}'])
  const down = await micro(sandbox, shop, ['down'])

  assert.equal(call.code, 0, call.err)
  assert.equal(down.code, 0, down.err)
  assertNothingLeft()
})

test('two checkouts of one project run side by side, and calls stay in theirs', async () => {
  const other = await sandbox.copyProject('examples/shop', 'other')
  const runs = [startMicro(sandbox, shop, ['up']), startMicro(sandbox, other, ['up'])]
  await Promise.all(runs.map((run) => run.until('running')))

  await micro(sandbox, shop, ['call', 'orders', 'Orders.Place', '{"item":"tea","quantity":1}'])
  const [here, there] = await Promise.all(
    [shop, other].map((folder) => micro(sandbox, folder, ['call', 'orders', 'Orders.List', '--json'])),
  )

  assert.equal((JSON.parse(here?.out ?? '') as unknown[]).length, 1)
  assert.equal((JSON.parse(there?.out ?? '') as unknown[]).length, 0)
  await Promise.all(runs.map((run) => run.end('SIGINT')))
  assertNothingLeft()
})
