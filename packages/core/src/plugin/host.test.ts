import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock, MicroError } from '../base/index.js'
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

const version = 'develop 3f2c1ab90d12'

/** Fails unless it rejects so, and message and details say which plugin of which revision it was. */
async function rejectsWithName(attempt: Promise<unknown>, wanted: object, reference = 'selector/first'): Promise<void> {
  await assert.rejects(attempt, wanted)
  const { message, details } = (await attempt.catch((error: unknown) => error)) as MicroError
  assert.ok(message.includes(`"${reference}" (${version})`), message)
  assert.deepEqual([details?.['reference'], details?.['version']], [reference, version])
}

test('pluginHost() checks kind, API and options before it loads any code', async () => {
  const cases = [
    { entry: entryOf({ kind: 'store' }), options: undefined, reason: 'PLUGIN_KIND_MISMATCH' },
    { entry: entryOf({ api: '^2.0' }), options: undefined, reason: 'PLUGIN_API_MISMATCH' },
    {
      entry: entryOf({ options: { type: 'object', properties: { a: { type: 'null' } } } as never }),
      options: undefined,
      reason: 'PLUGIN_SCHEMA_INVALID',
    },
    { entry: entryOf(), options: { unknown: 1 }, reason: 'PLUGIN_OPTIONS_INVALID' },
  ]

  for (const { entry, options, reason } of cases) {
    const named = { ...entry, manifest: { ...entry.manifest, version } }
    await rejectsWithName(create(named, options), { reason })
    assert.equal(entry.loads, 0)
  }
})

test('pluginHost() names what is wrong with a module that is no plugin, or another one than its manifest says', async () => {
  for (const found of [null, undefined, 'text', {}])
    await rejectsWithName(create(entryOf({ version }, found ?? null)), { reason: 'PLUGIN_INVALID' })
  await rejectsWithName(create(entryOf({ version, name: 'second' })), { reason: 'PLUGIN_MANIFEST_MISMATCH' })
  for (const api of [undefined, '^2.0'])
    await rejectsWithName(create(entryOf({ version }, { kind: 'selector', name: 'first', api, create: () => first })), {
      reason: 'PLUGIN_API_MISMATCH',
    })
  await rejectsWithName(create({ manifest: manifestOf({ version }), load: () => Promise.reject(new SyntaxError('broken')) }), {
    reason: 'PLUGIN_LOAD_FAILED',
  })
})

test('pluginHost() takes code whose options are those of the manifest but for texts and order, and no other', async () => {
  const options = {
    type: 'object',
    properties: { a: { type: 'integer', minimum: 1, description: 'One.' }, b: { type: 'boolean' } },
  } as const
  const same = { properties: { b: { type: 'boolean', title: 'B' }, a: { minimum: 1, type: 'integer' } }, type: 'object' } as const
  const other = { type: 'object', properties: { a: { type: 'integer', minimum: 2 }, b: { type: 'boolean' } } } as const
  const codeWith = (said: OptionsSchema | undefined) => ({
    kind: 'selector',
    name: 'first',
    api: '^1.0',
    create: () => first,
    options: said,
  })

  for (const said of [options, same, undefined]) await create(entryOf({ options }, codeWith(said)))
  await rejectsWithName(create(entryOf({ options, version }, codeWith(other))), { reason: 'PLUGIN_MANIFEST_MISMATCH' })
  // Its defaults would never be filled in.
  await rejectsWithName(create(entryOf({ version }, codeWith(options))), { reason: 'PLUGIN_MANIFEST_MISMATCH' })
})

test('pluginHost() passes on a MicroError of create() with the name of the plugin, and wraps anything else', async () => {
  const failing = (thrown: unknown) =>
    // eslint-disable-next-line typescript/prefer-promise-reject-errors -- a plugin may throw anything
    entryOf({ version }, definePlugin({ kind: 'selector', name: 'first', api: '^1.0', create: () => Promise.reject(thrown) }))
  const own = new MicroError('unauthenticated', 'wrong password', {
    reason: 'PASSWORD_WRONG',
    hint: 'Ask for it.',
    place: { file: 'micro.yml' },
    details: { user: 'ada' },
  })

  await rejectsWithName(create(failing(own)), {
    code: 'unauthenticated',
    reason: 'PASSWORD_WRONG',
    hint: 'Ask for it.',
    place: { file: 'micro.yml' },
    details: { user: 'ada', reference: 'selector/first', version },
    cause: own,
  })
  for (const thrown of [new Error('boom'), 'boom', undefined])
    await rejectsWithName(create(failing(thrown)), { code: 'unavailable', reason: 'PLUGIN_CREATE_FAILED' })
})

test('pluginHost() refuses a create() that gives nothing', async () => {
  for (const made of [undefined, null, 'a selector'])
    await rejectsWithName(create(entryOf({ version }, { kind: 'selector', name: 'first', api: '1', create: () => made })), {
      reason: 'PLUGIN_INVALID',
    })
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

test('pluginHost() checks the kind of every call, and creates nothing that is not in its list', async () => {
  const entry = entryOf({ version })
  const host = pluginHost([entry])
  await host.create('selector', entry.manifest, undefined, context)

  await rejectsWithName(host.create('store', entry.manifest, undefined, context), { reason: 'PLUGIN_KIND_MISMATCH' })
  await assert.rejects(host.create('selector', { ...entry.manifest }, undefined, context), TypeError)
})

test('pluginHost() keeps the others when one fails, and fails the same way when it is asked again', async () => {
  const broken = { ...entryOf({ reference: 'selector/broken', version }), load: () => Promise.reject(new Error('broken')) }
  const well = entryOf()
  const host = pluginHost([broken, well])

  const outcomes = await Promise.allSettled(
    [broken, well, broken].map(({ manifest }) => host.create('selector', manifest, undefined, context)),
  )

  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['rejected', 'fulfilled', 'rejected'],
  )
  assert.equal((outcomes[0] as PromiseRejectedResult).reason, (outcomes[2] as PromiseRejectedResult).reason)
  await host.close()
})

/** Entries that note in `closed` when they are closed. */
function closing(closed: string[], name: string, failure?: Error): PluginEntry {
  const close = async () => {
    closed.push(name)
    if (failure !== undefined) throw failure
  }
  return entryOf(
    { name, reference: `selector/${name}`, version },
    { kind: 'selector', name, api: '1.0', create: () => ({ ...first, close }) },
  )
}

test('pluginHost() closes in reverse, also past one that fails, and names that one', async () => {
  const closed: string[] = []
  const entries = [closing(closed, 'a'), closing(closed, 'b', new Error('stuck')), closing(closed, 'c')]
  const host = pluginHost(entries)
  for (const entry of entries) await host.create('selector', entry.manifest, undefined, context)

  await rejectsWithName(host.close(), { code: 'internal', reason: 'PLUGIN_CLOSE_FAILED' }, 'selector/b')

  assert.deepEqual(closed, ['c', 'b', 'a'])
})

test('pluginHost() keeps code and reason of a MicroError of close(), and names all that failed', async () => {
  const own = new MicroError('data_loss', 'half is missing', { reason: 'DISK_GONE' })
  const alone = pluginHost([closing([], 'a', own)])
  await alone.create('selector', alone.listed('selector')[0]!, undefined, context)
  const both = pluginHost([closing([], 'a', own), closing([], 'b', new Error('stuck'))])
  for (const manifest of both.listed('selector')) await both.create('selector', manifest, undefined, context)

  await rejectsWithName(alone.close(), { code: 'data_loss', reason: 'DISK_GONE' }, 'selector/a')
  await assert.rejects(both.close(), (error: MicroError) => {
    assert.deepEqual(error.details?.['plugins'], [
      { reference: 'selector/b', version, reason: 'PLUGIN_CLOSE_FAILED' },
      { reference: 'selector/a', version, reason: 'DISK_GONE' },
    ])
    return error.reason === 'PLUGIN_CLOSE_FAILED' && ['selector/a', 'selector/b'].every((name) => error.message.includes(name))
  })
})

test('pluginHost() closes once, creates nothing afterwards, and closes what was still being created', async () => {
  const closed: string[] = []
  const slow = closing(closed, 'slow')
  let open = () => {}
  const gate = new Promise<void>((resolve) => (open = resolve))
  const entries = [closing(closed, 'a'), { ...slow, load: () => gate.then(slow.load) }]
  const host = pluginHost(entries)
  await host.create('selector', entries[0]!.manifest, undefined, context)
  const creating = host.create('selector', slow.manifest, undefined, context)

  await Promise.all([host.close(), host.close()])
  open()

  await assert.rejects(creating, { reason: 'CLOSED' })
  await assert.rejects(host.create('selector', entries[0]!.manifest, undefined, context), { reason: 'CLOSED' })
  assert.deepEqual(closed, ['a', 'slow'])
})
