import assert from 'node:assert/strict'
import { test } from 'node:test'
import { watchSource, type Watch } from './watch.js'

const readAll = async <T>(watch: Watch<T>): Promise<T[]> => {
  const seen: T[] = []
  for await (const change of watch) seen.push(change)
  return seen
}

test('watchSource() gives what was pushed before and while it was read, in order', async () => {
  const source = watchSource<number>({ what: 'numbers' })
  source.push(1)
  const reading = readAll(source.watch)
  source.push(2)
  await new Promise((resolve) => setImmediate(resolve))
  source.push(3)
  source.end()

  assert.deepEqual(await reading, [1, 2, 3])
})

test('watchSource() ends the loop when the watch is closed while it waits', async () => {
  let ended = 0
  const source = watchSource<number>({ what: 'numbers', onEnd: () => ended++ })
  const reading = readAll(source.watch)

  await source.watch.close()
  await source.watch.close()

  assert.deepEqual(await reading, [])
  assert.equal(ended, 1)
})

test('watchSource() ends quietly when the signal aborts, also before the first read', async () => {
  const controller = new AbortController()
  const waiting = watchSource<number>({ what: 'numbers', signal: controller.signal })
  const reading = readAll(waiting.watch)

  controller.abort()
  const late = watchSource<number>({ what: 'numbers', signal: controller.signal })

  assert.deepEqual(await reading, [])
  assert.deepEqual(await readAll(late.watch), [])
})

test('watchSource() tells its writer when the reader leaves the loop', async () => {
  let ended = false
  const source = watchSource<number>({ what: 'numbers', onEnd: () => (ended = true) })
  source.push(1)
  source.push(2)

  for await (const change of source.watch) if (change === 1) break

  assert.equal(ended, true)
})

test('watchSource() fails a reader that is too far behind, after what it could keep', async () => {
  const source = watchSource<number>({ what: 'numbers', maxBuffered: 2 })
  for (const change of [1, 2, 3, 4]) source.push(change)
  const seen: number[] = []

  const reading = (async () => {
    for await (const change of source.watch) seen.push(change)
  })()

  await assert.rejects(reading, { code: 'resource_exhausted', reason: 'WATCH_OVERFLOW' })
  assert.deepEqual(seen, [1, 2])
})
