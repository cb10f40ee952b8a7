import assert from 'node:assert/strict'
import type { NetworkInterfaceInfo } from 'node:os'
import { test } from 'node:test'
import { chooseInterfaces, nearness, type FoundInterfaces } from './interfaces.js'

const found: FoundInterfaces = {
  lo: [address('127.0.0.1/8', true), address('::1/128', true)],
  eth0: [address('192.0.2.2/24'), address('fd00::2/64'), address('fe80::fc/64')],
  wg0: [address('10.1.2.3/20')],
  veth12ab: [address('fe80::ab/64')],
}

test('chooseInterfaces() takes all that can serve, IPv6 only beside an address that is not link-local', () => {
  assert.deepEqual(chooseInterfaces(found, undefined, 'linux'), [
    { name: 'lo', isLoopback: true, ipv4: '127.0.0.1', ipv6: undefined },
    { name: 'eth0', isLoopback: false, ipv4: '192.0.2.2', ipv6: '::%eth0' },
    { name: 'wg0', isLoopback: false, ipv4: '10.1.2.3', ipv6: undefined },
  ])
})

test('chooseInterfaces() takes loopback alone, those named, or none', () => {
  const names = (choice: 'loopback' | readonly string[]) => chooseInterfaces(found, choice, 'linux').map((one) => one.name)

  assert.deepEqual(names('loopback'), ['lo'])
  assert.deepEqual(names(['eth0']), ['eth0'])
  assert.deepEqual(names(['10.1.2.3', 'lo']), ['lo', 'wg0'])
  assert.deepEqual(names([]), [])
})

test('nearness() tells this host, the networks that are used, and the rest of the world apart', () => {
  const chosen = chooseInterfaces(found, undefined, 'linux')
  const near = (text: string, of = chosen) => nearness(found, of, text)

  for (const own of ['127.0.0.1', '127.1.1.1', '::1', '192.0.2.2', 'fd00::2', 'fe80::fc%eth0']) assert.equal(near(own), 'host', own)
  for (const other of ['192.0.2.77', '10.1.15.255', 'fd00::77', 'fe80::77%eth0']) assert.equal(near(other), 'link', other)
  for (const other of ['192.0.3.1', '10.1.16.0', '8.8.8.8', 'fd01::1', '0.0.0.0', 'nonsense']) assert.equal(near(other), 'far', other)
  assert.equal(near('192.0.2.77', chooseInterfaces(found, 'loopback', 'linux')), 'far')
})

test('nearness() takes packets without a source for our own where there is nothing but loopback', () => {
  const alone = { lo: found['lo'] ?? [] }

  assert.equal(nearness(alone, chooseInterfaces(alone, undefined), '0.0.0.0'), 'host')
})

function address(cidr: string, internal = false): NetworkInterfaceInfo {
  const [text = ''] = cidr.split('/')
  const base = { address: text, netmask: '', mac: '', internal, cidr }
  return text.includes(':') ? { ...base, family: 'IPv6', scopeid: 0 } : { ...base, family: 'IPv4' }
}
