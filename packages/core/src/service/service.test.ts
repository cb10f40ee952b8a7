import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endpoint } from './definition.js'
import { createService } from './service.js'

const hi = endpoint({}, () => 'hi')

for (const name of ['orders', 'a', 'shop.orders', 'o2-blue.v1', 'a'.repeat(63)]) {
  test(`createService() takes the name "${name}"`, () => {
    assert.equal(createService({ name }).name, name)
  })
}

for (const name of [
  '',
  'Orders',
  '1orders',
  '-orders',
  'orders.',
  '.orders',
  'a..b',
  'a.-b',
  'a_b',
  'a/b',
  'a b',
  'orders\n',
  'é',
  'a'.repeat(64),
]) {
  test(`createService() refuses the name ${JSON.stringify(name)}`, () => {
    assert.throws(() => createService({ name }), { code: 'invalid_argument', reason: 'SERVICE_NAME_INVALID' })
  })
}

test('createService() takes endpoints called Handler.Method', () => {
  const endpoints = { 'Orders.Place': hi, 'orders2.place_all': hi }

  assert.equal(createService({ name: 'orders', endpoints }).options.endpoints, endpoints)
})

for (const name of ['Place', 'Orders.', '.Place', 'Orders.Place.Now', 'Orders/Place', '1Orders.Place', 'Orders.1', 'Orders.Pl ace', '']) {
  test(`createService() refuses the endpoint ${JSON.stringify(name)}`, () => {
    assert.throws(() => createService({ name: 'orders', endpoints: { [name]: hi } }), {
      code: 'invalid_argument',
      reason: 'ENDPOINT_NAME_INVALID',
    })
  })
}

test('createService() refuses two endpoints that a caller cannot tell apart', () => {
  const endpoints = { 'Orders.Place': hi, 'orders.place': hi }

  assert.throws(() => createService({ name: 'orders', endpoints }), { code: 'invalid_argument', reason: 'ENDPOINT_NAME_TAKEN' })
})

test('createService() holds nothing: it can be started twice, side by side', async () => {
  const service = createService({ name: 'orders', endpoints: { 'Orders.Hi': hi } })
  const env = { MICRO_REGISTRY: 'memory', LOG_LEVEL: 'silent', MICRO_PROJECT: 'test' }

  const [one, two] = await Promise.all([service.start({ env }), service.start({ env })])

  assert.notEqual(one.address, two.address)
  assert.notEqual(one.node, two.node)
  await Promise.all([one.stop(), two.stop()])
})
