import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { storeSuite } from '@microts/core/store/conformance'
import { conformance } from '@microts/core/testing'
import { jsonStore } from './json-store.js'

let folder: string
let files = 0
before(async () => void (folder = await mkdtemp(join(tmpdir(), 'store-json-'))))
after(() => rm(folder, { recursive: true }))

const newFile = () => join(folder, `${files++}`, 'store.json')
const open = (file: string) => jsonStore({ file, maxValueBytes: 1_048_576 })
const bytes = (text: string) => new TextEncoder().encode(text)

// All that a store has to do, case by case. A feature that is not claimed must be refused.
conformance(test, storeSuite, { create: () => open(newFile()) })

test('jsonStore() has all again when it is opened anew, bytes and texts alike', async () => {
  const file = newFile()
  const first = await open(file)
  await first.put('text', bytes('\ufefftea ☕'), { metadata: { cups: 2 } })
  await first.put('bytes', Uint8Array.of(0, 255, 128), { database: 'shop', table: 'orders' })
  await first.put('gone', bytes('milk'))
  await first.delete('gone')
  await first.close()

  const second = await open(file)

  assert.deepEqual(await second.get('text'), { key: 'text', value: bytes('\ufefftea ☕'), metadata: { cups: 2 } })
  assert.deepEqual((await second.get('bytes', { database: 'shop', table: 'orders' }))?.value, Uint8Array.of(0, 255, 128))
  assert.equal(await second.get('gone'), undefined)
  await second.close()
})

test('jsonStore() writes a file that people can read', async () => {
  const file = newFile()
  const store = await open(file)

  await store.put('orders/1', bytes('{"item":"tea"}'))
  await store.close()

  assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), { 'micro/micro': { 'orders/1': { text: '{"item":"tea"}' } } })
})

test('jsonStore() does not write over what somebody else has changed', async () => {
  const file = newFile()
  const [one, other] = [await open(file), await open(file)]
  await one.put('a', bytes('1'))

  await assert.rejects(other.put('b', bytes('2')), { code: 'aborted', reason: 'FILE_CHANGED' })

  assert.match(await readFile(file, 'utf8'), /"a"/)
})

test('jsonStore() refuses a file that is no store, and leaves it as it is', async () => {
  for (const text of ['{', '[1]', 'null', '{"micro/micro":{"a":{}}}']) {
    const file = join(folder, `${files++}.json`)
    await writeFile(file, text)

    await assert.rejects(open(file), { code: 'data_loss', reason: 'FILE_CORRUPT' })
    assert.equal(await readFile(file, 'utf8'), text)
  }
})

test('jsonStore() tells of a disk that fails, and goes on when it works again', async () => {
  const file = newFile()
  const store = await open(file)
  await writeFile(join(folder, `${files - 1}`), 'a file where the folder should be')

  await assert.rejects(store.put('a', bytes('1')), { code: 'unavailable', reason: 'FILE_UNUSABLE' })
  await rm(join(folder, `${files - 1}`))
  await store.put('b', bytes('2'))

  assert.match(await readFile(file, 'utf8'), /"b"/)
})
