import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MicroError } from '../base/index.js'
import { formatAddress, parseAddress } from './validate.js'

test('parseAddress() and formatAddress() agree', () => {
  for (const address of ['127.0.0.1:80', 'example.org:65535', '[::1]:8080', '[fe80::1%eth0]:1', 'my_host-1:9']) {
    const { host, port } = parseAddress(address, 'the address')

    assert.equal(formatAddress(host, port), address)
  }
})

test('parseAddress() refuses what is no address with SERVICE_INVALID, and names the thing', () => {
  for (const address of ['', 'a', 'a:', ':1', 'a:0', 'a:65536', 'a:1:2', '::1', '[::1]', '[a]:1', 'a b:1', 'http://a:1', 'a/b:1']) {
    assert.throws(
      () => parseAddress(address, 'the address of "n"'),
      (error) => MicroError.is(error) && error.reason === 'SERVICE_INVALID' && error.message.includes('the address of "n"'),
      address,
    )
  }
})
