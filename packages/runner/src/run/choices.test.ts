import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FoundPlugin } from '../plugins/found-plugin.js'
import type { InterfaceChoices, Project, ServiceDefinition } from '../project/project.js'
import { workspace } from '../testing/workspace.js'
import type { ImplementationManifest } from '../types/manifest.js'
import { type Providers, resolveChoices } from './choices.js'
import type { SaidChoices } from './said.js'

const place = { file: '/shop/micro.yml', line: 4 }
const broker = (name: string, more: object = {}): InterfaceChoices => ({ broker: { kind: 'broker', name, options: {}, place, ...more } })
const said = (name: string, reference?: string): SaidChoices =>
  new Map([['broker', { name, why: '--plugins', ...(reference !== undefined && { reference }) }]])
const bus: Providers = new Map([['bus', { kind: 'broker', name: 'nats', address: 'nats://127.0.0.1:${port.client}' }]])

interface Situation {
  readonly service?: Partial<ServiceDefinition>
  readonly project?: Partial<Project>
  readonly providers?: Providers
  readonly env?: Readonly<Record<string, string>>
  readonly said?: SaidChoices
}

function resolve(situation: Situation) {
  const service: ServiceDefinition = {
    name: 'one',
    type: 'node',
    needs: [],
    env: {},
    ports: {},
    keepsData: false,
    interfaces: {},
    place,
    ...situation.service,
  }
  const project: Project = {
    name: 'shop',
    folder: '/shop',
    id: 'x',
    services: [service],
    interfaces: {},
    plugins: [],
    found: new Map(),
    passedOver: [],
    ...situation.project,
  }
  return resolveChoices(service, project, situation.providers ?? new Map(), situation.env ?? {}, situation.said)
}

const chosen = (situation: Situation) => {
  const { choices, usesOwnBroker } = resolve(situation)
  const choice = choices.find(({ kind }) => kind === 'broker')
  return [choice?.name, choice?.why, usesOwnBroker]
}

test('resolveChoices() takes what is said first: command line, environment, service, top of the file, what is provided', () => {
  const all = {
    providers: bus,
    project: { interfaces: broker('rabbitmq') },
    service: { interfaces: broker('kafka') },
    env: { MICRO_BROKER: 'memory' },
    said: said('redis'),
  }
  const { said: _said, ...withoutSaid } = all
  const { env: _env, ...withoutEnv } = withoutSaid
  const { service: _service, ...withoutService } = withoutEnv
  const { project: _project, ...withoutProject } = withoutService

  assert.deepEqual(chosen(all), ['redis', '--plugins', false])
  assert.deepEqual(chosen(withoutSaid), [undefined, undefined, false], 'the environment speaks for itself')
  assert.deepEqual(chosen({ ...withoutEnv, service: { ...all.service, env: { MICRO_BROKER: 'enats' } } }), [undefined, undefined, true])
  assert.deepEqual(chosen(withoutEnv), ['kafka', 'micro.yml:4', false])
  assert.deepEqual(chosen(withoutService), ['rabbitmq', 'micro.yml:4', false])
  assert.deepEqual(chosen(withoutProject), ['nats', 'bus provides it', false])
  assert.deepEqual(chosen({}), [undefined, undefined, true])
})

test("resolveChoices() keeps the file's options and address for what the command line says too", () => {
  const written = broker('nats', { options: { name: 'x' }, address: 'nats://a:1' })

  const [same] = resolve({ service: { interfaces: written }, said: said('nats', 'broker/nats') }).choices
  const [other] = resolve({ service: { interfaces: written }, said: said('kafka') }).choices
  const [provided] = resolve({ providers: bus, said: said('nats') }).choices
  const [stranger] = resolve({ providers: bus, said: said('nats', './nats') }).choices

  assert.deepEqual(same, { kind: 'broker', name: 'nats', options: { name: 'x' }, address: 'nats://a:1', why: '--plugins' })
  assert.deepEqual(other, { kind: 'broker', name: 'kafka', options: {}, why: '--plugins' })
  assert.equal(provided?.provider, 'bus')
  assert.equal(stranger?.provider, undefined, 'of the same name, and not the same')
})

test('resolveChoices() knows when the broker of the run itself is used', (t) => {
  const listed = workspace(t, { 'plugins.ts': "export const plugins = [{ manifest: { reference: './x', kind: 'broker', name: 'x' } }]\n" })
  const own = (situation: Situation) => resolve(situation).usesOwnBroker

  assert.equal(own({ said: said('enats') }), true)
  assert.equal(own({ said: said('enats'), env: { MICRO_BROKER_ADDRESS: 'nats://a:1' } }), false)
  assert.equal(own({ said: said('memory') }), false)
  assert.equal(own({ service: { folder: listed.folder } }), false)
  assert.equal(own({ service: { folder: listed.folder }, said: said('enats') }), true)
  assert.equal(own({ service: { interfaces: broker('enats', { address: 'nats://a:1' }) } }), false)
})

test('resolveChoices() wants a plugin only where it is not at hand, and from where it is written', (t) => {
  const { folder } = workspace(t, {
    'plugins.ts': "export const plugins = [{ manifest: { reference: 'github.com/bob/kafka', kind: 'broker', name: 'kafka' } }]\n",
  })
  const wanted = (situation: Situation) => resolve({ ...situation, service: { folder, ...situation.service } }).plugins

  assert.deepEqual(wanted({ service: { interfaces: broker('kafka') } }), [])
  assert.deepEqual(wanted({ service: { interfaces: broker('memory') } }), [])
  assert.deepEqual(wanted({ said: said('nats') }), [{ kind: 'broker', name: 'nats' }])
  assert.deepEqual(wanted({ service: { interfaces: broker('kafka', { plugin: 'github.com/bob/kafka' }) } }), [])

  const alice = { service: { interfaces: broker('kafka', { plugin: 'github.com/alice/kafka' }) } }
  assert.deepEqual(wanted(alice), [{ kind: 'broker', name: 'kafka', plugin: 'github.com/alice/kafka', place }])
  const { choices } = resolve({ service: { ...alice.service, folder } })
  assert.equal(choices[0]?.name, 'github.com/alice/kafka', 'the word alone could mean two')
})

test('resolveChoices() adds each implementation of the plugins at the top of the file', () => {
  const implementation = (kind: 'broker' | 'store', word: string): ImplementationManifest => ({
    kind,
    word,
    uri: 'u',
    name: 'n',
    description: 'd',
    api: '^1',
    file: '/x/micro.plugin.yml',
    entry: 'index.js',
  })
  const both: FoundPlugin = {
    reference: './both',
    from: 'path',
    key: './both',
    catalog: { types: [], implementations: [implementation('broker', 'x'), implementation('store', 'y')] },
  }

  const { plugins, usesOwnBroker } = resolve({ project: { plugins: [{ reference: './both', place }], found: new Map([['./both', both]]) } })

  assert.deepEqual(plugins, [
    { kind: 'broker', name: 'x', plugin: './both', place },
    { kind: 'store', name: 'y', plugin: './both', place },
  ])
  assert.equal(usesOwnBroker, false)
})
