import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manifestOf } from '../testing/world.js'
import { mergeManifests, providedBy } from './merge.js'

/** As Lando's document about plugins has it. */
const landoExample = `plugins:
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

const repository = 'github.com/alice/plugins'
const merge = (files: Readonly<Record<string, string>>, folder?: string) =>
  mergeManifests(
    Object.entries(files).map(([file, text]) => ({ file, text })),
    { key: folder === undefined ? repository : `${repository}//${folder}`, repository, folder },
  )

test("mergeManifests() reads the example of Lando's document as an index of four", () => {
  const { plugins, pointers } = merge({ 'lando.plugin.yml': landoExample })

  assert.deepEqual(plugins, [])
  assert.deepEqual(
    pointers.map(({ key }) => key),
    ['mailhog', 'github.com/alice/mailhog', 'github.com/bob/mailhog', 'example.com/bar/baz'],
  )
  assert.deepEqual(pointers.map(({ uri }) => uri)[3], 'foo@example.com:bar/baz.git')
})

test('mergeManifests() tells what lives in a repository from what is named elsewhere', () => {
  const text = `${manifestOf(`${repository}//a`, 'a')}  - { uri: github.com/bob/x, name: X, description: x }\n  - { uri: ${repository}, name: All, description: all }\n`

  const { plugins, pointers } = merge({ 'micro.plugin.yml': text })

  assert.deepEqual(
    plugins.map(({ key }) => key),
    [`${repository}//a`, repository],
  )
  assert.deepEqual(
    pointers.map(({ key }) => key),
    ['github.com/bob/x'],
  )
})

test('mergeManifests() gives of a folder only what is in it, and says what there is when that is nothing', () => {
  const files = { 'micro.plugin.yml': manifestOf(`${repository}//a`, 'a'), 'b/c/micro.plugin.yml': manifestOf(`${repository}//b/c`, 'c') }

  assert.deepEqual(
    merge(files, 'b').plugins.map(({ key }) => key),
    [`${repository}//b/c`],
  )
  assert.throws(() => merge(files, 'b/cc'), { code: 'not_found', reason: 'NOT_IN_MANIFEST' })
})

test('mergeManifests() takes micro.plugin.yml where a folder has both, and none that is too deep or in node_modules', () => {
  const files = {
    'micro.plugin.yml': manifestOf(repository, 'micro'),
    'lando.plugin.yml': manifestOf(repository, 'lando'),
    'a/lando.plugin.yml': manifestOf(`${repository}//a`, 'a'),
    'node_modules/x/micro.plugin.yml': 'nonsense: [',
    'a/b/c/d/e/f/g/micro.plugin.yml': 'nonsense: [',
  }

  assert.deepEqual(providedBy(merge(files)), { types: ['a', 'micro'], implementations: [] })
})

test('mergeManifests() names both places of a uri that is declared twice', () => {
  const twice = {
    'micro.plugin.yml': manifestOf(`${repository}//a`, 'a'),
    'a/micro.plugin.yml': manifestOf('github.com/Alice/Plugins//a', 'a'),
  }

  assert.throws(() => merge(twice), {
    reason: 'URI_TWICE',
    details: { key: repository, uri: `${repository}//a`, files: ['a/micro.plugin.yml', 'micro.plugin.yml'] },
  })
})

test('mergeManifests() finds every mistake, each with its place', () => {
  const text =
    'plugins:\n  - uri: a b\n    name: n\n    description: d\n  - uri: x\n    nam: n\n  - 5\n  - { uri: y, name: n, description: d, capabilities: net, service: text }\n'

  assert.throws(
    () => merge({ 'micro.plugin.yml': text }),
    (error: { reason: string; details: { mistakes: { reason: string; place: { line: number } }[] } }) => {
      assert.equal(error.reason, 'INVALID_MANIFEST')
      assert.deepEqual(
        error.details.mistakes.map(({ reason, place }) => [reason, place.line]),
        [
          ['BAD_URI', 2],
          ['UNKNOWN_KEY', 6],
          ['MISSING_KEY', 5],
          ['MISSING_KEY', 5],
          ['WRONG_TYPE', 7],
          ['WRONG_TYPE', 8],
          ['WRONG_TYPE', 8],
        ],
      )
      return true
    },
  )
})

test('mergeManifests() without a manifest shows one to paste', () => {
  assert.throws(
    () => merge({}),
    (error: { reason: string; hint: string }) => error.reason === 'NO_MANIFEST' && error.hint.includes(`uri: ${repository}`),
  )
})

test('mergeManifests() takes any uri in a folder of the project', () => {
  const { plugins } = mergeManifests([{ file: 'micro.plugin.yml', text: manifestOf('broker/mine', 'mine') }], { key: './mine' })

  assert.equal(plugins[0]?.key, 'broker/mine')
})

test('providedBy() names service types and implementations', () => {
  const text = `plugins:\n  - uri: ${repository}\n    name: n\n    description: d\n    implementation: { kind: broker, name: kafka, entry: dist/index.js }\n`

  assert.deepEqual(providedBy(merge({ 'micro.plugin.yml': text })), { types: [], implementations: ['broker/kafka'] })
})
