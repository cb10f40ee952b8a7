import assert from 'node:assert/strict'
import { test } from 'node:test'
import { conformance } from '../testing/index.js'
import { configSuite } from './conformance.js'
import { memoryConfig } from './memory.js'
import { memorySource } from './source/memory.js'

conformance(test, configSuite, { create: () => memoryConfig() })

test('memoryConfig() begins with `initial`, which is weaker than all else', async () => {
  const config = await memoryConfig({ initial: { a: 1, b: 1, c: 1 }, sources: [memorySource('file', { b: 2, c: 2 })] })

  await config.set('c', 3)

  assert.deepEqual(config.get(''), { a: 1, b: 2, c: 3 })
  assert.deepEqual(
    ['a', 'b', 'c'].map((path) => config.sourceOf(path)),
    ['initial', 'file', 'memory'],
  )
  await config.close()
})

test('memoryConfig() shows the source again when what was set is deleted', async () => {
  const config = await memoryConfig({ initial: { database: { host: 'a', port: 1 } } })
  await config.set('database', { host: 'b' })
  assert.deepEqual(config.get('database'), { host: 'b', port: 1 })

  assert.equal(await config.delete('database.port'), false)
  assert.equal(await config.delete('database'), true)

  assert.deepEqual(config.get('database'), { host: 'a', port: 1 })
  assert.equal(config.sourceOf('database.host'), 'initial')
  await config.close()
})

test('memoryConfig() gives frozen values', async () => {
  const config = await memoryConfig({ initial: { list: [{ a: 1 }] } })
  await config.set('map.b', 1)

  const list = config.get('list') as { a: number }[]
  assert.throws(() => list.push({ a: 2 }), TypeError)
  assert.throws(() => Object.assign(list[0] as object, { a: 2 }), TypeError)
  assert.ok(Object.isFrozen(config.get('')) && Object.isFrozen(config.get('map')))
  await config.close()
})

test('memoryConfig() refuses an initial value that is no map', async () => {
  await assert.rejects(memoryConfig({ initial: [1] }), { code: 'failed_precondition', reason: 'CONFIG_INVALID' })
})
