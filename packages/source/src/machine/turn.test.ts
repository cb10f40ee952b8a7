import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { isRunning, markOfThisProcess } from './process-mark.js'
import { takeTurn } from './turn.js'

function folderFor(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'micro-turn-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'turns')
}

test('takeTurn() lets one caller in at a time, each of many', async (context) => {
  const folder = folderFor(context)
  let inside = 0
  let most = 0
  let count = 0

  await Promise.all(
    Array.from({ length: 12 }, async () => {
      const leave = await takeTurn(folder)
      most = Math.max(most, ++inside)
      await new Promise((resolve) => setImmediate(resolve))
      count++
      inside--
      await leave()
    }),
  )

  assert.deepEqual([most, count, readdirSync(folder)], [1, 12, []])
})

test('takeTurn() passes over those who died, whatever they held', async (context) => {
  const folder = folderFor(context)
  const dead = markOfThisProcess().replace(/^(\d+)\.\d+/, '$1.1')
  mkdirSync(folder)
  for (const name of [`1-${dead}.x`, `choosing-${dead}.y`, '2-999999999.5.elsewhere-0.z']) writeFileSync(join(folder, name), '')
  const longAgo = new Date(Date.now() - 24 * 3_600_000)
  utimesSync(join(folder, '2-999999999.5.elsewhere-0.z'), longAgo, longAgo)

  const leave = await takeTurn(folder)

  assert.equal(readdirSync(folder).length, 1)
  await leave()
})

test('takeTurn() stops waiting when its signal aborts, and leaves no ticket', async (context) => {
  const folder = folderFor(context)
  const leave = await takeTurn(folder)
  const controller = new AbortController()
  const waiting = takeTurn(folder, { signal: controller.signal })
  controller.abort(new Error('enough'))

  await assert.rejects(waiting, /enough/)
  await leave()

  assert.deepEqual(readdirSync(folder), [])
})

test('isRunning() knows this process, one that has its number no more, and none of another machine', () => {
  const mark = markOfThisProcess()

  assert.equal(isRunning(mark), true)
  assert.equal(isRunning(mark.replace(/^(\d+)\.\d+/, '$1.1')), false)
  assert.equal(isRunning('1.1.elsewhere-0'), undefined)
})
