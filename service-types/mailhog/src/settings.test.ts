import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readChannelFd, readOptions } from './settings.js'

test('readOptions() takes any free port and the loopback address when nothing is said', () => {
  assert.deepEqual(readOptions({ MICRO_PORT_HTTP: '' }), { host: '127.0.0.1', ports: { smtp: 0, http: 0 } })
  assert.equal(readChannelFd({}), 1)
})

test('readOptions() reads ports, host and limits', () => {
  const env = {
    MICRO_PORT_SMTP: '1025',
    MICRO_PORT_HTTP: '8025',
    MICRO_HOST: '::1',
    MAILHOG_MAX_MESSAGES: '5',
    MAILHOG_MAX_MESSAGE_BYTES: '10',
    MAILHOG_MAX_TOTAL_BYTES: '20',
  }

  assert.deepEqual(readOptions(env), {
    host: '::1',
    ports: { smtp: 1025, http: 8025 },
    maxMessages: 5,
    maxMessageBytes: 10,
    maxTotalBytes: 20,
  })
  assert.equal(readChannelFd({ MICRO_CHANNEL_FD: '3' }), 3)
})

test('readOptions() refuses what is no number in range, and names the variable', () => {
  const wrong = [
    ['MICRO_PORT_SMTP', 'x'],
    ['MICRO_PORT_HTTP', '65536'],
    ['MICRO_PORT_HTTP', '-1'],
    ['MICRO_PORT_SMTP', '1e3'],
    ['MAILHOG_MAX_MESSAGES', '0'],
  ] as const

  for (const [name, found] of wrong) {
    assert.throws(() => readOptions({ [name]: found }), { code: 'invalid_argument', reason: 'INVALID_SETTING', details: { name, found } })
  }
  assert.throws(() => readOptions({ MAILHOG_MAX_MESSAGE_BYTES: '10', MAILHOG_MAX_TOTAL_BYTES: '5' }), { reason: 'INVALID_SETTING' })
  assert.throws(() => readChannelFd({ MICRO_CHANNEL_FD: 'three' }), { reason: 'INVALID_SETTING' })
})
