import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MicroError } from '../base/index.js'
import { conformance, testClock } from '../testing/index.js'
import type { ConfigSource, JsonValue } from './config.js'
import { configSuite } from './conformance.js'
import { layeredConfig } from './layered.js'
import { memorySource } from './source/memory.js'

conformance(test, configSuite, { create: () => layeredConfig({ sources: [] }) })

/** Lets promise chains run to their end. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

test('layeredConfig() merges maps, replaces lists and scalars, and knows who said what', async () => {
  const config = await layeredConfig({
    sources: [
      memorySource('file', { database: { host: 'a', ports: [1, 2] }, mode: { deep: 1 } }),
      memorySource('env', { database: { ports: [3] }, mode: 'plain' }),
    ],
  })

  assert.deepEqual(config.get(''), { database: { host: 'a', ports: [3] }, mode: 'plain' })
  assert.equal(config.sourceOf('database'), 'env')
  assert.equal(config.sourceOf('database.host'), 'file')
  assert.equal(config.sourceOf('mode.deep'), undefined)
  await config.close()
})

test('layeredConfig() follows its sources, and tells real changes only', async () => {
  const file = memorySource('file', { a: 1, b: 1 })
  const config = await layeredConfig({ sources: [file, memorySource('env', { b: 2 })] })
  const watch = await config.watch('')

  file.replace({ a: 1, b: 7 })
  await settled()
  file.replace({ a: 5, b: 7 })
  await settled()
  file.replace({ b: 7, a: 5 })
  await settled()
  const changes: unknown[] = []
  for await (const { previous, value, source } of watch) {
    changes.push([previous, value, source])
    await config.close()
  }

  assert.deepEqual(changes, [[{ a: 1, b: 2 }, { a: 5, b: 2 }, 'env']])
})

test('layeredConfig() misses no change that happens while the first tree is read', async () => {
  let tree: JsonValue = { a: 1 }
  let change: (() => void) | undefined
  const source: ConfigSource = {
    name: 'slow',
    async load() {
      const loaded = tree
      if (change !== undefined) {
        tree = { a: 2 }
        change()
        change = undefined
      }
      return loaded
    },
    watch(changed) {
      change = changed
      return () => {}
    },
  }

  const config = await layeredConfig({ sources: [source] })
  await settled()

  assert.equal(config.get('a'), 2)
  await config.close()
})

test('layeredConfig() never puts an older tree in the place of a newer one', async () => {
  const loads: ((tree: JsonValue) => void)[] = []
  let changed = () => {}
  const source: ConfigSource = {
    name: 'slow',
    load: () => new Promise((resolve) => loads.push(resolve)),
    watch(tell) {
      changed = tell
      return () => {}
    },
  }
  const ready = layeredConfig({ sources: [source] })
  loads[0]?.({ version: 1 })
  const config = await ready

  changed()
  changed()
  assert.equal(loads.length, 2, 'the second read waits for the first')
  loads[1]?.({ version: 2 })
  await settled()
  loads[2]?.({ version: 3 })
  await settled()

  assert.equal(config.get('version'), 3)
  await config.close()
})

test('layeredConfig() keeps the last good content of a source whose new content is invalid', async () => {
  const clock = testClock()
  const file = memorySource('file', { a: 1 })
  const told: string[] = []
  const config = await layeredConfig({ sources: [file], clock, onInvalid: (error, source) => told.push(`${source} ${error.reason}`) })

  file.replace([1])
  await settled()
  assert.equal(config.get('a'), 1)
  assert.equal(clock.pending, 0, 'what is wrong is not read again until it changes')
  file.replace({ a: 2 })
  await settled()

  assert.equal(config.get('a'), 2)
  assert.deepEqual(told, ['file CONFIG_INVALID'])
  await config.close()
})

test('layeredConfig() asks a source that is out of reach again, until it answers', async () => {
  const clock = testClock()
  let tree: JsonValue | undefined = { a: 1 }
  let changed = () => {}
  const source: ConfigSource = {
    name: 'remote',
    async load() {
      if (tree === undefined) throw new Error('connect ECONNREFUSED')
      return tree
    },
    watch(tell) {
      changed = tell
      return () => {}
    },
  }
  const reasons: string[] = []
  const config = await layeredConfig({ sources: [source], clock, onInvalid: (error) => reasons.push(`${error.code}/${error.reason}`) })

  tree = undefined
  changed()
  await clock.advance(1000)
  assert.equal(config.get('a'), 1)
  assert.ok(reasons.length >= 2, 'it was asked again')
  assert.deepEqual([...new Set(reasons)], ['unavailable/CONFIG_UNAVAILABLE'])
  tree = { a: 2 }
  await clock.advance(30_000)

  assert.equal(config.get('a'), 2)
  assert.equal(clock.pending, 0)
  await config.close()
})

test('layeredConfig() does not start without its sources, and lets go of the others', async () => {
  let watched = 0
  const good: ConfigSource = {
    name: 'good',
    load: async () => ({}),
    watch() {
      watched++
      return () => void watched--
    },
  }
  const bad: ConfigSource = {
    name: 'bad',
    load: () => Promise.reject(new MicroError('unavailable', 'gone', { reason: 'GONE' })),
  }

  await assert.rejects(layeredConfig({ sources: [good, bad] }), { code: 'unavailable', reason: 'GONE' })
  assert.equal(watched, 0)
})

test('layeredConfig() ends its watches of sources, its reads and its retries on close', async () => {
  const clock = testClock()
  let aborted = false
  let changed = () => {}
  let loads = 0
  const source: ConfigSource = {
    name: 'remote',
    load: (signal) =>
      loads++ === 0
        ? Promise.resolve({})
        : new Promise((_, reject) =>
            signal?.addEventListener('abort', () => {
              aborted = true
              reject(new Error('aborted'))
            }),
          ),
    watch(tell) {
      changed = tell
      return () => void (changed = () => {})
    },
  }
  const config = await layeredConfig({ sources: [source], clock, onInvalid: () => assert.fail('told after close') })

  changed()
  await config.close()
  await settled()
  changed()

  assert.ok(aborted)
  assert.equal(loads, 2)
  assert.equal(clock.pending, 0)
})

test('layeredConfig() refuses two sources of one name', async () => {
  await assert.rejects(layeredConfig({ sources: [memorySource('a', {}), memorySource('a', {})] }), TypeError)
})
