import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manifestOf, world } from '../testing/world.js'
import { formatAvailable, listAvailable } from './available.js'
import { resolve } from './resolve.js'

const example = `plugins:
  - uri: mailhog
    name: Mailhog
    description: Lando core Mailhog service
  - uri: github.com/alice/mailhog
    name: Mailhog
    description: Alice's custom version of Mailhog
  - uri: github.com/bob/mailhog
    name: Mailhog
    description: Bob's custom version of Mailhog
  - uri: foo@example.com:bar/baz.git
    name: Baz
    description: Custom hosted repository
`
const core = [{ file: 'micro.plugin.yml', text: manifestOf('mailhog', 'mailhog') }]

test('listAvailable() merges core, what is installed and the indexes; what a plugin says of itself counts more', async (context) => {
  const here = await world(context)
  here.configure('trust: [github.com/alice]\nindexes: [github.com/bob/index]\n')
  here.repository('github.com/bob/index').commit({
    'lando.plugin.yml': example,
    'deep/er/micro.plugin.yml': 'plugins:\n  - { uri: github.com/carol/x, name: X, description: x }\n',
    link: { mode: '120000', text: '/etc' },
  })
  here.repository('github.com/alice/mailhog').commit({ 'micro.plugin.yml': manifestOf('github.com/alice/mailhog', 'mailhog') })
  await resolve(['github.com/alice/mailhog'], here.options())
  here.server.requests.length = 0

  const plugins = await listAvailable({ ...here.options(), core })

  assert.deepEqual(
    plugins.map(({ key, from, source }) => [key, from, source]),
    [
      ['example.com/bar/baz', 'index', 'github.com/bob/index'],
      ['github.com/alice/mailhog', 'installed', 'github.com/alice/mailhog'],
      ['github.com/bob/mailhog', 'index', 'github.com/bob/index'],
      ['github.com/carol/x', 'index', 'github.com/bob/index'],
      ['mailhog', 'core', 'micro'],
    ],
  )
  assert.ok(here.server.requests.every((line) => line.includes('bob/index')))
})

test('listAvailable() goes on with what an index said the last time, offline or when it is away', async (context) => {
  const here = await world(context)
  here.configure('indexes: [github.com/bob/index]\n')
  here.repository('github.com/bob/index').commit({ 'lando.plugin.yml': example })
  const first = await listAvailable(here.options())
  await here.server.stop()
  const events: string[] = []

  assert.deepEqual(await listAvailable(here.options({ offline: true, env: { ...here.env, PATH: '' } })), first)
  assert.deepEqual(await listAvailable(here.options({ onEvent: ({ is }) => events.push(is) })), first)
  assert.ok(events.includes('index-stale'))
})

test('listAvailable() offline asks no index that never was asked', async (context) => {
  const here = await world(context)
  here.configure('indexes: [github.com/bob/index]\n')
  here.repository('github.com/bob/index').commit({ 'lando.plugin.yml': example })

  await assert.rejects(listAvailable(here.options({ offline: true })), { code: 'unavailable', reason: 'OFFLINE' })
  assert.deepEqual(here.server.requests, [])
})

test('formatAvailable() writes the form of the document that it came from, byte for byte', async (context) => {
  const here = await world(context)
  here.configure('indexes: [github.com/bob/index]\n')
  here.repository('github.com/bob/index').commit({ 'lando.plugin.yml': example })
  const plugins = await listAvailable(here.options())
  const asWritten = ['mailhog', 'github.com/alice/mailhog', 'github.com/bob/mailhog', 'foo@example.com:bar/baz.git']

  assert.equal(formatAvailable(asWritten.map((uri) => plugins.find((plugin) => plugin.uri === uri)!)), example)
})

test('formatAvailable() puts in quotes what YAML would take for something else', () => {
  const plugin = { key: 'x', from: 'core', source: 'micro' } as const

  assert.equal(
    formatAvailable([{ ...plugin, uri: 'x', name: 'true', description: 'a: b # c' }]),
    'plugins:\n  - uri: x\n    name: "true"\n    description: "a: b # c"\n',
  )
})
