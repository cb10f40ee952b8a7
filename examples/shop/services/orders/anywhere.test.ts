import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createClient } from '@microts/core'
import { testApp } from '@microts/core/testing'
import { orders } from './orders.js'

const order = { item: 'tea', quantity: 2 }

/** Starts main.ts as a plain process, and gives its address once it is ready. */
async function startProcess(t: TestContext, env: Readonly<Record<string, string>>): Promise<string> {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url))
  const args = ['--conditions=@microts/source', '--import', 'tsx', main]
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env
  const child = spawn(process.execPath, args, {
    env: { ...inherited, ...env, MICRO_STOP_GRACE_MS: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  t.after(async () => {
    child.kill('SIGTERM')
    assert.deepEqual(await ended, [0, null])
  })
  for await (const line of createInterface(child.stdout)) {
    const { msg, address } = JSON.parse(line) as { msg: string; address: string }
    if (msg === 'ready') return address
  }
  return assert.fail('it ended before it was ready')
}

test('orders places an order inside a test', async () => {
  await using app = await testApp(orders)

  const { id } = await app.client(orders).Orders.Place(order)

  assert.deepEqual(await app.client(orders).Orders.List(), [{ id, ...order }])
})

test(
  'orders places the same order as a plain process, called by its name, with curl’s request, and by its address',
  { timeout: 60_000 },
  async (t) => {
    // A project of its own, found by mDNS on loopback: nobody else's orders answer.
    const env = { MICRO_PROJECT: `anywhere-${crypto.randomUUID()}`, MICRO_STORE: 'memory' }
    const address = await startProcess(t, env)
    const client = createClient<typeof orders>('orders', { env })
    t.after(() => client.close())

    const { id: byName } = await client.Orders.Place(order)
    const { id: byAddress } = await client.Orders.Place(order, { address })
    const reply = await fetch(`http://${address}/Orders.Place`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(order),
    })
    const { id: byUrl } = (await reply.json()) as { id: string }

    const placed = await client.Orders.List()
    assert.equal(reply.status, 200)
    assert.deepEqual(placed.map(({ id }) => id).toSorted(), [byName, byAddress, byUrl].toSorted())
    await assert.rejects(client.Orders.Place({ item: 'tea', quantity: 0 }), { code: 'invalid_argument', reason: 'SCHEMA_MISMATCH' })
  },
)

test('orders tells who calls it over HTTP what is wrong, as JSON with the matching status', { timeout: 60_000 }, async (t) => {
  const address = await startProcess(t, { MICRO_PROJECT: `anywhere-${crypto.randomUUID()}`, MICRO_STORE: 'memory' })
  const post = async (path: string, body: string) => {
    const reply = await fetch(`http://${address}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    return [reply.status, ((await reply.json()) as { reason: string }).reason]
  }

  assert.deepEqual(await post('/Orders.Place', '{"item":"tea","quantity":-1}'), [400, 'SCHEMA_MISMATCH'])
  assert.deepEqual(await post('/Orders.Plcae', '{}'), [404, 'ENDPOINT_NOT_FOUND'])
  assert.deepEqual(await post('/Orders.Place', '{"item":'), [400, 'NOT_DECODABLE'])
})
