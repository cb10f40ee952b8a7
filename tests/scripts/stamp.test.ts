import assert from 'node:assert/strict'
import { mkdtemp, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

type Stamp = {
  writeStamp: (stamp: string, files: string[], options?: { also?: string }) => void
  isFresh: (stamp: string, options?: { also?: string }) => boolean
}
const { writeStamp, isFresh } = (await import(new URL('../../scripts/stamp.mjs', import.meta.url).href)) as Stamp
const root = fileURLToPath(new URL('../..', import.meta.url))

async function stamped(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'micro-stamp-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'a.ts')
  const stamp = join(folder, 'stamp.json')
  await writeFile(file, 'const a = 1\n')
  writeStamp(stamp, [relative(root, file)], { also: 'main' })
  return { file, fresh: (also = 'main') => isFresh(stamp, { also }), stamp }
}

test('isFresh() holds while the files and what else decides are the same', async (t) => {
  const { fresh } = await stamped(t)

  assert.equal(fresh(), true)
  assert.equal(fresh('main,watchdog'), false)
})

test('isFresh() looks at the content when only the time differs', async (t) => {
  const { file, fresh } = await stamped(t)
  await utimes(file, 1, 1)

  assert.equal(fresh(), true)
})

test('isFresh() sees a change of the same size, and a file that is gone', async (t) => {
  const { file, fresh } = await stamped(t)
  await writeFile(file, 'const a = 2\n')
  await utimes(file, 1, 1)

  assert.equal(fresh(), false)
  await rm(file)
  assert.equal(fresh(), false)
})

test('isFresh() does not trust a stamp that is cut off', async (t) => {
  const { fresh, stamp } = await stamped(t)
  assert.ok((await stat(stamp)).size > 0)
  await writeFile(stamp, '{"also":"ma')

  assert.equal(fresh(), false)
})
