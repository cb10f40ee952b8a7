import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { layeredConfig } from '../layered.js'
import { jsonSource } from './json.js'

test('jsonSource() reads a file, again after each change, and keeps the last good content', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'micro-config-'))
  const file = join(folder, 'config.json')
  await writeFile(file, '{ "database": { "host": "a" } }')
  let changed = () => {}
  const places: unknown[] = []
  const config = await layeredConfig({
    sources: [
      jsonSource({
        name: file,
        read: () => readFile(file, 'utf8'),
        watch(tell) {
          changed = tell
          return () => {}
        },
      }),
    ],
    onInvalid: (error) => {
      places.push(error.place)
      void writeFile(file, '{ "database": { "host": "b" } }').then(() => changed())
    },
  })
  const watch = await config.watch('database.host')

  await writeFile(file, '{\n  "database": {\n')
  changed()
  for await (const { previous, value, source } of watch) {
    assert.deepEqual([previous, value, source], ['a', 'b', file])
    break
  }

  assert.deepEqual(places, [{ file, line: 3, column: 1 }])
  await config.close()
  await rm(folder, { recursive: true })
})

test('jsonSource() without a text is empty, and an empty text is refused', async () => {
  assert.deepEqual(await jsonSource({ name: 'f', read: () => undefined }).load(), {})
  await assert.rejects(jsonSource({ name: 'f', read: () => '' }).load(), {
    reason: 'CONFIG_INVALID',
    place: { file: 'f', line: 1, column: 1 },
  })
})

test('jsonSource() that cannot be read is out of reach', async () => {
  const source = jsonSource({ name: 'gone.json', read: () => readFile('/nowhere/gone.json', 'utf8') })

  await assert.rejects(layeredConfig({ sources: [source] }), { code: 'unavailable', reason: 'CONFIG_UNAVAILABLE' })
})
