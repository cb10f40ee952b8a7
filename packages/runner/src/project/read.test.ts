import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MicroError } from '@microts/core/base'
import type { Mistake } from '@microts/source/yaml'
import { workspace } from '../testing/workspace.js'
import { typeManifest } from '../testing/programs.js'
import { parseManifest } from '../types/parse.js'
import { findProject } from './find.js'
import { parseProject, readProject } from './read.js'

const catalog = parseManifest(typeManifest, '/types/micro.plugin.yml')
const location = { folder: '/project', file: '/project/micro.yml', id: 'x' }
const mistakesIn = async (text: string) =>
  (await parseProject(text, location, catalog)).mistakes.filter(({ reason }) => reason !== 'NO_MAIN')

test('readProject() gives services, needs, ports and choices as data', async (t) => {
  const { folder } = workspace(t, {
    'micro.yml': `name: shop
broker: { type: rabbitmq, address: "127.0.0.1:5672", options: { prefetch: 5 } }
plugins: [store/file]
services:
  orders: { type: node, path: ./services/orders, needs: [mail], env: { PORT: 8080, ON: yes, RATIO: 1.10 }, store: file }
  mail: { type: "catcher:v1.0.0", ports: { http: 8025 }, data: keep, driver: embedded }
`,
    'services/orders/main.ts': '',
  })

  const project = await readProject(findProject(`${folder}/services/orders`, {}), catalog)

  const [orders, mail] = project.services
  assert.equal(project.name, 'shop')
  assert.equal(project.folder, folder)
  assert.match(project.id, /^[0-9a-f]{64}$/)
  assert.deepEqual(orders?.needs, ['mail'])
  assert.deepEqual(orders?.env, { PORT: '8080', ON: 'yes', RATIO: '1.10' })
  assert.equal(orders?.folder, `${folder}/services/orders`)
  assert.equal(orders?.interfaces.store?.name, 'file')
  assert.equal(orders?.interfaces.store?.place.line, 5)
  assert.equal(mail?.type, 'catcher')
  assert.equal(mail?.version, 'v1.0.0')
  assert.deepEqual(mail?.ports, { http: 8025 })
  assert.equal(mail?.keepsData, true)
  assert.equal(project.interfaces.broker?.address, '127.0.0.1:5672')
  assert.deepEqual({ ...project.interfaces.broker?.options }, { prefetch: 5 })
  assert.deepEqual(
    project.plugins.map(({ reference, place }) => `${reference} ${place.line}:${place.column}`),
    ['store/file 3:11'],
  )
  assert.deepEqual(
    project.found.get('store/file')?.catalog.implementations.map(({ kind, word }) => `${kind}/${word}`),
    ['store/file'],
  )
})

const cases: Readonly<Record<string, { readonly text: string; readonly reason: string; readonly at: string; readonly hint?: RegExp }>> = {
  'a type that is misspelt': {
    text: 'services:\n  m: { type: cacher }',
    reason: 'UNKNOWN_TYPE',
    at: '2:14',
    hint: /"catcher"/,
  },
  'a version that the type does not list': { text: 'services:\n  m: { type: "catcher:v9" }', reason: 'UNKNOWN_VERSION', at: '2:14' },
  'a key that is misspelt': {
    text: 'services:\n  m: { type: catcher, drivr: embedded }',
    reason: 'UNKNOWN_KEY',
    at: '2:23',
    hint: /"driver"/,
  },
  'a key of the file that is misspelt': { text: 'service: {}', reason: 'UNKNOWN_KEY', at: '1:1', hint: /"services"/ },
  'a key without a space after its colon': {
    text: 'services:\n  m: { type:catcher }',
    reason: 'UNKNOWN_KEY',
    at: '2:8',
    hint: /"type: catcher"/,
  },
  'a service without a space after its colon': { text: 'services:\n  m:catcher', reason: 'WRONG_TYPE', at: '2:3', hint: /"m: catcher"/ },
  'a key that stands twice': { text: 'services:\n  m: { type: catcher, type: bus }', reason: 'DUPLICATE_KEY', at: '2:23' },
  'a service that stands twice': { text: 'services:\n  m: { type: catcher }\n  m: { type: bus }', reason: 'DUPLICATE_KEY', at: '3:3' },
  'a number where a text is meant': { text: 'services:\n  m: { type: 15 }', reason: 'WRONG_TYPE', at: '2:14', hint: /"15"/ },
  'a name that is a number': { text: 'name: 1.0', reason: 'WRONG_TYPE', at: '1:7', hint: /"1\.0"/ },
  'a service without a type': { text: 'services:\n  m: {}', reason: 'MISSING_KEY', at: '2:6' },
  'a service that is nothing': { text: 'services:\n  m:', reason: 'WRONG_TYPE', at: '2:5' },
  'a need that no service answers': {
    text: 'services:\n  m: { type: catcher, needs: [buss] }\n  bus: { type: bus }',
    reason: 'UNKNOWN_SERVICE',
    at: '2:31',
    hint: /"bus"/,
  },
  'needs that go round': {
    text: 'services:\n  a: { type: catcher, needs: [b] }\n  b: { type: catcher, needs: [c] }\n  c: { type: catcher, needs: [a] }',
    reason: 'NEEDS_CYCLE',
    at: '2:31',
  },
  'a service that needs itself': { text: 'services:\n  a: { type: catcher, needs: [a] }', reason: 'NEEDS_CYCLE', at: '2:31' },
  'a driver that does not exist': {
    text: 'services:\n  m: { type: catcher, driver: dockr }',
    reason: 'UNKNOWN_WORD',
    at: '2:31',
    hint: /"docker"/,
  },
  'a driver that the type does not have': {
    text: 'services:\n  m: { type: catcher, driver: native }',
    reason: 'UNKNOWN_DRIVER',
    at: '2:31',
  },
  'a port that the type does not have': {
    text: 'services:\n  m: { type: catcher, ports: { htp: 1 } }',
    reason: 'UNKNOWN_PORT',
    at: '2:32',
    hint: /"http"/,
  },
  'a port beyond 65535': { text: 'services:\n  m: { type: catcher, ports: { http: 70000 } }', reason: 'WRONG_TYPE', at: '2:38' },
  'a port that two services have': {
    text: 'services:\n  m: { type: catcher, ports: { http: 80 } }\n  n: { type: catcher, ports: { http: 80 } }',
    reason: 'PORT_TWICE',
    at: '3:38',
  },
  'a path for another type': { text: 'services:\n  m: { type: catcher, path: ./x }', reason: 'KEY_NOT_FOR_TYPE', at: '2:23' },
  'a driver for a service of ours': {
    text: 'services:\n  o: { type: node, path: ./o, driver: docker }',
    reason: 'KEY_NOT_FOR_TYPE',
    at: '2:31',
  },
  'a service of ours without a path': { text: 'services:\n  o: { type: node }', reason: 'MISSING_KEY', at: '2:3' },
  'a path that leaves the project': { text: 'services:\n  o: { type: node, path: ../o }', reason: 'PATH_OUTSIDE', at: '2:26' },
  'an environment that is __proto__': {
    text: 'services:\n  m: { type: catcher, env: { __proto__: x } }',
    reason: 'UNSAFE_KEY',
    at: '2:30',
  },
  'two services that provide a broker': {
    text: 'services:\n  o: { type: node, path: ./o }\n  a: { type: bus }\n  b: { type: bus }',
    reason: 'AMBIGUOUS_PROVIDER',
    at: '2:3',
    hint: /broker: \{ service: a \}/,
  },
  'a broker of a service that provides none': {
    text: 'broker: { service: m }\nservices:\n  m: { type: catcher }',
    reason: 'NOT_PROVIDED',
    at: '1:1',
  },
  'a broker of a service that is not there': { text: 'broker: { service: m }\nservices: {}', reason: 'UNKNOWN_SERVICE', at: '1:1' },
  'a choice that chooses nothing': { text: 'broker: { address: "127.0.0.1:1" }', reason: 'MISSING_KEY', at: '1:1' },
  'a plugin that is no reference': { text: 'plugins: [file]', reason: 'PLUGIN_REFERENCE', at: '1:11' },
  'a plugin of an interface that is not there': { text: 'plugins: [stor/file]', reason: 'PLUGIN_REFERENCE', at: '1:11' },
  'a type of a plugin that is no reference': {
    text: 'services:\n  m: { type: catcher, plugin: catcher }',
    reason: 'PLUGIN_REFERENCE',
    at: '2:31',
  },
  'a plugin that would be an option of git': {
    text: 'services:\n  m: { type: catcher, plugin: "--upload-pack=x" }',
    reason: 'REF_SYNTAX',
    at: '2:31',
  },
  'a plugin over a transport that runs commands': {
    text: 'broker: { type: x, plugin: "ext::sh -c id" }',
    reason: 'PROTO_DENIED',
    at: '1:28',
  },
  'a plugin with a password in it': {
    text: 'plugins:\n  - https://me:secret@example.com/a/b',
    reason: 'CRED_IN_URL',
    at: '2:5',
  },
  'a plugin for a service of ours': {
    text: 'services:\n  o: { type: node, path: ./o, plugin: github.com/a/b }',
    reason: 'KEY_NOT_FOR_TYPE',
    at: '2:31',
  },
}

for (const [what, { text, reason, at, hint }] of Object.entries(cases))
  test(`parseProject() refuses ${what}, with its place`, async () => {
    const mistakes = await mistakesIn(text)

    assert.deepEqual(
      mistakes.map(({ reason, place }) => `${reason} ${place.line}:${place.column}`),
      [`${reason} ${at}`],
    )
    if (hint !== undefined) assert.match(mistakes[0]?.hint ?? '', hint)
  })

test('parseProject() takes micro and lando for core', async () => {
  assert.deepEqual(await mistakesIn('services:\n  a: { type: catcher, plugin: micro }\n  b: { type: catcher, plugin: lando }'), [])
})

test('readProject() tells all mistakes of a file at once, in its order', async (t) => {
  const { folder } = workspace(t, {
    'micro.yml': 'services:\n  a: { type: cacher }\n  b: { type: catcher, drivr: x }\n  c: { type: node, path: ./c }\n',
  })

  const error: unknown = await readProject(findProject(folder, {}), catalog).catch((thrown: unknown) => thrown)

  assert.ok(MicroError.is(error))
  assert.equal(error.code, 'invalid_argument')
  assert.equal(error.reason, 'INVALID_PROJECT')
  assert.equal(error.place?.line, 2)
  assert.deepEqual(
    ((error.details?.['mistakes'] ?? []) as Mistake[]).map(({ reason }) => reason),
    ['UNKNOWN_TYPE', 'UNKNOWN_KEY', 'NO_MAIN'],
  )
})

test('readProject() gives the code and reason of the mistakes when they are of one kind', async (t) => {
  const { folder } = workspace(t, { 'micro.yml': 'services:\n  a: { type: x }\n  b: { type: y }\n' })

  await assert.rejects(readProject(findProject(folder, {}), catalog), { code: 'invalid_argument', reason: 'UNKNOWN_TYPE' })
})

test('readProject() passes over what only Lando knows, and takes the name of the folder', async (t) => {
  const { folder } = workspace(t, {
    '.lando.yml': 'recipe: lamp\nservices:\n  smtp:\n    type: catcher\n    portforward: true\n',
  })

  const project = await readProject(findProject(folder, {}), catalog)

  assert.equal(project.name, 'project')
  assert.deepEqual(project.passedOver, ['recipe', 'services.smtp.portforward'])
  assert.deepEqual(
    project.services.map(({ type }) => type),
    ['catcher'],
  )
})

test('readProject() takes an empty file for a project without services', async (t) => {
  const { folder } = workspace(t, { 'micro.yml': '# nothing yet\n' })

  assert.deepEqual((await readProject(findProject(folder, {}), catalog)).services, [])
})

test('findProject() takes the nearest file upwards, and micro.yml before .lando.yml', (t) => {
  const { folder } = workspace(t, { 'micro.yml': '', '.lando.yml': '', 'inner/.lando.yml': '', 'inner/deep/x': '', 'other/x': '' })

  assert.equal(findProject(`${folder}/inner/deep`, {}).file, `${folder}/inner/.lando.yml`)
  assert.equal(findProject(`${folder}/other`, {}).file, `${folder}/micro.yml`)
  assert.equal(findProject(folder, { MICRO_PROJECT: 'mine' }).id, 'mine')
})

test('findProject() says where it looked', (t) => {
  const { folder } = workspace(t)

  assert.throws(() => findProject(folder, {}), { code: 'not_found', reason: 'PROJECT_NOT_FOUND' })
  assert.throws(() => findProject(`${folder}/nowhere`, {}), { code: 'not_found', reason: 'FOLDER_NOT_FOUND' })
})
