import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { MicroError } from '@microts/core/base'
import type { SourceEvent } from '@microts/source'
import type { Mistake } from '@microts/source/yaml'
import { implementationOf, type PluginWorld, pluginWorld, typeOfStranger } from '../testing/plugin-world.js'
import { typeManifest } from '../testing/programs.js'
import { parseManifest } from '../types/parse.js'

const catalog = parseManifest(typeManifest, '/types/micro.plugin.yml')
const alice = 'github.com/alice/mailhog'

const failureOf = async (here: PluginWorld, fetching?: Parameters<PluginWorld['readProject']>[1]): Promise<MicroError> => {
  const error: unknown = await here.readProject(catalog, fetching).then(
    () => assert.fail('it was not refused'),
    (thrown: unknown) => thrown,
  )
  assert.ok(MicroError.is(error))
  return error
}

const summary = ({ code, reason, place }: MicroError) => [code, reason, `${place?.line}:${place?.column}`]

/** Alice's repository: her type on the branch `develop`. */
function aliceMailhog(here: PluginWorld, more: Readonly<Record<string, string>> = {}): string {
  return here
    .repository(alice)
    .commit({ 'lando.plugin.yml': typeOfStranger(alice, 'mailhog'), 'dist/server.mjs': 'export {}\n', ...more }, 'develop')
}

for (const file of ['micro.yml', '.lando.yml'])
  test(`readProject() takes the type of a service from git, as ${file} names it`, async (t) => {
    const here = await pluginWorld(t)
    const commit = aliceMailhog(here)
    here.write(`project/${file}`, `name: shop\nservices:\n  smtp:\n    type: mailhog:v1.0.3\n    plugin: ${alice}:develop\n`)

    const project = await here.readProject(catalog)

    const [smtp] = project.services
    assert.equal(smtp?.type, 'mailhog')
    assert.equal(smtp.version, 'v1.0.3')
    assert.equal(smtp.plugin, `${alice}:develop`)
    const found = project.found.get(`${alice}:develop`)
    assert.equal(found?.from, 'git')
    assert.equal(found.key, alice)
    assert.equal(found.revision, `develop ${commit.slice(0, 12)}`)
    assert.equal(found.link, join(here.project, 'plugins', alice))
    assert.equal(found.folder, join(here.store, here.stored()[0] ?? ''))
    const [type] = found.catalog.types
    assert.equal(type?.file, join(found.folder, 'lando.plugin.yml'))
    assert.equal(readFileSync(join(found.folder, type.drivers.embedded?.entry ?? ''), 'utf8'), 'export {}\n')
    assert.match(here.read('project/micro.lock'), new RegExp(commit))
  })

test('readProject() takes a folder of the project for a plugin, and forgets none of its changes', async (t) => {
  const here = await pluginWorld(t)
  here.write('project/micro.yml', 'services:\n  smtp: { type: mailhog, plugin: ./mine }\n')
  here.write('project/mine/micro.plugin.yml', typeOfStranger('mine', 'mailhog'))
  const before = await here.readProject(catalog)
  here.write('project/mine/micro.plugin.yml', typeOfStranger('mine', 'mailhog').replace('8025', '8026'))

  const after = await here.readProject(catalog)

  const portOf = ({ found }: typeof after) => found.get('./mine')?.catalog.types[0]?.ports['http']?.port
  assert.deepEqual([before, after].map(portOf), [8025, 8026])
  assert.equal(after.found.get('./mine')?.folder, join(here.project, 'mine'))
  assert.equal(after.found.get('./mine')?.revision, undefined)
  assert.ok(!existsSync(join(here.project, 'micro.lock')))
})

test('readProject() takes an installed package for a plugin, with its version', async (t) => {
  const here = await pluginWorld(t)
  here.write('project/micro.yml', 'plugins: ["npm:@acme/broker-kafka"]\n')
  here.write('project/node_modules/@acme/broker-kafka/package.json', '{ "name": "@acme/broker-kafka", "version": "2.1.0" }')
  here.write('project/node_modules/@acme/broker-kafka/micro.plugin.yml', `plugins:\n${implementationOf('broker/kafka', 'broker', 'kafka')}`)

  const found = (await here.readProject(catalog)).found.get('npm:@acme/broker-kafka')

  assert.equal(found?.from, 'npm')
  assert.equal(found.revision, '2.1.0')
  assert.equal(found.catalog.implementations[0]?.word, 'kafka')
})

test('readProject() takes the implementation of an interface from a plugin, at the top and in a service', async (t) => {
  const here = await pluginWorld(t)
  const plugins = 'github.com/alice/plugins'
  here.repository(plugins).commit({
    'micro.plugin.yml': `plugins:\n${implementationOf(`${plugins}//broker/kafka`, 'broker', 'kafka')}${implementationOf(`${plugins}//store/s3`, 'store', 's3')}`,
    'broker/kafka/index.js': '',
    'store/s3/index.js': '',
  })
  here.write(
    'project/micro.yml',
    `broker: { type: kafka, plugin: "${plugins}//broker/kafka", options: { clientId: shop }, address: "127.0.0.1:9092" }
services:
  orders: { type: node, path: ./orders, store: { type: s3, plugin: "${plugins}//store/s3" } }
`,
  )
  here.write('project/orders/main.ts', '')

  const project = await here.readProject(catalog)

  assert.equal(project.interfaces.broker?.name, 'kafka')
  assert.equal(project.interfaces.broker.plugin, `${plugins}//broker/kafka`)
  assert.equal(project.interfaces.broker.address, '127.0.0.1:9092')
  assert.equal(project.services[0]?.interfaces.store?.plugin, `${plugins}//store/s3`)
  const implementationsOf = (folder: string) =>
    project.found.get(`${plugins}//${folder}`)?.catalog.implementations.map(({ kind, word }) => `${kind}/${word}`)
  assert.deepEqual(implementationsOf('broker/kafka'), ['broker/kafka'])
  assert.deepEqual(implementationsOf('store/s3'), ['store/s3'])
})

test('readProject() keeps two types of one name apart, by the plugin that each service names', async (t) => {
  const here = await pluginWorld(t)
  const bob = 'github.com/bob/mailhog'
  aliceMailhog(here)
  here.repository(bob).commit({ 'micro.plugin.yml': typeOfStranger(bob, 'catcher').replace('v1.0.3', 'v9.0.0') })
  here.write(
    'project/micro.yml',
    `services:\n  core: { type: catcher }\n  bob: { type: "catcher:v9.0.0", plugin: ${bob} }\n  alice: { type: mailhog, plugin: "${alice}:develop" }\n`,
  )

  const { found, services } = await here.readProject(catalog)

  assert.deepEqual(
    services.map(({ plugin }) => plugin),
    [undefined, bob, `${alice}:develop`],
  )
  assert.deepEqual(found.get(bob)?.catalog.types[0]?.versions, ['v1.0.0', 'v9.0.0'])
})

test('readProject() asks once for all that is not trusted, and tells what happens', async (t) => {
  const here = await pluginWorld(t)
  const bob = 'github.com/bob/mailhog'
  here.configure('')
  aliceMailhog(here)
  here.repository(bob).commit({ 'micro.plugin.yml': typeOfStranger(bob, 'mailhog') })
  here.write('project/micro.yml', `services:\n  a: { type: mailhog, plugin: "${alice}:develop" }\n  b: { type: mailhog, plugin: ${bob} }\n`)
  const questions: string[][] = []
  const events: SourceEvent[] = []

  await here.readProject(catalog, {
    askTrust: async (asked) => {
      questions.push(asked.map(({ source }) => source))
      return asked.map(({ source }) => source)
    },
    onEvent: (event) => events.push(event),
  })

  assert.deepEqual(questions, [[alice, bob]])
  assert.deepEqual(events.flatMap((event) => (event.is === 'fetched' ? [event.key] : [])).sort(), [alice, bob])
})

test('readProject() refuses what nobody trusts, at its place, and fetches nothing', async (t) => {
  const here = await pluginWorld(t)
  here.configure('')
  aliceMailhog(here)
  here.write('project/micro.yml', `services:\n  own: { type: catcher }\n  smtp: { type: mailhog, plugin: "${alice}:develop" }\n`)

  const error = await failureOf(here)

  assert.deepEqual(summary(error), ['permission_denied', 'UNTRUSTED_SOURCE', '3:34'])
  assert.equal(error.place?.file, join(here.project, 'micro.yml'))
  assert.deepEqual(here.server.requests, [])
  assert.deepEqual(here.stored(), [])
  assert.ok(!existsSync(join(here.project, 'micro.lock')))
})

test('readProject() needs no network for what is locked and present', async (t) => {
  const here = await pluginWorld(t)
  aliceMailhog(here)
  here.write('project/micro.yml', `services:\n  smtp: { type: mailhog, plugin: "${alice}:develop" }\n`)
  await here.readProject(catalog)
  await here.server.stop()

  const { found } = await here.readProject(catalog, { offline: true })

  assert.equal(found.get(`${alice}:develop`)?.catalog.types[0]?.type, 'mailhog')
})

test('readProject() says which of several plugins cannot be had, at its place, and keeps none of the others', async (t) => {
  const here = await pluginWorld(t)
  aliceMailhog(here)
  here.write(
    'project/micro.yml',
    `services:\n  a: { type: mailhog, plugin: "${alice}:develop" }\n  b: { type: mailhog, plugin: github.com/bob/gone }\n`,
  )

  const error = await failureOf(here)

  assert.deepEqual(summary(error), ['not_found', 'REPOSITORY_NOT_FOUND', '3:31'])
  assert.equal(error.details?.['reference'], 'github.com/bob/gone')
  assert.deepEqual(here.stored(), [])
})

const plugins = 'github.com/alice/plugins'
const manifests = {
  types: typeOfStranger(plugins, 'mailhog'),
  implementations: `plugins:\n${implementationOf(plugins, 'broker', 'kafka')}`,
  pointers: 'plugins:\n  - { uri: github.com/bob/mailhog, name: Mailhog, description: "Bob\'s" }\n',
  both: `${typeOfStranger(`${plugins}//a`, 'mailhog')}${typeOfStranger(`${plugins}//b`, 'mailhog').replace('plugins:\n', '')}`,
  twice: `plugins:\n${implementationOf(`${plugins}//a`, 'broker', 'kafka')}${implementationOf(`${plugins}//b`, 'broker', 'kafka')}`,
  later: typeOfStranger(plugins, 'mailhog').replace('api: ^1', 'api: ^9'),
  laterImplementation: `plugins:\n${implementationOf(plugins, 'broker', 'kafka', '^9')}`,
} as const

const misfits: Readonly<
  Record<string, { readonly has: keyof typeof manifests; readonly text: string; readonly is: readonly string[]; readonly hint?: RegExp }>
> = {
  'a type that the plugin does not have': {
    has: 'types',
    text: `services:\n  m: { type: mailhg, plugin: ${plugins} }`,
    is: ['invalid_argument', 'UNKNOWN_TYPE', '2:14'],
    hint: /"mailhog"/,
  },
  'a type that only core has': {
    has: 'types',
    text: `services:\n  m: { type: catcher, plugin: ${plugins} }`,
    is: ['invalid_argument', 'UNKNOWN_TYPE', '2:14'],
    hint: /leave "plugin" out/,
  },
  'a version that the type of the plugin does not list': {
    has: 'types',
    text: `services:\n  m: { type: "mailhog:v7", plugin: ${plugins} }`,
    is: ['invalid_argument', 'UNKNOWN_VERSION', '2:14'],
  },
  'a port that the type of the plugin does not have': {
    has: 'types',
    text: `services:\n  m: { type: mailhog, plugin: ${plugins}, ports: { smtp: 25 } }`,
    is: ['invalid_argument', 'UNKNOWN_PORT', '2:66'],
  },
  'a service of a plugin that is an implementation': {
    has: 'implementations',
    text: `services:\n  m: { type: kafka, plugin: ${plugins} }`,
    is: ['failed_precondition', 'PLUGIN_KIND_MISMATCH', '2:29'],
    hint: /broker: \{ type: kafka/,
  },
  'an interface of a plugin that is a type of service': {
    has: 'types',
    text: `broker: { type: mailhog, plugin: ${plugins} }`,
    is: ['failed_precondition', 'PLUGIN_KIND_MISMATCH', '1:34'],
    hint: /as a service/,
  },
  'an interface that the plugin does not implement': {
    has: 'implementations',
    text: `store: { type: kafka, plugin: ${plugins} }`,
    is: ['failed_precondition', 'PLUGIN_KIND_MISMATCH', '1:31'],
  },
  'an implementation that the plugin does not have': {
    has: 'implementations',
    text: `broker: { type: kafak, plugin: ${plugins} }`,
    is: ['invalid_argument', 'UNKNOWN_IMPLEMENTATION', '1:17'],
    hint: /"kafka"/,
  },
  'options that the implementation does not take': {
    has: 'implementations',
    text: `broker: { type: kafka, plugin: ${plugins}, options: { clientIdd: x } }`,
    is: ['invalid_argument', 'PLUGIN_OPTIONS_INVALID', '1:67'],
  },
  'a list with a plugin that is a type of service': {
    has: 'types',
    text: `plugins: [${plugins}]`,
    is: ['failed_precondition', 'PLUGIN_KIND_MISMATCH', '1:11'],
  },
  'a plugin that only points elsewhere': {
    has: 'pointers',
    text: `services:\n  m: { type: mailhog, plugin: ${plugins} }`,
    is: ['invalid_argument', 'PLUGIN_IS_INDEX', '2:31'],
    hint: /github\.com\/bob\/mailhog/,
  },
  'a type that the plugin has twice': {
    has: 'both',
    text: `services:\n  m: { type: mailhog, plugin: ${plugins} }`,
    is: ['invalid_argument', 'AMBIGUOUS_IN_PLUGIN', '2:31'],
    hint: /plugins\/\/a/,
  },
  'an implementation that the plugin has twice': {
    has: 'twice',
    text: `broker: { type: kafka, plugin: ${plugins} }`,
    is: ['invalid_argument', 'AMBIGUOUS_IN_PLUGIN', '1:32'],
    hint: /plugins\/\/a/,
  },
  'a type that is made for another plugin API': {
    has: 'later',
    text: `services:\n  m: { type: mailhog, plugin: ${plugins} }`,
    is: ['failed_precondition', 'PLUGIN_API_MISMATCH', '2:31'],
  },
  'an implementation that is made for another plugin API': {
    has: 'laterImplementation',
    text: `plugins: [${plugins}]`,
    is: ['failed_precondition', 'PLUGIN_API_MISMATCH', '1:11'],
  },
}

for (const [what, { has, text, is, hint }] of Object.entries(misfits))
  test(`readProject() refuses ${what}, at its place`, async (t) => {
    const here = await pluginWorld(t)
    here.repository(plugins).commit({ 'micro.plugin.yml': manifests[has], 'a/x': '', 'b/x': '' })
    here.write('project/micro.yml', text)

    const error = await failureOf(here)

    assert.deepEqual(summary(error), is)
    if (hint !== undefined) assert.match(error.hint ?? '', hint)
  })

test('readProject() looks at a part of a repository without the rest of it', async (t) => {
  const here = await pluginWorld(t)
  here.repository(plugins).commit({ 'micro.plugin.yml': manifests.both, 'a/x': '', 'b/x': '' })
  here.write('project/micro.yml', `services:\n  m: { type: mailhog, plugin: "${plugins}//b" }`)

  const { found } = await here.readProject(catalog)

  assert.deepEqual(
    found.get(`${plugins}//b`)?.catalog.types.map(({ uri }) => uri),
    [`${plugins}//b`],
  )
})

test('readProject() fetches nothing for a file that is wrong in itself, and tells all that is', async (t) => {
  const here = await pluginWorld(t)
  aliceMailhog(here)
  here.write(
    'project/micro.yml',
    `services:\n  a: { type: mailhog, plugin: "${alice}:develop" }\n  b: { type: cacher }\n  c: { type: x, plugin: "-x" }\n`,
  )

  const error = await failureOf(here)

  assert.equal(error.reason, 'INVALID_PROJECT')
  assert.deepEqual(
    ((error.details?.['mistakes'] ?? []) as Mistake[]).map(({ reason, place }) => `${reason} ${place.line}:${place.column}`),
    ['UNKNOWN_TYPE 3:14', 'REF_SYNTAX 4:25'],
  )
  assert.deepEqual(here.server.requests, [])
})

test('readProject() names the nearest of our implementations for one that there is not', async (t) => {
  const here = await pluginWorld(t)
  here.write('project/micro.yml', 'plugins: [store/fil]\n')

  const error = await failureOf(here)

  assert.deepEqual(summary(error), ['not_found', 'UNKNOWN_PLUGIN', '1:11'])
})

test('readProject() takes what another part of the same plugin provides, and refuses it where a service provides nothing', async (t) => {
  const here = await pluginWorld(t)
  const provider = manifests.types.replace('exports: {', 'provides: { broker: kafka, address: "127.0.0.1:${port.http}" }\n      exports: {')
  here.repository(plugins).commit({
    'micro.plugin.yml': `${provider}${implementationOf(plugins, 'broker', 'kafka').replace(plugins, `${plugins}//b`)}`,
    'b/x': '',
  })
  here.write('project/micro.yml', `broker: { service: bus }\nservices:\n  bus: { type: mailhog, plugin: ${plugins} }\n`)
  const { interfaces } = await here.readProject(catalog)
  here.write('project/micro.yml', `store: { service: bus }\nservices:\n  bus: { type: mailhog, plugin: ${plugins} }\n`)

  const error = await failureOf(here)

  assert.equal(interfaces.broker?.service, 'bus')
  assert.deepEqual(summary(error), ['invalid_argument', 'NOT_PROVIDED', '1:1'])
})

test('readProject() refuses a manifest that names files outside of its plugin', async (t) => {
  const here = await pluginWorld(t)
  const outside = typeOfStranger(alice, 'mailhog').replace('dist/server.mjs', '../../../../home/secret.mjs')
  here.repository(alice).commit({ 'micro.plugin.yml': outside })
  here.write('project/micro.yml', `services:\n  smtp: { type: mailhog, plugin: ${alice} }\n`)

  const error = await failureOf(here)

  assert.deepEqual(summary(error), ['invalid_argument', 'INVALID_MANIFEST', '2:34'])
  assert.deepEqual(
    ((error.details?.['mistakes'] ?? []) as Mistake[]).map(({ reason }) => reason),
    ['PATH_OUTSIDE'],
  )
})

test("readProject() gives a mistake in a manifest of the user's own folder its place in that folder", async (t) => {
  const here = await pluginWorld(t)
  here.write('project/micro.yml', 'services:\n  a: { type: mailhog, plugin: ./mine }\n')
  here.write('project/mine/micro.plugin.yml', typeOfStranger('mine', 'mailhog').replace('drivers: {', 'drivrs: {'))

  const error = await failureOf(here)

  assert.equal(error.reason, 'INVALID_MANIFEST')
  assert.equal(error.place?.file, join(here.project, 'mine/micro.plugin.yml'))
  assert.equal(error.place?.line, 11)
})
