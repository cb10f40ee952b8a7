import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MicroError } from '../base/index.js'
import { readSettings } from './settings.js'

test('readSettings() has defaults for everything, go-micro’s where it has one', () => {
  const settings = readSettings({}, [])

  assert.equal(settings.implementation('broker'), undefined)
  assert.equal(settings.address('broker'), undefined)
  assert.equal(settings.options('broker'), undefined)
  assert.equal(settings.serverAddress, '127.0.0.1:0')
  assert.deepEqual(settings.metadata, {})
  assert.deepEqual(
    [settings.registerTtlMs, settings.registerIntervalMs, settings.requestTimeoutMs, settings.stopGraceMs],
    [60_000, 30_000, 10_000, 5000],
  )
  assert.equal(settings.insecure, false)
})

test('readSettings() takes a flag before the environment, and says which of them it was', () => {
  const env = { MICRO_BROKER: 'nats', MICRO_BROKER_ADDRESS: 'nats://a:1', MICRO_STORE: 'file', MICRO_STORE_WHY: 'micro.yml:4' }

  const settings = readSettings(env, ['--broker=memory', '--broker-address', 'nats://b:2', '--verbose'])

  assert.deepEqual(settings.implementation('broker'), { value: 'memory', why: '--broker' })
  assert.equal(settings.address('broker'), 'nats://b:2')
  assert.deepEqual(settings.implementation('store'), { value: 'file', why: 'micro.yml:4' })
  assert.deepEqual(readSettings(env, []).implementation('broker'), { value: 'nats', why: 'MICRO_BROKER' })
})

test('readSettings() reads no flag behind a lone --, and takes an empty variable for an unset one', () => {
  const settings = readSettings({ MICRO_BROKER: '', MICRO_SERVER_ADDRESS: '' }, ['--', '--broker=nats'])

  assert.equal(settings.implementation('broker'), undefined)
  assert.equal(settings.serverAddress, '127.0.0.1:0')
})

test('readSettings() refuses a flag of its own without a value', () => {
  assert.throws(() => readSettings({}, ['--server-address']), { code: 'invalid_argument', reason: 'FLAG_INVALID' })
  assert.throws(() => readSettings({}, ['--broker', '--verbose']).implementation('broker'), { reason: 'FLAG_INVALID' })
})

test('readSettings() reads seconds, milliseconds and Go’s durations', () => {
  const settings = readSettings(
    { MICRO_REGISTER_TTL: '90', MICRO_REGISTER_INTERVAL: '0', MICRO_CLIENT_REQUEST_TIMEOUT: '1m30.5s', MICRO_STOP_GRACE_MS: '0' },
    [],
  )

  assert.deepEqual(
    [settings.registerTtlMs, settings.registerIntervalMs, settings.requestTimeoutMs, settings.stopGraceMs],
    [90_000, 0, 90_500, 0],
  )
  assert.equal(readSettings({ MICRO_CLIENT_REQUEST_TIMEOUT: '500ms' }, []).requestTimeoutMs, 500)
  assert.equal(readSettings({ MICRO_CLIENT_REQUEST_TIMEOUT: '5' }, []).requestTimeoutMs, 5000)
})

const wrong: readonly (readonly [variable: string, value: string])[] = [
  ['MICRO_REGISTER_TTL', 'soon'],
  ['MICRO_REGISTER_TTL', '-1'],
  ['MICRO_REGISTER_TTL', ' '],
  ['MICRO_REGISTER_TTL', '0x10'],
  ['MICRO_REGISTER_INTERVAL', '2147484'],
  ['MICRO_STOP_GRACE_MS', 'Infinity'],
  ['MICRO_CLIENT_REQUEST_TIMEOUT', '5 s'],
  ['MICRO_CLIENT_REQUEST_TIMEOUT', '0'],
  ['MICRO_CLIENT_REQUEST_TIMEOUT', '5d'],
  ['MICRO_SERVER_METADATA', 'zone'],
  ['MICRO_SERVER_METADATA', 'zone=a,=b'],
]
for (const [variable, value] of wrong) {
  test(`readSettings() refuses ${variable} "${value}", and names it`, () => {
    assert.throws(
      () => readSettings({ [variable]: value }, []),
      (error) => MicroError.is(error) && error.reason === 'ENVIRONMENT_INVALID' && error.message.includes(variable),
    )
  })
}

test('readSettings() takes options as a JSON object, and repeats no part of what is none', () => {
  assert.deepEqual(readSettings({ MICRO_STORE_OPTIONS: '{"folder":"/data"}' }, []).options('store'), { folder: '/data' })
  for (const text of ['{"password":"hunter2"', 'hunter2', '["hunter2"]', '"hunter2"', 'null']) {
    assert.throws(
      () => readSettings({ MICRO_STORE_OPTIONS: text }, []).options('store'),
      (error) =>
        MicroError.is(error) &&
        error.reason === 'ENVIRONMENT_INVALID' &&
        !JSON.stringify(error).includes('hunter2') &&
        !error.message.includes('hunter2'),
    )
  }
})

test('readSettings() reads what go-micro names: name, id, version, metadata, advertise', () => {
  const settings = readSettings(
    {
      MICRO_SERVER_NAME: 'orders-blue',
      MICRO_SERVER_ID: '7',
      MICRO_SERVER_VERSION: '2.0.0',
      MICRO_SERVER_METADATA: 'zone=a, rack = 7=b ,',
      MICRO_SERVER_ADVERTISE: 'orders.example.com',
    },
    [],
  )

  const { serverName, serverId, serverVersion, metadata, advertise } = settings
  assert.deepEqual(
    { serverName, serverId, serverVersion, metadata, advertise },
    {
      serverName: 'orders-blue',
      serverId: '7',
      serverVersion: '2.0.0',
      metadata: { zone: 'a', rack: '7=b' },
      advertise: 'orders.example.com',
    },
  )
})
