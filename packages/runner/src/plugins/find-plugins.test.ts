import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { MicroError } from '@microts/core/base'
import { build } from 'esbuild'
import { implementationOf, type PluginWorld, pluginWorld, typeOfStranger } from '../testing/plugin-world.js'
import { typeManifest } from '../testing/programs.js'
import { parseManifest } from '../types/parse.js'
import type { FetchOptions } from './fetch-options.js'
import { findPlugins, type WantedReference } from './find-plugins.js'
import { lookAtReference } from './written.js'

const core = parseManifest(`${typeManifest}${implementationOf('broker/nats', 'broker', 'nats')}`, '/types/micro.plugin.yml')

const find = (here: PluginWorld, wanted: readonly (WantedReference | string)[], fetching?: FetchOptions) =>
  findPlugins(
    wanted.map((one) => (typeof one === 'string' ? { reference: one } : one)),
    { folder: here.project, catalog: core, packageFolders: [here.project], env: here.env, ...(fetching !== undefined && { fetching }) },
  )

const place = { file: '/project/micro.yml', line: 3, column: 5 }

test('findPlugins() gives core for both of its words, with what core has', async (t) => {
  const found = await find(await pluginWorld(t), ['micro', 'lando'])

  assert.deepEqual([...found.keys()], ['micro', 'lando'])
  for (const { from, key, catalog } of found.values()) assert.deepEqual([from, key, catalog], ['core', 'micro', core])
})

test("findPlugins() finds Micro's own by their packages, and knows what is built in", async (t) => {
  const here = await pluginWorld(t)
  here.write('project/node_modules/@microts/broker-nats/package.json', '{ "name": "@microts/broker-nats", "version": "0.1.0" }')
  here.write('project/node_modules/@microts/broker-nats/micro.plugin.yml', `plugins:\n${implementationOf('broker/nats', 'broker', 'nats')}`)

  const found = await find(here, ['broker/nats', 'broker/memory'])

  const nats = found.get('broker/nats')
  assert.deepEqual(
    [nats?.from, nats?.key, nats?.revision, nats?.folder],
    ['own', 'broker/nats', '0.1.0', join(here.project, 'node_modules/@microts/broker-nats')],
  )
  assert.deepEqual(
    nats?.catalog.implementations.map(({ kind, word }) => `${kind}/${word}`),
    ['broker/nats'],
  )
  assert.deepEqual([found.get('broker/memory')?.from, found.get('broker/memory')?.key], ['core', 'broker/memory'])
})

const refused: Readonly<Record<string, { readonly reference: string; readonly is: readonly [string, string]; readonly hint: RegExp }>> = {
  'a plugin of ours that is misspelt': {
    reference: 'broker/nast',
    is: ['not_found', 'UNKNOWN_PLUGIN'],
    hint: /"broker\/nats"/,
  },
  'a plugin of ours that is not there': {
    reference: 'broker/rabbitmq',
    is: ['not_found', 'UNKNOWN_PLUGIN'],
    // A name that nobody knows is never one to install: it may be anyone's.
    hint: /^(?!.*npm install).*Known: broker\/memory, broker\/enats, broker\/nats/,
  },
  'an interface that is misspelt': { reference: 'brokr/nats', is: ['invalid_argument', 'PLUGIN_REFERENCE'], hint: /"broker"/ },
  'a word alone': { reference: 'nats', is: ['invalid_argument', 'PLUGIN_REFERENCE'], hint: /broker\/nats/ },
  'an option of git': { reference: '--upload-pack=x', is: ['invalid_argument', 'REF_SYNTAX'], hint: /./ },
  'a folder that is not there': { reference: './nowhere', is: ['not_found', 'PLUGIN_FOLDER_MISSING'], hint: /./ },
  'a package that is not there': {
    reference: 'npm:@acme/none',
    is: ['not_found', 'PLUGIN_PACKAGE_MISSING'],
    hint: /npm install @acme\/none/,
  },
}

for (const [what, { reference, is, hint }] of Object.entries(refused))
  test(`findPlugins() refuses ${what}, at its place`, async (t) => {
    const error: unknown = await find(await pluginWorld(t), ['micro', { reference, place }]).catch((thrown: unknown) => thrown)

    assert.ok(MicroError.is(error))
    assert.deepEqual([error.code, error.reason], is)
    assert.match(error.hint ?? '', hint)
    assert.deepEqual(error.place, place)
  })

test('findPlugins() asks for each reference once, and gives it by what was written', async (t) => {
  const here = await pluginWorld(t)
  const repository = here.repository('github.com/alice/mailhog')
  repository.tag('v1.2.0', repository.commit({ 'micro.plugin.yml': typeOfStranger('github.com/alice/mailhog', 'mailhog') }))
  const written = ['github.com/Alice/Mailhog', 'github.com/alice/mailhog:^1', 'github.com/Alice/Mailhog']

  const found = await find(here, written)

  assert.deepEqual([...found.keys()], written.slice(0, 2))
  for (const { key, revision } of found.values()) {
    assert.equal(key, 'github.com/alice/mailhog')
    assert.match(revision ?? '', /^v1\.2\.0 [0-9a-f]{12}$/)
  }
  assert.equal(here.stored().length, 1)
})

test('findPlugins() says which reference it is about when the lock would change', async (t) => {
  const here = await pluginWorld(t)
  here.repository('github.com/alice/mailhog').commit({ 'micro.plugin.yml': typeOfStranger('github.com/alice/mailhog', 'mailhog') })
  await find(here, ['github.com/alice/mailhog'])
  const wanted = ['github.com/alice/mailhog', { reference: 'github.com/bob/mailhog', place }]

  await assert.rejects(find(here, wanted, { frozen: true }), { reason: 'LOCK_FROZEN', place })
  await assert.rejects(find(here, wanted, { offline: true }), { reason: 'OFFLINE', place })
})

test('findPlugins() names what a plugin points to', async (t) => {
  const here = await pluginWorld(t)
  here.write(
    'project/mine/micro.plugin.yml',
    'plugins:\n  - { uri: github.com/bob/mailhog, name: M, description: D }\n  - { uri: mailhog, name: M, description: D }\n',
  )

  assert.deepEqual((await find(here, ['./mine'])).get('./mine')?.pointers, ['github.com/bob/mailhog', 'mailhog'])
})

test('lookAtReference() tells what needs nobody’s help', () => {
  const kinds = ['micro', 'lando', 'broker/nats', 'mailhog', './broker/nats', 'github.com/a/b', 'npm:x', '-x', '', 'a b', 'Broker/nats']

  assert.deepEqual(
    kinds.map((reference) => lookAtReference(reference).is),
    ['core', 'core', 'own', 'word', ...kinds.slice(4).map(() => 'elsewhere')],
  )
})

test('the runner loads what knows git only for a project that names a place elsewhere', async () => {
  const { metafile } = await build({
    entryPoints: { runner: fileURLToPath(new URL('../index.ts', import.meta.url)) },
    outdir: 'out',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    conditions: ['@microts/source'],
    external: ['esbuild'],
    metafile: true,
    write: false,
    logLevel: 'silent',
  })
  const loaded = new Set<string>()
  const visit = (file: string) => {
    if (loaded.has(file)) return
    loaded.add(file)
    for (const { path, kind } of metafile.outputs[file]?.imports ?? []) if (kind === 'import-statement') visit(path)
  }
  visit(Object.keys(metafile.outputs).find((file) => file.endsWith('/runner.js')) ?? '')

  const inputs = [...loaded].flatMap((file) => Object.keys(metafile.outputs[file]?.inputs ?? {}))
  const ofSource = inputs.flatMap((file) => /packages\/source\/src\/(\w+)\//.exec(file)?.[1] ?? [])
  assert.ok(inputs.length > 10)
  assert.deepEqual([...new Set(ofSource)].toSorted(), ['reference', 'yaml'])
  assert.ok(
    Object.values(metafile.outputs).some(({ inputs: all }) => Object.keys(all).some((file) => file.endsWith('source/src/git/fetch.ts'))),
  )
})
