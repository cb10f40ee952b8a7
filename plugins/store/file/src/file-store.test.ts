import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Store } from '@microts/core/store'
import { storeSuite } from '@microts/core/store/conformance'
import { conformance, testClock, type TestClock } from '@microts/core/testing'
import plugin, { fileStore, type FileStoreOptions } from './index.js'

const root = mkdtempSync(join(tmpdir(), 'store-file-'))
after(() => rmSync(root, { recursive: true }))
let folders = 0
const newFolder = () => join(root, String(folders++))
const bytes = (text: string) => new TextEncoder().encode(text)
const text = async (store: Store, key: string) => {
  const record = await store.get(key)
  return record === undefined ? undefined : new TextDecoder().decode(record.value)
}
const noWarning = (message: string) => assert.fail(`warned: ${message}`)
const open = (folder: string, options: Partial<FileStoreOptions> = {}) => fileStore({ folder, warn: noWarning, ...options })
const listed = async (store: Store) => {
  const keys: string[] = []
  for await (const key of store.list()) keys.push(key)
  return keys
}

const clocks = new WeakMap<Store, TestClock>()

for (const cacheBytes of [0, 1_000_000]) {
  conformance((name, run) => test(`cache of ${cacheBytes}: ${name}`, run), storeSuite, {
    async create() {
      const clock = testClock()
      const store = await open(newFolder(), { clock, cacheBytes, minGarbageBytes: 10_000, maxSegmentBytes: 100_000 })
      clocks.set(store, clock)
      return store
    },
    advance: (ms, store) => (clocks.get(store) as TestClock).advance(ms),
  })
}

test('fileStore() gives all back after it was closed and opened again', async () => {
  const folder = newFolder()
  const first = await open(folder)
  await first.put('a', bytes('1'), { metadata: { type: 'x' } })
  await first.put('gone', bytes('2'))
  await first.put('é💾', bytes(''), { database: 'shop', table: 'orders' })
  await first.delete('gone')
  await first.put('a', bytes('3'), { metadata: { type: 'y' } })
  await first.close()

  const second = await open(folder)
  const record = await second.get('a')
  assert.equal(await text(second, 'a'), '3')
  assert.deepEqual(record?.metadata, { type: 'y' })
  assert.equal(await second.get('gone'), undefined)
  assert.equal((await second.get('é💾', { database: 'shop', table: 'orders' }))?.value.byteLength, 0)
  await second.close()
})

test('fileStore() keeps its folder and files for their owner alone', async () => {
  const folder = join(newFolder(), 'deep', 'er')
  const store = await open(folder)

  assert.equal(statSync(folder).mode & 0o777, 0o700)
  for (const name of readdirSync(folder).filter((name) => name.endsWith('.log'))) {
    assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600)
  }
  await store.close()
  assert.deepEqual(readdirSync(folder), ['0000000001.log'])
})

test('fileStore() counts the time between two runs by the wall clock', async () => {
  const folder = newFolder()
  const clock = testClock()
  const first = await open(folder, { clock })
  await first.put('short', bytes('1'), { ttlMs: 10_000 })
  await first.put('long', bytes('2'), { ttlMs: 60_000 })
  await first.close()

  const later = testClock({ nowMs: clock.now() + 30_000 })
  const second = await open(folder, { clock: later })
  assert.equal(await second.get('short'), undefined)
  assert.equal(await text(second, 'long'), '2')
  await later.advance(29_000)
  assert.equal(await text(second, 'long'), '2')
  await later.advance(1001)
  assert.equal(await second.get('long'), undefined)
  await second.close()
})

test('fileStore() neither ends nor prolongs a record when the wall clock jumps while it is open', async () => {
  const clock = testClock()
  const store = await open(newFolder(), { clock })
  await store.put('a', bytes('1'), { ttlMs: 10_000 })

  clock.jump(3_600_000)
  await clock.advance(9000)
  assert.equal(await text(store, 'a'), '1')
  clock.jump(-7_200_000)
  await clock.advance(2000)
  assert.equal(await store.get('a'), undefined)
  await store.close()
})

test('fileStore() with a wall clock that was set back prolongs a record by no more than its time, and revives none', async () => {
  const folder = newFolder()
  const clock = testClock()
  const first = await open(folder, { clock })
  await first.put('ended', bytes('1'), { ttlMs: 1000 })
  await first.put('long', bytes('2'), { ttlMs: 60_000 })
  await clock.advance(5000)
  await first.close()

  const earlier = testClock({ nowMs: clock.now() - 86_400_000 })
  const second = await open(folder, { clock: earlier })
  assert.equal(await second.get('ended'), undefined)
  assert.equal(await text(second, 'long'), '2')
  await earlier.advance(60_001)
  assert.equal(await second.get('long'), undefined)
  await second.close()
})

test('fileStore() does not take the end of a record for that of one that was put since', async () => {
  const folder = newFolder()
  const clock = testClock()
  const first = await open(folder, { clock })
  await first.put('a', bytes('1'), { ttlMs: 1000 })
  const putting = first.put('a', bytes('2'), { ttlMs: 90_000 })
  await clock.advance(3000)
  await putting
  await first.close()

  const second = await open(folder, { clock })
  assert.equal(await text(second, 'a'), '2')
  await second.close()
})

test('fileStore() refuses a folder that is open already, and names the process', async () => {
  const folder = newFolder()
  const store = await open(folder)

  await assert.rejects(open(folder), { code: 'failed_precondition', reason: 'STORE_LOCKED', details: { folder, pid: process.pid } })
  await store.close()
  await (await open(folder)).close()
})

test('fileStore() refuses a folder that it cannot use', async () => {
  const file = join(import.meta.dirname, 'file-store.test.ts')

  await assert.rejects(open(file), { code: 'failed_precondition', reason: 'FOLDER_UNUSABLE' })
})

test('fileStore() compacts what is replaced over and over, and loses nothing', async () => {
  const folder = newFolder()
  const limits = { maxSegmentBytes: 64_000, minGarbageBytes: 32_000 }
  const store = await open(folder, limits)
  for (let round = 0; round < 60; round++) {
    await Promise.all(
      Array.from({ length: 40 }, (_, index) => store.put(`key ${index}`, bytes(`${round} `.repeat(50)), { metadata: { round } })),
    )
    if (round % 10 === 0) await store.delete(`key ${round / 10}`)
  }
  await store.delete('key 39')
  await store.close()

  const written = readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
  assert.ok(written < 400_000, `${written} bytes are left`)
  const second = await open(folder, limits)
  assert.equal((await listed(second)).length, 39)
  for (let index = 0; index < 39; index++) assert.equal(await text(second, `key ${index}`), '59 '.repeat(50))
  assert.deepEqual((await second.get('key 7'))?.metadata, { round: 59 })
  await second.close()
})

test('fileStore() serves reads that go on while the log is compacted under them', async () => {
  const store = await open(newFolder(), { cacheBytes: 0, maxSegmentBytes: 20_000, minGarbageBytes: 10_000 })
  for (let index = 0; index < 20; index++) await store.put(`stays ${index}`, bytes(`value ${index}`))

  let isDone = false
  const reading = (async () => {
    while (!isDone) {
      const records = await Promise.all(Array.from({ length: 20 }, (_, index) => text(store, `stays ${index}`)))
      records.forEach((value, index) => assert.equal(value, `value ${index}`))
    }
  })()
  for (let round = 0; round < 200; round++) await store.put('changes', new Uint8Array(2000).fill(round))
  isDone = true
  await reading
  await store.close()
})

test('fileStore() takes back a put whose signal aborts before it is written', async () => {
  const store = await open(newFolder())
  const controller = new AbortController()
  const putting = store.put('a', bytes('1'), { signal: controller.signal })
  controller.abort()

  await assert.rejects(putting, { code: 'canceled', reason: 'CANCELED' })
  await store.put('b', bytes('2'))
  assert.deepEqual(await listed(store), ['b'])
  await store.close()
})

test('create() of the plugin keeps the records in the folder of the service, unless told otherwise', async () => {
  const [dataFolder, folder] = [newFolder(), newFolder()]
  const context = {
    address: undefined,
    clock: testClock(),
    random: Math.random,
    service: 'orders',
    project: '0'.repeat(64),
    dataFolder,
    warn: noWarning,
  }
  for (const [options, used] of [
    [{}, dataFolder],
    [{ folder }, folder],
  ] as const) {
    const store = await plugin.create(options, context)
    await store.put('a', bytes('1'))
    await store.close()
    assert.deepEqual(readdirSync(used), ['0000000001.log'])
  }
})
