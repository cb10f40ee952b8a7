import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseReference } from '../reference/parse.js'
import type { GitReference } from '../reference/reference.js'
import { gitEnvironment } from './environment.js'
import { explainFailure } from './explain.js'
import { canonicalUrl, remotesOf } from './remote.js'

const repository = (text: string) => parseReference(text) as GitReference
const none = new Map<string, string>()
const urls = (text: string, mirrors = none) => remotesOf(repository(text), mirrors, false).map(({ url, transport }) => [url, transport])

test('remotesOf() knows the form of known hosts, and tries both of others', () => {
  assert.deepEqual(urls('github.com/alice/mailhog')[0], ['https://github.com/alice/mailhog.git', 'https'])
  assert.deepEqual(urls('git.sr.ht/~alice/x'), [
    ['https://git.sr.ht/~alice/x', 'https'],
    ['https://git.sr.ht/~alice/x.git', 'https'],
  ])
  assert.deepEqual(urls('git@example.com:bar/baz.git')[1], ['git@example.com:bar/baz.git', 'ssh'])
  assert.deepEqual(urls('ssh://git@example.com:2222/bar/baz')[0], ['ssh://git@example.com:2222/bar/baz', 'ssh'])
  assert.equal(canonicalUrl(repository('git@github.com:Alice/X')), 'git@github.com:alice/x.git')
})

test('remotesOf() takes the mirror of a host, and of that host and port only', () => {
  const mirrors = new Map([
    ['github.com', 'https://git.corp.example/github/{path}.git'],
    ['git.example.com:8443', 'ssh://git@corp.example/{path}'],
  ])

  assert.deepEqual(urls('github.com/alice/mailhog', mirrors), [['https://git.corp.example/github/alice/mailhog.git', 'https']])
  assert.deepEqual(urls('git.example.com:8443/a/b', mirrors), [['ssh://git@corp.example/a/b', 'ssh']])
  assert.equal(urls('git.example.com/a/b', mirrors)[0]?.[0], 'https://git.example.com/a/b')
})

test('gitEnvironment() passes what is on its list and nothing else, and one transport', () => {
  const passed = { HOME: '/home/a', SSH_AUTH_SOCK: '/s', HTTPS_PROXY: 'http://p', NO_PROXY: 'x', SSL_CERT_FILE: '/c' }
  const kept = {
    GIT_DIR: '/x',
    GIT_SSH: '/x',
    GIT_SSH_COMMAND: '/x',
    LD_PRELOAD: '/x',
    SSH_ASKPASS: '/x',
    GIT_TRACE: '1',
    GIT_ALLOW_PROTOCOL: 'ext',
    XDG_CONFIG_HOME: '/x',
    NODE_OPTIONS: '/x',
  }

  const environment = gitEnvironment({ ...passed, ...kept, PATH: '/usr/bin:.:bin::/bin' }, ['https'], [['http.proxy', 'http://u:p@proxy']])

  for (const [name, value] of Object.entries(passed)) assert.equal(environment[name], value)
  assert.ok(!Object.values(environment).includes('/x'))
  assert.deepEqual(
    [environment['PATH'], environment['GIT_ALLOW_PROTOCOL'], environment['GIT_TRACE']],
    ['/usr/bin:/bin', 'https', undefined],
  )
  const last = Number(environment['GIT_CONFIG_COUNT']) - 1
  assert.deepEqual([environment[`GIT_CONFIG_KEY_${last}`], environment[`GIT_CONFIG_VALUE_${last}`]], ['http.proxy', 'http://u:p@proxy'])
  assert.equal(gitEnvironment({}, [])['GIT_ALLOW_PROTOCOL'], '')
})

for (const [stderr, reason] of [
  ["fatal: could not read Username for 'https://h': terminal prompts disabled", 'AUTH'],
  ['git@h: Permission denied (publickey).\nfatal: Could not read from remote repository.', 'AUTH'],
  ["fatal: unable to access 'https://h/': The requested URL returned error: 403", 'AUTH'],
  ['Host key verification failed.\nfatal: Could not read from remote repository.', 'HOST_KEY_UNKNOWN'],
  ["fatal: unable to access 'https://h/': The requested URL returned error: 301", 'REDIRECT_HOST'],
  ["fatal: repository 'https://h/a/' not found", 'REPOSITORY_NOT_FOUND'],
  ["fatal: '/a' does not appear to be a git repository", 'REPOSITORY_NOT_FOUND'],
  ["fatal: unable to access 'https://h/': Could not resolve host: h", 'REMOTE_UNREACHABLE'],
  ["fatal: unable to access 'https://h/': The requested URL returned error: 500", 'REMOTE_UNREACHABLE'],
  ["fatal: transport 'ext' not allowed", 'PROTO_DENIED'],
  ["error: object 1234: hasDotgit: contains '.git'\nfatal: fsck error in packed object", 'OBJECTS_REFUSED'],
  ['fatal: something new', 'GIT_FAILED'],
] as const) {
  test(`explainFailure() takes "${stderr.split('\n')[0] ?? ''}" for ${reason}`, () => {
    assert.equal(explainFailure(stderr, 'https://h/a', 'fetch', 128).reason, reason)
  })
}
