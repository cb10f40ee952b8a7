import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MicroError } from '../base/index.js'
import { createRouter } from './router.js'

const endpointsOf = (...names: readonly string[]) => names.map((name) => ({ name, handle: () => undefined }))
const router = createRouter('orders', endpointsOf('Orders.Place', 'Orders.CancelAll', 'Stock.List'))

function failure(name: string): MicroError {
  try {
    router.find(name)
  } catch (error) {
    if (MicroError.is(error)) return error
    throw error
  }
  throw new assert.AssertionError({ message: `found ${name}` })
}

test('find() knows Handler.Method, small first letters and paths', () => {
  for (const name of [
    'Orders.Place',
    'orders.place',
    'Orders.place',
    '/Orders.Place',
    '/orders/Orders.Place',
    '/orders/orders.place',
    '/orders.place',
  ])
    assert.equal(router.find(name).name, 'Orders.Place', name)
  assert.equal(router.find('orders.cancelAll').name, 'Orders.CancelAll')
})

test('find() does not guess: other letters, parts and paths are unknown', () => {
  for (const name of [
    '',
    'Place',
    'Orders',
    'ORDERS.PLACE',
    'orders.cancelall',
    'orders.Orders.Place',
    '/other/Orders.Place',
    '//Orders.Place',
    '__proto__',
    'constructor',
  ])
    assert.equal(failure(name).reason, 'ENDPOINT_NOT_FOUND', name)
})

test('find() of an unknown name gives the nearest ones, in the hint and as data', () => {
  const error = failure('Orders.Plaec')

  assert.equal(error.code, 'unimplemented')
  assert.match(error.hint ?? '', /"Orders\.Place"/)
  assert.equal((error.details?.['nearest'] as string[] | undefined)?.[0], 'Orders.Place')
})

test('find() of an unknown method of a known handler gives the methods that it has', () => {
  assert.deepEqual(failure('Stock.Entirely').details?.['nearest'], ['Stock.List'])
})

test('createRouter() refuses names that are wrong or there twice', () => {
  for (const name of ['Place', 'A.B.C', '1.A', 'A.', '.A', 'A-B.C', 'Ä.B'])
    assert.throws(() => createRouter('x', endpointsOf(name)), TypeError, name)
  assert.throws(() => createRouter('x', endpointsOf('Orders.Place', 'Orders.Place')), TypeError)
  assert.throws(() => createRouter('x', endpointsOf('Orders.Place', 'orders.place')), TypeError)
})
