import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { createClient } from '@microts/core'
import { testApp } from '@microts/core/testing'
import { orders } from '../examples/shop/services/orders/orders.js'
import { micro, startMicro } from './kit/micro.js'
import { makeSandbox, type Sandbox } from './kit/sandbox.js'

interface Orders {
  readonly Place: (order: { item: string; quantity: number }) => Promise<{ id: string }>
  readonly List: (input: unknown) => Promise<readonly { id: string; item: string; quantity: number }[]>
}

/** What the service does, wherever it runs. */
async function placeAndList({ Orders: { Place, List } }: { readonly Orders: Orders }): Promise<void> {
  const before = await List(undefined)
  const { id } = await Place({ item: 'tea', quantity: 2 })

  assert.deepEqual(
    (await List(undefined)).filter((order) => !before.some((old) => old.id === order.id)),
    [{ id, item: 'tea', quantity: 2 }],
  )
  await assert.rejects(Place({ item: 'tea', quantity: -2 }), { code: 'invalid_argument', reason: 'SCHEMA_MISMATCH' })
}

/** A client that finds the service as any program does: by the registry, in the project. */
async function callFrom(sandbox: Sandbox, folder: string, use: (client: { readonly Orders: Orders }) => Promise<void>): Promise<void> {
  const client = createClient<typeof orders>('orders', { folder, env: sandbox.env })
  try {
    await use(client)
  } finally {
    await client.close()
  }
}

test('one service runs inside a test, under micro run, and as a plain process', async () => {
  const app = await testApp(orders)
  await placeAndList(app.client(orders))
  await app.close()

  const sandbox = await makeSandbox()
  try {
    const shop = await sandbox.copyProject('examples/shop', 'shop')
    const run = startMicro(sandbox, shop, ['run', './services/orders'])
    await run.until('running')
    await callFrom(sandbox, shop, placeAndList)
    assert.equal(await run.end('SIGINT'), 130)

    const built = await micro(sandbox, shop, ['build', './services/orders'])
    assert.equal(built.code, 0, built.err)
    const plain = spawn(process.execPath, [join(shop, 'dist/orders/main.js')], {
      cwd: shop,
      env: sandbox.env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exited = new Promise((resolve) => plain.once('exit', resolve))
    for await (const line of createInterface({ input: plain.stdout })) if ((JSON.parse(line) as { msg: string }).msg === 'ready') break
    plain.stdout.resume()
    await callFrom(sandbox, shop, placeAndList)
    plain.kill('SIGINT')
    assert.equal(await exited, 0)
    assert.deepEqual(sandbox.processes(), [])
  } finally {
    await sandbox.remove()
  }
})
