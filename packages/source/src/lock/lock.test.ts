import assert from 'node:assert/strict'
import { test } from 'node:test'
import { array, assert as assertProperty, constantFrom, nat, property, record, uniqueArray } from 'fast-check'
import { formatLock } from './format.js'
import { type Addition, type Lock, emptyLock, withPlugin } from './lock.js'
import { parseLock } from './parse.js'

const hex = (text: string, digits = 40) => text.repeat(digits).slice(0, digits)

const addition = (key: string, revision: string, commit: string): Addition => ({
  key,
  url: `https://${key.split('//')[0] ?? ''}`,
  revision,
  commit,
  known: {
    ref: `refs/heads/${/^[a-z]+$/.test(revision) ? revision : 'main'}`,
    h1: hex('ab1', 64),
    files: 3,
    bytes: 120,
    api: '^1',
    types: ['mailhog'],
    implementations: ['broker/kafka'],
  },
})

const lockOf = (...additions: readonly Addition[]): Lock => additions.reduce(withPlugin, emptyLock)

test('formatLock() writes these bytes', () => {
  const lock = lockOf(addition('github.com/alice/mailhog', 'develop', hex('9f3c')), addition('git.example.com:8443/a/b//c', '', hex('1')))

  assert.equal(
    formatLock(lock),
    `# Written by micro: which commit each plugin is, and what it contains. Commit this file; do not edit it.
version: 1
plugins:
  "git.example.com:8443/a/b//c":
    url: "https://git.example.com:8443/a/b"
    requested:
      "": "${hex('1')}"
    commits:
      "${hex('1')}":
        ref: refs/heads/main
        h1: ${hex('ab1', 64)}
        files: 3
        bytes: 120
        api: "^1"
        types: [mailhog]
        implementations: [broker/kafka]
  github.com/alice/mailhog:
    url: "https://github.com/alice/mailhog"
    requested:
      develop: "${hex('9f3c')}"
    commits:
      "${hex('9f3c')}":
        ref: refs/heads/develop
        h1: ${hex('ab1', 64)}
        files: 3
        bytes: 120
        api: "^1"
        types: [mailhog]
        implementations: [broker/kafka]
`,
  )
})

test('parseLock() gives what formatLock() wrote, in whatever order it was put together', () => {
  const drawn = record({
    key: constantFrom('github.com/a/b', 'example.com/A/b', 'github.com/a/b//x/y', 'git.example.com:8443/a/true'),
    revision: constantFrom('', 'develop', 'v1', '^1.2', '>=1 <2', 'true', '123', 'feature/x', 'tags/null'),
    commit: constantFrom(hex('1'), hex('1e1'), hex('deadbeef'), hex('0', 64)),
    order: nat(),
  })
  assertProperty(
    property(array(drawn, { maxLength: 8 }), (all) => {
      const lock = lockOf(...all.map(({ key, revision, commit }) => addition(key, revision, commit)))
      const text = formatLock(lock)
      assert.deepEqual(parseLock(text, 'micro.lock'), lock)
      assert.equal(formatLock(parseLock(text, 'micro.lock')), text)
    }),
  )
  assertProperty(
    property(uniqueArray(drawn, { selector: ({ key }) => key }), (all) => {
      const shuffled = all.toSorted((a, b) => a.order - b.order)
      const textOf = (some: typeof all) => formatLock(lockOf(...some.map(({ key, revision, commit }) => addition(key, revision, commit))))
      assert.equal(textOf(all), textOf(shuffled))
    }),
  )
})

test('withPlugin() forgets a commit that no revision means any more', () => {
  const lock = lockOf(
    addition('github.com/a/b', 'develop', hex('1')),
    addition('github.com/a/b', 'v1', hex('2')),
    addition('github.com/a/b', 'develop', hex('2')),
  )

  assert.deepEqual([...(lock.plugins.get('github.com/a/b')?.commits.keys() ?? [])], [hex('2')])
})

test('parseLock() reads a lock that is missing as one that names nothing', () => {
  assert.deepEqual(parseLock('', 'micro.lock'), emptyLock)
  assert.deepEqual(parseLock(formatLock(emptyLock), 'micro.lock'), emptyLock)
})

const text = formatLock(lockOf(addition('github.com/alice/mailhog', 'develop', hex('9f3c'))))

for (const [name, broken, reason] of [
  ['marks of a merge', text.replace('    requested:', '<<<<<<< HEAD\n    requested:'), 'LOCK_CONFLICT'],
  ['no hash', text.replace(/ +h1.*\n/, ''), 'LOCK_INCOMPLETE'],
  ['a hash that is none', text.replace(/h1: .*/, 'h1: abc'), 'LOCK_INVALID'],
  ['a revision without its commit', text.replace(/ {4}commits:\n[^]*$/, '    commits: {}\n'), 'LOCK_INCOMPLETE'],
  ['another version', text.replace('version: 1', 'version: 2'), 'LOCK_INVALID'],
  ['no version', text.replace('version: 1\n', ''), 'LOCK_INVALID'],
  ['an address of another repository', text.replace('https://github.com/alice', 'https://github.com/evil'), 'LOCK_INVALID'],
  ['a key twice', text + text.split('plugins:\n')[1]!, 'LOCK_INVALID'],
  ['a tag of YAML', text.replace('version: 1', 'version: !!js/regexp 1'), 'LOCK_INVALID'],
  ['a revision that is none', text.replace('develop:', '"--upload-pack=x":'), 'LOCK_INVALID'],
  ['a ref that is none', text.replace('refs/heads/develop', '--upload-pack'), 'LOCK_INVALID'],
  ['a list', '- 1\n', 'LOCK_INVALID'],
] as const) {
  test(`parseLock() refuses ${name}: ${reason}`, () => {
    assert.throws(() => parseLock(broken, 'micro.lock'), { reason })
  })
}
