import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MicroError } from '../base/index.js'
import type { Kind, PluginEntry } from '../plugin/index.js'
import { builtinEntries } from './builtins.js'
import { choose } from './choose.js'
import { readSettings } from './settings.js'

const builtins = builtinEntries({ env: {}, argv: [] })

function listed(kind: Kind, name: string, reference = `${kind}/${name}`): PluginEntry {
  return { manifest: { reference, kind, name, api: '^1.0' }, load: () => assert.fail('nothing is loaded to choose') }
}

function chosen(plugins: readonly PluginEntry[], env: Readonly<Record<string, string>> = {}, argv: readonly string[] = []) {
  const { manifest, why } = choose('broker', readSettings(env, argv), plugins, builtins)
  return { reference: manifest.reference, why }
}

test('choose() takes the default when nobody says anything', () => {
  assert.deepEqual(chosen([]), { reference: 'broker/enats', why: 'default' })
  assert.deepEqual(chosen([listed('store', 'file')]), { reference: 'broker/enats', why: 'default' })
})

test('choose() takes flag, environment, plugins.ts and default in this order', () => {
  const plugins = [listed('broker', 'nats')]

  assert.deepEqual(chosen(plugins), { reference: 'broker/nats', why: 'plugins.ts' })
  assert.deepEqual(chosen(plugins, { MICRO_BROKER: 'memory' }), { reference: 'broker/memory', why: 'MICRO_BROKER' })
  assert.deepEqual(chosen(plugins, { MICRO_BROKER: 'memory' }, ['--broker=enats']), { reference: 'broker/enats', why: '--broker' })
  assert.deepEqual(chosen(plugins, { MICRO_BROKER: 'memory', MICRO_BROKER_WHY: 'micro.yml:4' }).why, 'micro.yml:4')
})

test('choose() knows an implementation by its reference too', () => {
  const plugins = [
    listed('broker', 'kafka', 'github.com/alice/plugins//broker/kafka:v1'),
    listed('broker', 'kafka', 'github.com/bob/kafka'),
  ]

  const { reference } = chosen(plugins, { MICRO_BROKER: 'github.com/bob/kafka' })

  assert.equal(reference, 'github.com/bob/kafka')
})

test('choose() lets the list shadow what core has under the same word', () => {
  const plugins = [listed('broker', 'memory', 'github.com/alice/memory'), listed('broker', 'nats')]

  assert.equal(chosen(plugins, { MICRO_BROKER: 'memory' }).reference, 'github.com/alice/memory')
})

test('choose() does not choose between two that are listed', () => {
  const plugins = [listed('broker', 'nats'), listed('broker', 'rabbitmq')]

  assert.throws(() => chosen(plugins), { code: 'failed_precondition', reason: 'AMBIGUOUS_PLUGIN' })
  assert.equal(chosen(plugins, { MICRO_BROKER: 'nats' }).reference, 'broker/nats')
})

test('choose() does not choose between two of one name', () => {
  const plugins = [listed('broker', 'kafka', 'github.com/alice/kafka'), listed('broker', 'kafka', 'github.com/bob/kafka')]

  assert.throws(() => chosen(plugins, { MICRO_BROKER: 'kafka' }), { reason: 'AMBIGUOUS_PLUGIN' })
})

test('choose() refuses a word that nothing has, with the nearest one', () => {
  assert.throws(
    () => chosen([listed('broker', 'nats')], { MICRO_BROKER: 'nat' }),
    (error) => MicroError.is(error) && error.reason === 'PLUGIN_NOT_LISTED' && /"nats"/.test(error.hint ?? ''),
  )
  assert.throws(() => chosen([], { MICRO_BROKER: 'nats' }), { code: 'failed_precondition', reason: 'PLUGIN_NOT_LISTED' })
})

test('choose() hands on address and options', () => {
  const settings = readSettings({ MICRO_BROKER_ADDRESS: 'nats://a:1', MICRO_BROKER_OPTIONS: '{"tls":true}' }, [])

  const { address, options } = choose('broker', settings, [], builtins)

  assert.deepEqual({ address, options }, { address: 'nats://a:1', options: { tls: true } })
})
