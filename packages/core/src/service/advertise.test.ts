import assert from 'node:assert/strict'
import { test } from 'node:test'
import { advertisedAddress } from './advertise.js'

test('advertisedAddress() is where the service listens, unless somebody says otherwise', () => {
  assert.equal(advertisedAddress(undefined, '127.0.0.1:40113'), '127.0.0.1:40113')
  assert.equal(advertisedAddress(undefined, '[::1]:40113'), '[::1]:40113')
  assert.equal(advertisedAddress('orders.example.com:80', '127.0.0.1:40113'), 'orders.example.com:80')
  assert.equal(advertisedAddress('[2001:db8::1]:80', '127.0.0.1:40113'), '[2001:db8::1]:80')
})

test('advertisedAddress() adds the port of the listener to a host', () => {
  assert.equal(advertisedAddress('orders.example.com', '127.0.0.1:40113'), 'orders.example.com:40113')
  assert.equal(advertisedAddress('2001:db8::1', '127.0.0.1:40113'), '[2001:db8::1]:40113')
  assert.equal(advertisedAddress('[2001:db8::1]', '127.0.0.1:40113'), '[2001:db8::1]:40113')
})

test('advertisedAddress() of a service that listens everywhere is an address that others can use', () => {
  for (const everywhere of ['0.0.0.0:40113', '[::]:40113']) {
    const address = advertisedAddress(undefined, everywhere)
    assert.match(address, /:40113$/)
    assert.doesNotMatch(address, /^(?:0\.0\.0\.0|\[::\])/)
  }
})
