import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { isTrusted, parseTrust, parseTrustValues, resembling } from './trust.js'
import { addTrust, parseUserConfig, readUserConfig } from './user-config.js'

const commit = '9f3c'.repeat(10)
const key = 'github.com/alice/mailhog'

for (const [entry, yes, no] of [
  ['github.com', [key, 'github.com/bob/x//y'], ['github.com.evil.com/a/b', 'gitlab.com/a/b']],
  ['github.com/alice', [key], ['github.com/alice2/mailhog', 'github.com/bob/mailhog']],
  [key, [key, `${key}//sub`], ['github.com/alice/mailhog2', 'github.com/alice/other']],
  [`${key}//sub`, [`${key}//sub`, `${key}//sub/x`], [key, `${key}//sub2`]],
  ['gitlab.com/group/sub', ['gitlab.com/group/sub/repo'], ['gitlab.com/group/subway/repo']],
  ['git.example.com:8443', ['git.example.com:8443/a/b'], ['git.example.com/a/b']],
] as const) {
  test(`isTrusted() with ${entry} covers ${yes.join(', ')} and not ${no.join(', ')}`, () => {
    const trust = { entries: [parseTrust(entry)] }

    for (const one of yes) assert.ok(isTrusted(trust, one, commit), one)
    for (const one of no) assert.ok(!isTrusted(trust, one, commit), one)
  })
}

test('isTrusted() with a commit covers that commit and no other', () => {
  const trust = { entries: [parseTrust(`${key}:${commit}`)] }

  assert.deepEqual([isTrusted(trust, key, commit), isTrusted(trust, key, 'a'.repeat(40)), isTrusted(trust, key)], [true, false, false])
})

test('parseTrust() gives one spelling for many, and refuses what may mean something else tomorrow', () => {
  assert.equal(parseTrust('https://GitHub.com/Alice/Mailhog.git'), key)
  assert.equal(parseTrust('GitHub.com/Alice'), 'github.com/alice')
  for (const text of [`${key}:develop`, 'alice', './x', '*', 'github.com/*', 'broker/nats', '', 'yes', 'https://u:p@github.com/a/b'])
    assert.throws(() => parseTrust(text), { code: 'invalid_argument', reason: 'TRUST_SYNTAX' }, text)
})

test('resembling() finds the trusted owner whose name is nearly the same, on its host or on a host of nearly its name', () => {
  const trust = { entries: ['git.example.com', 'github.com/alice', 'gitlab.com/bob/tools'] }

  assert.equal(resembling(trust, 'github.com/a1ice/mailhog'), 'github.com/alice')
  assert.equal(resembling(trust, 'githib.com/alice/mailhog'), 'github.com/alice')
  assert.equal(resembling(trust, 'gitlab.com/bobb/x'), 'gitlab.com/bob')
  for (const other of ['github.com/bob/mailhog', 'github.com/alice/other', 'gitlab.com/alice/mailhog', 'git.example.com/x/y'])
    assert.equal(resembling(trust, other), undefined, other)
})

test('parseTrustValues() takes commas and spaces, and keeps the word lock', () => {
  assert.deepEqual(parseTrustValues(['github.com/alice,gitlab.com  lock', '']), ['github.com/alice', 'gitlab.com', 'lock'])
})

test('addTrust() adds once, keeps comments and other keys, and makes the file when there is none', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'micro-trust-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'new/config.yml')
  const folders = { configFile: file, cache: join(folder, 'cache') }

  await addTrust(folders, ['github.com/Alice'])
  writeFileSync(file, `# mine\n${readFileSync(file, 'utf8')}indexes: [github.com/x/index] # all\n`)
  await Promise.all([addTrust(folders, ['github.com/alice', 'github.com/bob']), addTrust(folders, ['gitlab.com'])])

  const { trust, indexes } = await readUserConfig(file)
  assert.deepEqual([[...trust].sort(), indexes], [['github.com/alice', 'github.com/bob', 'gitlab.com'], ['github.com/x/index']])
  assert.match(readFileSync(file, 'utf8'), /^# mine\n[^]*# all\n$/)
})

test('parseUserConfig() refuses what it does not know', () => {
  for (const text of [
    'trsut: []',
    'trust: github.com',
    'trust: [[a]]',
    'mirrors: { github.com: "https://x/y" }',
    'mirrors: []',
    '- 1',
    'trust: [',
    '__proto__: {}',
  ])
    assert.throws(() => parseUserConfig(text, 'config.yml'), { code: 'invalid_argument', reason: 'USER_CONFIG_INVALID' }, text)
  assert.deepEqual(parseUserConfig('', 'config.yml'), { trust: [], mirrors: new Map(), indexes: [] })
  assert.deepEqual(parseUserConfig('trust:\nmirrors:\n', 'config.yml').trust, [])
})
