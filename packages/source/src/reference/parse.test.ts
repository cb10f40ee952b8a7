import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MicroError } from '@microts/core/base'
import { array, assert as assertProperty, constantFrom, oneof, property, string } from 'fast-check'
import { canonicalKey, formatReference } from './format.js'
import { parseReference } from './parse.js'
import { vectors } from './vectors.fixture.js'

const refusals = ['REF_SYNTAX', 'PROTO_DENIED', 'INSECURE', 'HOST_SYNTAX', 'PATH_ESCAPE', 'RESERVED_NAME', 'CRED_IN_URL']

function refusalOf(text: string): MicroError | undefined {
  try {
    parseReference(text)
    return undefined
  } catch (error) {
    assert.ok(MicroError.is(error), `not a MicroError: ${String(error)}`)
    return error
  }
}

for (const vector of vectors) {
  const name = JSON.stringify(vector.text.length > 90 ? `${vector.text.slice(0, 90)}...` : vector.text)
  if ('reason' in vector) {
    test(`parseReference() refuses ${name}: ${vector.reason}`, () => {
      const error = refusalOf(vector.text)

      assert.equal(error?.reason, vector.reason)
      assert.equal(error?.code, 'invalid_argument')
      assert.ok((error?.hint ?? '').length > 0)
    })
  } else {
    test(`parseReference() reads ${name}`, () => {
      const reference = parseReference(vector.text)

      assert.equal(formatReference(reference), vector.canonical)
      assert.equal(canonicalKey(reference), vector.key)
      assert.deepEqual(parseReference(vector.canonical), reference)
    })
  }
}

test('parseReference() has at least 200 vectors, each written once', () => {
  assert.ok(vectors.length >= 200, `found ${vectors.length}`)
  assert.equal(new Set(vectors.map(({ text }) => text)).size, vectors.length)
})

const mailhog = 'github.com/alice/mailhog'
const kafka = 'github.com/alice/plugins//broker/kafka'

// As npm, go-getter, pip and Go have them; to the right what is to be written.
for (const [text, wanted] of [
  ['git+https://github.com/alice/mailhog.git', mailhog],
  ['git+https://github.com/Alice/Mailhog.git#v1', `${mailhog}:v1`],
  ['git+https://github.com/alice/mailhog.git#semver:^1.2', `${mailhog}:^1.2`],
  ['https://github.com/alice/mailhog#semver:^1', `${mailhog}:^1`],
  ['git+https://github.com/alice/plugins.git#v1::path:broker/kafka', `${kafka}:v1`],
  ['git+ssh://git@github.com/alice/mailhog.git#v1', 'ssh://git@github.com/alice/mailhog#v1'],
  ['git+ssh://git@github.com:alice/mailhog.git#v1', 'git@github.com:alice/mailhog#v1'],
  ['ssh://git@github.com:alice/mailhog.git', 'git@github.com:alice/mailhog'],
  ['git://github.com/alice/mailhog.git', mailhog],
  ['github:alice/mailhog#v1', `${mailhog}:v1`],
  ['github:alice/mailhog#semver:^1.2', `${mailhog}:^1.2`],
  ['alice/mailhog#v1', `${mailhog}:v1`],
  ['bitbucket:alice/mailhog', 'bitbucket.org/alice/mailhog'],
  ['git::https://github.com/alice/mailhog.git', mailhog],
  ['git::https://github.com/alice/mailhog.git?ref=v1&depth=1', `${mailhog}:v1`],
  ['git::ssh://git@github.com/alice/mailhog.git?ref=v1', 'ssh://git@github.com/alice/mailhog#v1'],
  ['git::git@github.com:alice/mailhog.git', 'git@github.com:alice/mailhog'],
  ['github.com/alice/plugins//broker/kafka?ref=v1', `${kafka}:v1`],
  ['git@github.com:alice/plugins.git//broker/kafka?ref=v1', 'git@github.com:alice/plugins//broker/kafka#v1'],
  ['git+https://github.com/alice/mailhog.git@v1', `${mailhog}:v1`],
  ['git+https://github.com/alice/mailhog.git@v1#egg=mailhog', `${mailhog}:v1`],
  ['git+https://github.com/alice/plugins.git@v1#egg=k&subdirectory=broker/kafka', `${kafka}:v1`],
  ['mailhog @ git+https://github.com/alice/mailhog.git@v1', `${mailhog}:v1`],
  ['git+ssh://git@github.com/alice/mailhog.git@v1', 'ssh://git@github.com/alice/mailhog#v1'],
  ['github.com/alice/mailhog@v1.2.3', `${mailhog}:v1.2.3`],
  ['github.com/alice/mailhog#v1', `${mailhog}:v1`],
  ['git@github.com:alice/mailhog.git:v1', 'git@github.com:alice/mailhog#v1'],
] as const)
  test(`parseReference() says how ${text} is written here`, () => {
    const error = refusalOf(text)

    assert.equal(error?.code, 'invalid_argument')
    assert.equal(error.hint, `Write ${wanted}`)
    assert.ok([mailhog, kafka, 'bitbucket.org/alice/mailhog'].includes(canonicalKey(parseReference(wanted))))
  })

test('parseReference() proposes nothing for what would run a command, read a file or hold a password', () => {
  for (const text of [
    'git::ext::sh -c id',
    'git::file:///etc',
    'git+https://u:tok@github.com/a/b',
    'git::https://tok@github.com/a/b',
    'git+file:///x',
    'github.com@evil.com/a/b#v1',
  ])
    assert.ok(!/Write (ext|file|git::|https:\/\/.*@|github\.com@)/.test(refusalOf(text)?.hint ?? ''), text)
})

test('parseReference() shows no password and no control character in a refusal', () => {
  for (const { text } of vectors) {
    const error = refusalOf(text)
    if (error === undefined) continue
    assert.ok(!/tok\b/.test(`${error.message} ${error.hint ?? ''}`), text)
    assert.match(error.message, /^[ -~]*$/)
  }
})

// Made of the pieces that matter, so that most of what is drawn is nearly a reference.
const pieces = array(
  oneof(
    constantFrom(
      'github.com',
      'git.example.com',
      'https://',
      'ssh://',
      'git@',
      '/',
      '//',
      ':',
      '#',
      '.git',
      '8443',
      'v1',
      '^1.2',
      '@',
      '-',
      '..',
      '~',
    ),
    constantFrom('./', '../', 'npm:', 'github:', 'heads/', 'tags/', 'A', 'b', 'con', '.lock', '?', '\\', '\0', ' ', '\u0456', '>=1', '%2e'),
    string({ maxLength: 4 }),
  ),
  { maxLength: 12 },
)

test('parseReference() gives the same again for what formatReference() writes, whatever it was read from', () => {
  assertProperty(
    property(pieces, (parts) => {
      const text = parts.join('')
      if (refusalOf(text) !== undefined) return
      const reference = parseReference(text)
      assert.deepEqual(parseReference(formatReference(reference)), reference)
    }),
    { numRuns: 5000 },
  )
})

test('parseReference() either reads a text or refuses it with one of its reasons', () => {
  assertProperty(
    property(
      oneof(
        string({ unit: 'binary', maxLength: 60 }),
        pieces.map((parts) => parts.join('')),
      ),
      (text) => {
        const error = refusalOf(text)
        if (error !== undefined) assert.ok(refusals.includes(error.reason), error.reason)
      },
    ),
    { numRuns: 3000 },
  )
})

test('parseReference() lets nothing through that git or a shell would take for more than a name', () => {
  assertProperty(
    property(pieces, (parts) => {
      const text = parts.join('')
      if (refusalOf(text) !== undefined) return
      const reference = parseReference(text)
      if (reference.from !== 'git') return
      assert.match(reference.host, /^[a-z0-9.-]+\.[a-z0-9]+$/)
      for (const path of [reference.path, reference.folder ?? 'x'])
        assert.match(path, /^[A-Za-z0-9_~][A-Za-z0-9._~-]*(\/[A-Za-z0-9_~][A-Za-z0-9._~-]*)*$/)
      assert.doesNotMatch(reference.revision?.text ?? 'x', /^[-/]|\.\.|[\\\0]/)
    }),
    { numRuns: 3000 },
  )
})
