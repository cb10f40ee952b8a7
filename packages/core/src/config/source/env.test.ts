import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { envSource } from './env.js'

const load = (env: Record<string, string | undefined>, prefix?: string) => envSource(env, prefix === undefined ? {} : { prefix }).load()

test('envSource() takes the variables with its prefix, and nothing else', async () => {
  assert.deepEqual(await load({ MICRO_NAME: 'a', PATH: '/bin', MICROX: 'b', MICRO_GONE: undefined }), { name: 'a' })
  assert.deepEqual(await load({ SHOP_A: 'x', MICRO_A: 'y' }, 'SHOP_'), { a: 'x' })
  assert.deepEqual(await load({}), {})
})

test('envSource() divides steps at "__" and makes capitals camelCase', async () => {
  const tree = await load({ MICRO_DATABASE__POOL_SIZE: 'x', MICRO_DATABASE__read_only: 'y', MICRO_HTTP2_PORT: 'z', MICRO_maxBytes: 'w' })

  assert.deepEqual(tree, { database: { poolSize: 'x', read_only: 'y' }, http2Port: 'z', maxBytes: 'w' })
})

test('envSource() keeps both of MICRO_BROKER and MICRO_BROKER_ADDRESS', async () => {
  assert.deepEqual(await load({ MICRO_BROKER: 'nats', MICRO_BROKER_ADDRESS: 'nats://127.0.0.1:4222' }), {
    broker: 'nats',
    brokerAddress: 'nats://127.0.0.1:4222',
  })
})

test('envSource() keeps a variable whose path is the beginning of another, in either order', async () => {
  const wanted = { database: { _: 'postgres', host: 'a', pool: { _: 5, max: 9 } } }
  const env = { MICRO_DATABASE: 'postgres', MICRO_DATABASE__HOST: 'a', MICRO_DATABASE__POOL: '5', MICRO_DATABASE__POOL__MAX: '9' }

  assert.deepEqual(await load(env), wanted)
  assert.deepEqual(await load(Object.fromEntries(Object.entries(env).reverse())), wanted)
})

test('envSource() spreads a JSON map over its place', async () => {
  const tree = await load({
    MICRO_DATABASE: '{"host":"a","port":5}',
    MICRO_DATABASE__NAME: 'shop',
    MICRO_LIST: '[1,"2"]',
    MICRO_EMPTY: '{}',
    MICRO_EMPTY__A: '1',
  })

  assert.deepEqual(tree, { database: { host: 'a', port: 5, name: 'shop' }, list: [1, '2'], empty: { a: 1 } })
})

test('envSource() refuses two variables that mean one setting, and an empty step', async () => {
  const invalid = { code: 'failed_precondition', reason: 'CONFIG_INVALID' }
  await assert.rejects(load({ MICRO_POOL_SIZE: '1', MICRO_poolSize: '2' }), invalid)
  await assert.rejects(load({ MICRO_DATABASE: '{"host":"a"}', MICRO_DATABASE__HOST: 'b' }), invalid)
  await assert.rejects(load({ MICRO_DATABASE: 'a', MICRO_DATABASE__HOST: 'b', MICRO_DATABASE___: 'c' }), invalid)
  await assert.rejects(load({ MICRO_: 'a' }), invalid)
  await assert.rejects(load({ MICRO_A____B: 'a' }), invalid)
})

test('envSource() cannot be led to a prototype', async () => {
  await assert.rejects(load({ MICRO___proto____polluted: '1' }), { reason: 'CONFIG_INVALID' })
  assert.deepEqual(await load({ MICRO_CONSTRUCTOR__PROTOTYPE: '1' }), { constructor: { prototype: 1 } })
  assert.deepEqual(await load({ MICRO_A: '{"__proto__":{"polluted":1}}' }), { a: '{"__proto__":{"polluted":1}}' })
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined)
})

test('envSource() loses no value, whatever the names', async () => {
  const name = fc.array(fc.constantFrom('A', 'B', 'C'), { minLength: 1, maxLength: 4 }).map((steps) => `MICRO_${steps.join('__')}`)
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(name, { maxLength: 8 }), async (names) => {
      const leaves: unknown[] = []
      const collect = (value: unknown) => (typeof value === 'string' ? leaves.push(value) : Object.values(value as object).forEach(collect))
      collect(await load(Object.fromEntries(names.map((variable) => [variable, `value of ${variable}`]))))
      assert.deepEqual(leaves.sort(), names.map((variable) => `value of ${variable}`).sort())
    }),
  )
})

test('envSource() refuses an empty prefix', () => {
  assert.throws(() => envSource({}, { prefix: '' }), TypeError)
})
