import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '@microts/core/base'
import { checkOptionsSchema, pluginHost, type OptionsSchema, type PluginContext, type PluginManifest } from '@microts/core/plugin'
import { parse } from 'yaml'

interface Declared {
  readonly api: string
  readonly implementation: { readonly kind: 'store'; readonly name: string; readonly options: string }
}

const read = (name: string) => readFile(new URL(`../${name}`, import.meta.url), 'utf8')
const [declared] = (parse(await read('micro.plugin.yml')) as { plugins: [Declared] }).plugins
const { kind, name, options } = declared.implementation
const schema = JSON.parse(await read(options)) as OptionsSchema
const manifest: PluginManifest = { reference: './', kind, name, api: declared.api, options: schema }

// As a service does it: from the manifest to a store. The host refuses code that says something else than the manifest.
async function create(given: unknown, use: (made: { readonly name: string; readonly file: string }) => Promise<void>): Promise<void> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'store-json-'))
  const context: PluginContext = {
    address: undefined,
    clock: systemClock,
    random: Math.random,
    service: 'orders',
    project: 'shop',
    dataFolder,
    warn: (message) => assert.fail(message),
  }
  const host = pluginHost([{ manifest, load: () => import('./index.js') }])
  try {
    const store = await host.create('store', manifest, given, context)
    await store.put('a', new TextEncoder().encode('1'))
    await use({ name: store.name, file: await readFile(join(dataFolder, 'store.json'), 'utf8') })
  } finally {
    await host.close()
    await rm(dataFolder, { recursive: true })
  }
}

test('the schema of the options keeps to the subset that can be checked', () => {
  assert.deepEqual(checkOptionsSchema(schema), [])
})

test('the plugin makes a store in the folder that the project keeps for it', async () => {
  await create(undefined, async ({ name: made, file }) => {
    assert.equal(made, name)
    assert.deepEqual(JSON.parse(file), { 'micro/micro': { a: { text: '1' } } })
  })
})

test('the plugin refuses options that it does not have', async () => {
  for (const given of [{ folder: 'x' }, { file: 'store.yml' }, { maxValueBytes: 1 }])
    await assert.rejects(
      create(given, async () => undefined),
      { reason: 'PLUGIN_OPTIONS_INVALID' },
    )
})
