import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import { MicroError } from '@microts/core/base'
import type { Store } from '@microts/core/store'
import { fileStore, type FileStoreOptions } from './file-store.js'
import { headerBytes } from './segment.js'
import { failure, simulatedDisk, type SimulatedDisk } from './testing/simulated-disk.js'

const bytes = (text: string) => new TextEncoder().encode(text)
const segment = '0000000001.log'
const values = new Map([
  ['a', 'first'],
  ['b', 'second, a little longer'],
  ['c', ''],
  ['é', '3'],
])

interface Opened {
  readonly store: Store
  readonly warnings: string[]
}

async function open(disk: SimulatedDisk, options: Partial<FileStoreOptions> = {}): Promise<Opened> {
  const warnings: string[] = []
  const warn = (message: string) => warnings.push(message)
  return { store: await fileStore({ folder: '/simulated', cacheBytes: 0, files: disk.files, warn, ...options }), warnings }
}

/** A log with `values`, each in a group of its own, and one that was deleted. */
async function written({ isClosed }: { readonly isClosed: boolean }): Promise<Buffer> {
  const disk = simulatedDisk()
  const { store } = await open(disk)
  await store.put('gone', bytes('gone'))
  for (const [key, value] of values) await store.put(key, bytes(value), { metadata: { of: key } })
  await store.delete('gone')
  if (isClosed) await store.close()
  return disk.contents().get(segment) as Buffer
}

const diskWith = (log: Buffer) => simulatedDisk(new Map([[segment, log]]))

/** What the store has: a value, or the reason why it cannot be read. */
async function contentOf(store: Store): Promise<Map<string, string>> {
  const content = new Map<string, string>()
  for await (const key of store.list()) {
    const value = await store.get(key).then(
      (record) => new TextDecoder().decode(record?.value),
      (error: unknown) => (MicroError.is(error) ? error.reason : String(error)),
    )
    content.set(key, value)
  }
  return content
}

test('fileStore() opens a log that was cut off at any byte, with a prefix of what was put', async () => {
  const log = await written({ isClosed: false })
  const prefixes = new Set<string>()
  for (let length = headerBytes; length <= log.length; length++) {
    const { store, warnings } = await open(diskWith(log.subarray(0, length)))
    const keys = [...(await contentOf(store))]

    for (const [key, value] of keys) assert.equal(value, key === 'gone' ? 'gone' : values.get(key))
    assert.deepEqual(
      keys.map(([key]) => key).filter((key) => key !== 'gone'),
      [...values.keys()].slice(0, keys.filter(([key]) => key !== 'gone').length),
    )
    prefixes.add(JSON.stringify(keys))
    await store.close()
    const { store: again, warnings: none } = await open(diskWith(log.subarray(0, length)))
    assert.deepEqual(none, warnings)
    await again.close()
  }
  assert.equal(prefixes.size, 7, 'none, five puts and the delete')
})

test('fileStore() says what it cut off, and where', async () => {
  const log = await written({ isClosed: false })
  const data: unknown[] = []
  const store = await fileStore({
    folder: '/simulated',
    files: diskWith(log.subarray(0, log.length - 3)).files,
    warn: (_message, details) => data.push(details),
  })

  const found = data[0] as { file: string; offset: number; bytes: number }
  assert.equal(data.length, 1)
  assert.equal(found.file, `/simulated/${segment}`)
  assert.equal(found.offset + found.bytes, log.length - 3)
  await store.close()
})

test('fileStore() refuses a log that ends within its header', async () => {
  const log = await written({ isClosed: true })
  for (let length = 0; length < headerBytes; length++) {
    await assert.rejects(open(diskWith(log.subarray(0, length))), { code: 'data_loss', reason: 'LOG_CORRUPT' })
  }
})

test('fileStore() never gives a wrong value and never misses a key in silence, whichever bit of a closed log has flipped', async () => {
  const log = await written({ isClosed: true })
  const goneAt = log.lastIndexOf('gone', log.indexOf('first'))
  const outcomes = { refused: 0, corrupt: 0, warned: 0 }
  for (let at = 0; at < log.length; at++) {
    for (const bit of [at % 8, (at * 5 + 3) % 8]) {
      const damaged = Buffer.from(log)
      damaged[at] = (damaged[at] as number) ^ (1 << bit)
      const opened = await open(diskWith(damaged)).catch((error: unknown) => {
        assert.ok(MicroError.is(error) && error.code === 'data_loss', String(error))
        return undefined
      })
      if (opened === undefined) {
        outcomes.refused++
        continue
      }
      const content = await contentOf(opened.store)
      assert.deepEqual([...content.keys()], [...values.keys()], `byte ${at}`)
      for (const [key, value] of content) if (value !== values.get(key)) assert.equal(value, 'RECORD_CORRUPT', `byte ${at}`)
      // What stood in a record that was deleted is missed by nobody.
      if (at >= goneAt && at < goneAt + 4) continue
      const isHurt = [...content.values()].includes('RECORD_CORRUPT')
      // What is neither refused nor hurt is the mark at the end, without which nothing is missing.
      assert.ok(isHurt || opened.warnings.length === 1, `byte ${at} was passed over`)
      if (isHurt) outcomes.corrupt++
      else outcomes.warned++
      await opened.store.close()
    }
  }
  assert.ok(outcomes.refused > 500 && outcomes.corrupt > 30 && outcomes.warned > 50, JSON.stringify(outcomes))
})

test('fileStore() with a damaged value still serves the others, and takes a new one in its place', async () => {
  const disk = diskWith(await written({ isClosed: true }))
  flipIn(disk, 'second')
  const { store } = await open(disk)

  await assert.rejects(store.get('b'), { code: 'data_loss', reason: 'RECORD_CORRUPT' })
  assert.equal((await store.get('a'))?.value.byteLength, 5)
  await store.put('b', bytes('anew'))
  assert.deepEqual(await contentOf(store), new Map([...values, ['b', 'anew']]))
  await store.close()

  const { store: again } = await open(disk)
  assert.deepEqual(await contentOf(again), new Map([...values, ['b', 'anew']]))
  await again.close()
})

test('fileStore() notices a value that is damaged while it is open', async () => {
  const disk = diskWith(await written({ isClosed: true }))
  const { store } = await open(disk)
  flipIn(disk, 'second')

  await assert.rejects(store.get('b'), { code: 'data_loss', reason: 'RECORD_CORRUPT' })
  await store.close()
})

test('fileStore() does not compact away a value that is damaged', async () => {
  const disk = diskWith(await written({ isClosed: true }))
  flipIn(disk, 'second')
  const { store, warnings } = await open(disk, { minGarbageBytes: 500, maxSegmentBytes: 500 })
  for (let i = 0; i < 50; i++) await store.put('a', bytes(`number ${i}`))
  await store.close()

  assert.ok(warnings.length >= 1, 'compaction gave up')
  const { store: again } = await open(disk)
  await assert.rejects(again.get('b'), { code: 'data_loss', reason: 'RECORD_CORRUPT' })
  assert.equal(new TextDecoder().decode((await again.get('a'))?.value), 'number 49')
  await again.close()
})

test('fileStore() refuses a log of which a file is missing', async () => {
  const disk = simulatedDisk()
  const { store } = await open(disk, { maxSegmentBytes: 300 })
  for (let i = 0; i < 12; i++) await store.put(`key ${i}`, bytes('x'.repeat(100)))
  await store.close()
  const names = [...disk.contents().keys()].sort()
  assert.ok(names.length >= 4, names.join(' '))

  for (const missing of names.slice(0, -1)) {
    const left = disk.contents()
    left.delete(missing)
    await assert.rejects(open(simulatedDisk(left)), { code: 'data_loss', reason: 'LOG_CORRUPT' }, missing)
  }
})

test('fileStore() refuses a compacted log that has lost what came after', async () => {
  const disk = simulatedDisk()
  const { store } = await open(disk, { maxSegmentBytes: 300, minGarbageBytes: 600 })
  for (let i = 0; i < 30; i++) await store.put('a', bytes('x'.repeat(100)))
  await store.close()
  const left = disk.contents()
  const base = [...left.keys()].sort()[0] as string
  assert.notEqual(base, segment)

  await assert.rejects(open(simulatedDisk(new Map([[base, left.get(base) as Buffer]]))), { code: 'data_loss', reason: 'LOG_CORRUPT' })
})

test('fileStore() refuses a log of a later version, and one that was renamed', async () => {
  const log = Buffer.from(await written({ isClosed: true }))
  await assert.rejects(open(simulatedDisk(new Map([['0000000002.log', log]]))), { code: 'data_loss', reason: 'LOG_CORRUPT' })

  log.writeUInt32LE(2, 8)
  log.writeUInt32LE(crc32(log.subarray(0, 28)), 28)
  await assert.rejects(open(diskWith(log)), { code: 'failed_precondition', reason: 'LOG_VERSION_UNKNOWN' })
})

test('fileStore() takes no value for a record, though it is the image of a log', async () => {
  const disk = simulatedDisk()
  const { store } = await open(disk)
  await store.put('image', await written({ isClosed: false }))
  const log = disk.contents().get(segment) as Buffer

  // All of its records lie behind the cut, and none of them may count.
  const { store: again } = await open(diskWith(log.subarray(0, log.length - 1)))
  assert.deepEqual(await contentOf(again), new Map())
  await again.close()
})

test('put() on a full disk is refused, reads go on, and it works again when there is room', async () => {
  const disk = simulatedDisk()
  const { store } = await open(disk, { maxSegmentBytes: 1000 })
  await store.put('before', bytes('1'))
  // Room for a part of it: that part must not stay.
  disk.capacityBytes = 400

  for (let i = 0; i < 3; i++) {
    await assert.rejects(store.put('large', new Uint8Array(5000)), { code: 'resource_exhausted', reason: 'DISK_FULL' })
  }
  assert.equal(new TextDecoder().decode((await store.get('before'))?.value), '1')
  await store.put('small', bytes('fits'))
  disk.capacityBytes = Infinity
  await store.put('large', new Uint8Array(5000))
  await store.put('after', bytes('2'))

  const { store: again, warnings } = await open(disk.afterKill())
  assert.deepEqual(warnings, [])
  assert.deepEqual([...(await contentOf(again)).keys()], ['after', 'before', 'large', 'small'])
  await again.close()
  await store.close()
})

test('put() goes on in a file that is full when the disk has no room for another one', async () => {
  const disk = simulatedDisk()
  const { store, warnings } = await open(disk, { maxSegmentBytes: 200, minGarbageBytes: 400 })
  disk.onOperation = (operation) => (operation === 'create' ? failure('ENOSPC') : undefined)
  for (let i = 0; i < 20; i++) await store.put('a', bytes(`number ${i}`))
  assert.equal(disk.contents().size, 1)
  assert.ok(warnings.length >= 1, 'compaction could not begin')

  disk.onOperation = () => undefined
  for (let i = 20; i < 60; i++) await store.put('a', bytes(`number ${i}`))
  await store.close()

  const { store: again } = await open(disk)
  assert.deepEqual(await contentOf(again), new Map([['a', 'number 59']]))
  await again.close()
})

test('put() acknowledges nothing any more once a sync has failed, and does not ask the disk again', async () => {
  const disk = simulatedDisk()
  const { store } = await open(disk)
  await store.put('a', bytes('1'))
  let operations = 0
  let hasFailed = false
  disk.onOperation = (operation) => {
    operations++
    if (operation !== 'sync' || hasFailed) return undefined
    hasFailed = true
    return failure('EIO')
  }

  const outcomes = await Promise.allSettled([store.put('a', bytes('2')), store.put('b', bytes('3'))])
  operations = 0
  const later = await Promise.allSettled([store.put('c', bytes('4')), store.delete('a')])

  const reasons = [...outcomes, ...later].map((outcome) => (outcome.status === 'rejected' ? (outcome.reason as MicroError).reason : 'done'))
  assert.deepEqual(reasons, Array(4).fill('STORE_FAILED'))
  await store.close()
  assert.equal(operations, 0)
})

test('get() still serves what was acknowledged when a sync has failed', async () => {
  const disk = simulatedDisk()
  const { store } = await open(disk)
  await store.put('a', bytes('1'))
  disk.onOperation = (operation) => (operation === 'sync' ? failure('EIO') : undefined)

  await assert.rejects(store.put('a', bytes('2')), { code: 'unavailable', reason: 'STORE_FAILED' })
  assert.equal(new TextDecoder().decode((await store.get('a'))?.value), '1')
  await store.close()
})

test('put() acknowledges nothing any more once a write has failed', async () => {
  const disk = simulatedDisk()
  const { store } = await open(disk)
  disk.onOperation = (operation) => (operation === 'write' ? failure('EIO') : undefined)

  await assert.rejects(store.put('a', bytes('1')), { code: 'unavailable', reason: 'STORE_FAILED' })
  disk.onOperation = () => undefined
  await assert.rejects(store.put('a', bytes('1')), { code: 'unavailable', reason: 'STORE_FAILED' })
  await store.close()
})

test('get() of a value that the disk cannot read fails, and works again when it can', async () => {
  const disk = diskWith(await written({ isClosed: true }))
  const { store } = await open(disk)
  disk.onOperation = (operation) => (operation === 'read' ? failure('EIO') : undefined)

  await assert.rejects(store.get('a'), { code: 'data_loss', reason: 'RECORD_CORRUPT' })
  disk.onOperation = () => undefined
  assert.equal((await store.get('a'))?.value.byteLength, 5)
  await store.close()
})

function flipIn(disk: SimulatedDisk, value: string): void {
  const log = disk.contents().get(segment) as Buffer
  const at = log.indexOf(value)
  assert.ok(at > 0, `${value} is not in the log`)
  log[at] = (log[at] as number) ^ 1
}
