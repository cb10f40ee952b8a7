import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import fs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { MicroError } from '../../base/index.js'
import { testClock, type TestClock } from '../../testing/clock.js'
import type { ServiceRecord } from '../registry.js'
import { registryFolder } from './folder.js'

const made: string[] = []
after(() => Promise.all(made.map((path) => fs.rm(path, { recursive: true, force: true }))))

const orders: ServiceRecord = {
  name: 'orders',
  version: '1.0.0',
  metadata: { team: 'shop' },
  endpoints: [{ name: 'Orders.Place', metadata: {} }],
  nodes: [{ id: 'orders-1', address: '127.0.0.1:40001', metadata: { project: 'p' } }],
}

test('read() gives what write() wrote, and what another write() put in its place', async () => {
  const { here, there } = await setUp()

  await here.write({ ...orders, version: '0.9' }, undefined)
  await here.write(orders, undefined)

  assert.deepEqual(await there.read(), [{ service: orders, leftMs: undefined }])
  await here.close()
})

test('read() of a folder that is not there is empty, and makes nothing', async () => {
  const { here, root } = await setUp()

  assert.deepEqual(await here.read(), [])
  await assert.rejects(fs.stat(root))
})

test('write() makes a folder for this user alone, and leaves nothing but whole files in it', async () => {
  const { here } = await setUp()

  await Promise.all(Array.from({ length: 20 }, (_, index) => here.write({ ...orders, version: String(index) }, undefined)))

  assert.equal((await fs.stat(here.path)).mode & 0o777, 0o700)
  assert.deepEqual(await fs.readdir(here.path), ['orders@orders-1.json'])
  await here.close()
})

test('write() refuses a folder that others can write into, and read() does not believe it', async () => {
  const { here, root } = await setUp()
  await fs.mkdir(here.path, { recursive: true, mode: 0o700 })
  await fs.chmod(here.path, 0o777)
  await fs.writeFile(join(here.path, 'orders@orders-1.json'), '{}')

  await assert.rejects(here.write(orders, undefined), (error) => MicroError.is(error) && error.reason === 'REGISTRY_UNAVAILABLE')

  assert.deepEqual(await here.read(), [])
  // It was not removed either: what lies there is somebody else's.
  assert.deepEqual(await fs.readdir(here.path), ['orders@orders-1.json'])
  assert.ok((await fs.stat(root)).isDirectory())
})

test('write() refuses a symbolic link in the place of the folder', async () => {
  const { here, root } = await setUp()
  await fs.mkdir(`${root}/elsewhere`, { recursive: true, mode: 0o700 })
  await fs.symlink(`${root}/elsewhere`, here.path)

  await assert.rejects(here.write(orders, undefined), (error) => MicroError.is(error) && error.code === 'unavailable')

  assert.deepEqual(await fs.readdir(`${root}/elsewhere`), [])
})

test('read() forgets a node whose lease ran out, and removes its file', async () => {
  const { here, there, clock } = await setUp()
  await here.write(orders, 5000)
  assert.deepEqual(
    (await there.read()).map((one) => one.leftMs),
    [5000],
  )

  await clock.advance(5000)

  assert.deepEqual(await there.read(), [])
  assert.deepEqual(await fs.readdir(here.path), [])
  await here.close()
})

test('read() forgets a node whose process is dead', async () => {
  const { here, there } = await setUp()
  await here.write(orders, undefined)
  const file = join(here.path, 'orders@orders-1.json')
  const dead = spawnSync(process.execPath, ['--version']).pid
  await fs.writeFile(file, (await fs.readFile(file, 'utf8')).replace(`"pid":${process.pid}`, `"pid":${dead}`))

  assert.deepEqual(await there.read(), [])
  await here.close()
})

test('read() forgets a node of another container when its file was not touched for 30 s; touching goes by itself', async () => {
  const { here, there, root, clock } = await setUp()
  const other = registryFolder({ root, project: 'p', host: 'container', clock: testClock({ nowMs: clock.now() }), random: Math.random, fs })
  await other.write({ ...orders, name: 'payments' }, undefined)
  await here.write(orders, undefined)

  await beats(clock, here.path, 25_000)
  assert.equal((await there.read()).length, 2)
  await beats(clock, here.path, 10_000)

  assert.deepEqual(
    (await there.read()).map((one) => one.service.name),
    ['orders'],
  )
  await other.close()
  await here.close()
})

test('read() passes over files that no registry wrote', async () => {
  const { here, there } = await setUp()
  await here.write(orders, undefined)
  for (const [index, text] of ['', 'null', '[]', '{"pid":"x"}', '{"host":"h","pid":1,"service":null}', '\0\0'].entries())
    await fs.writeFile(join(here.path, `junk-${index}@x.json`), text)
  await fs.mkdir(join(here.path, 'folder@x.json'))

  assert.equal((await there.read()).length, 1)
  await fs.rm(here.path, { recursive: true })
})

test('remove() and close() take the files away, and close() the folders when they are empty then', async () => {
  const { here, there, root } = await setUp()
  await here.write(orders, undefined)
  await there.write({ ...orders, name: 'payments' }, undefined)
  await here.write({ ...orders, name: 'mails' }, undefined)

  await here.remove('orders', 'orders-1')
  await here.remove('orders', 'nobody')
  assert.equal((await there.read()).length, 2)
  await here.close()
  assert.deepEqual(await fs.readdir(there.path), ['payments@orders-1.json'])
  await there.close()

  await assert.rejects(fs.stat(root))
})

async function setUp() {
  const parent = await fs.mkdtemp(join(tmpdir(), 'micro-folder-test-'))
  made.push(parent)
  // Files carry the machine's time, so the clock begins there.
  const clock = testClock({ nowMs: Date.now() })
  const root = join(parent, `root-${randomInt(1000)}`)
  const make = () => registryFolder({ root, project: 'p', host: 'here', clock, random: Math.random, fs })
  return { here: make(), there: make(), root, clock }
}

/** Moves the clock, and waits until the file of `orders` was touched at the new time or before by less than a heartbeat. */
async function beats(clock: TestClock, path: string, ms: number): Promise<void> {
  await clock.advance(ms)
  const file = join(path, 'orders@orders-1.json')
  while (clock.now() - (await fs.stat(file)).mtimeMs > 10_000) await new Promise((resolve) => setImmediate(resolve))
}
