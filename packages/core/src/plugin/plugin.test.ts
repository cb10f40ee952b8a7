import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock, MicroError } from '../base/index.js'
import { apiFits } from './api-range.js'
import { checkOptions } from './check-options.js'
import { pluginHost } from './host.js'
import type { OptionsSchema } from './options.js'
import { definePlugin, type PluginContext, type PluginEntry, type PluginManifest } from './plugin.js'
import type { Selector } from '../selector/selector.js'

const context: PluginContext = {
  address: undefined,
  clock: systemClock,
  random: Math.random,
  service: 's',
  project: 'p',
  dataFolder: '/nowhere',
  warn() {},
}
const first: Selector = { name: 'first', select: (_service, nodes) => ({ node: nodes[0]!, release() {} }) }

const manifestOf = (changes: Partial<PluginManifest> = {}): PluginManifest => ({
  reference: 'selector/first',
  kind: 'selector',
  name: 'first',
  api: '^1.0',
  ...changes,
})
const entryOf = (
  changes: Partial<PluginManifest> = {},
  plugin: unknown = definePlugin({ kind: 'selector', name: 'first', api: '^1.0', create: () => first }),
) => {
  const entry = { manifest: manifestOf(changes), loads: 0, load: async () => (entry.loads++, { default: plugin }) }
  return entry
}
const create = (entry: PluginEntry, options?: unknown) => pluginHost([entry]).create('selector', entry.manifest, options, context)

test('apiFits() takes the same first number, and a second one that is not later than ours', () => {
  const fitting = ['^1.0', '1.0', '^1', '1', ' ^1.0 ']
  const others = ['^1.1', '^2.0', '0.9', '>=1.0', '', '^1.0.0', 'latest', '*']

  assert.deepEqual(
    fitting.filter((range) => !apiFits(range, '1.0')),
    [],
  )
  assert.deepEqual(
    others.filter((range) => apiFits(range, '1.0')),
    [],
  )
  assert.equal(apiFits('^1.2', '1.3'), true)
})

test('pluginHost() checks kind, API and options before it loads any code', async () => {
  const cases = [
    { entry: entryOf({ kind: 'store' }), options: undefined, reason: 'PLUGIN_KIND_MISMATCH' },
    { entry: entryOf({ api: '^2.0' }), options: undefined, reason: 'PLUGIN_API_MISMATCH' },
    { entry: entryOf(), options: { unknown: 1 }, reason: 'PLUGIN_OPTIONS_INVALID' },
  ]

  for (const { entry, options, reason } of cases) {
    await assert.rejects(create(entry, options), { reason })
    assert.equal(entry.loads, 0)
  }
})

test('pluginHost() names what is wrong with a module that is no plugin, or another one than its manifest says', async () => {
  await assert.rejects(create(entryOf({}, null)), { reason: 'PLUGIN_INVALID' })
  await assert.rejects(create(entryOf({ name: 'second' })), { reason: 'PLUGIN_MANIFEST_MISMATCH' })
  await assert.rejects(create({ manifest: manifestOf(), load: () => Promise.reject(new SyntaxError('broken')) }), {
    reason: 'PLUGIN_LOAD_FAILED',
  })
})

test('pluginHost() passes on a MicroError of create(), and wraps anything else', async () => {
  const failing = (error: Error) =>
    entryOf({}, definePlugin({ kind: 'selector', name: 'first', api: '^1.0', create: () => Promise.reject(error) }))

  await assert.rejects(create(failing(new MicroError('unauthenticated', 'wrong password', { reason: 'PASSWORD_WRONG' }))), {
    reason: 'PASSWORD_WRONG',
  })
  await assert.rejects(create(failing(new Error('boom'))), { reason: 'PLUGIN_CREATE_FAILED' })
})

test('pluginHost() creates an entry once, however often it is asked', async () => {
  const entry = entryOf()
  const host = pluginHost([entry])

  const made = await Promise.all([
    host.create('selector', entry.manifest, undefined, context),
    host.create('selector', entry.manifest, undefined, context),
  ])

  assert.equal(made[0], made[1])
  assert.equal(entry.loads, 1)
})

test('pluginHost() closes in reverse, also past one that fails', async () => {
  const closed: string[] = []
  const closing = (name: string, fails = false) =>
    entryOf(
      { name },
      {
        kind: 'selector',
        name,
        api: '1.0',
        create: () => ({ ...first, close: async () => void (closed.push(name), fails && assert.fail(name)) }),
      },
    )
  const entries = [closing('a'), closing('b', true), closing('c')]
  const host = pluginHost(entries)
  for (const entry of entries) await host.create('selector', entry.manifest, undefined, context)

  await assert.rejects(host.close(), { message: 'b' })

  assert.deepEqual(closed, ['c', 'b', 'a'])
})

const schema: OptionsSchema = {
  type: 'object',
  required: ['folder'],
  properties: {
    folder: { type: 'string' },
    mode: { type: 'string', enum: ['safe', 'fast'], default: 'safe' },
    password: { type: 'string', pattern: '^.{8,}$', secret: true },
    maxBytes: { type: 'integer', minimum: 1, maximum: 10 },
    hosts: { type: 'array', items: { type: 'string' }, maxItems: 2 },
    tls: { type: 'object', properties: { verify: { type: 'boolean', default: true } } },
  },
}

test('checkOptions() fills in defaults and leaves the given object alone', () => {
  const given = { folder: '/data', tls: {} }

  assert.deepEqual(checkOptions(schema, given), { options: { folder: '/data', mode: 'safe', tls: { verify: true } } })
  assert.deepEqual(given, { folder: '/data', tls: {} })
})

test('checkOptions() tells every issue, with its path, and no secret', () => {
  const { issues } = checkOptions(schema, {
    mode: 'slow',
    password: 'hunter2',
    maxBytes: 11,
    hosts: [1, 2, 3],
    tls: { verify: 'yes' },
    foldr: 1,
  })

  assert.deepEqual(
    issues?.map((issue) => issue.split(':')[0]),
    ['foldr', 'folder', 'mode', 'password', 'maxBytes', 'hosts', 'tls.verify'],
  )
  assert.equal(JSON.stringify(issues).includes('hunter2'), false)
})

test('checkOptions() refuses options where none are taken, and what is no object', () => {
  assert.equal(checkOptions(undefined, { a: 1 }).issues?.length, 1)
  assert.equal(checkOptions(schema, 'x').issues?.length, 1)
  assert.deepEqual(checkOptions(undefined, undefined), { options: {} })
})

test('checkOptions() is not fooled by a key named __proto__', () => {
  const { issues } = checkOptions(schema, JSON.parse('{"folder":"/x","__proto__":{"mode":"fast"}}'))

  assert.equal(issues?.length, 1)
})
