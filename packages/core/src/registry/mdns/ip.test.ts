import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatIp, isLoopback, isUnspecified, parseIp } from './ip.js'

test('parseIp() and formatIp() give each address back in its shortest form', () => {
  const forms = {
    '192.0.2.7': '192.0.2.7',
    '::': '::',
    '::1': '::1',
    'fe80::1%eth0': 'fe80::1',
    '0000:0000:0000:0000:0000:0000:0000:0001': '::1',
    '2001:DB8:0:0:1:0:0:1': '2001:db8::1:0:0:1',
    '2001:db8:0:1:1:1:1:1': '2001:db8:0:1:1:1:1:1',
    'fd00::2': 'fd00::2',
    '1::': '1::',
    '::ffff:192.0.2.7': '192.0.2.7',
    '64:ff9b::192.0.2.7': '64:ff9b::c000:207',
  }
  for (const [written, wanted] of Object.entries(forms)) assert.equal(formatIp(parseIp(written) ?? new Uint8Array(4)), wanted)
})

test('parseIp() takes nothing else', () => {
  for (const text of [
    '',
    'host',
    '1.2.3',
    '1.2.3.256',
    '1.2.3.4.5',
    '1.2.3.x',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    'g::1',
    '12345::',
  ])
    assert.equal(parseIp(text), undefined, text)
})

test('isLoopback() and isUnspecified() know both families', () => {
  const those = (test: (bytes: Uint8Array) => boolean) =>
    ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', '0.0.0.0', '::', '10.0.0.1', '::2', '1::1'].filter((text) =>
      test(parseIp(text) as Uint8Array),
    )

  assert.deepEqual(those(isLoopback), ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])
  assert.deepEqual(those(isUnspecified), ['0.0.0.0', '::'])
})
