/** What strangers try by way of names, remotes, locks and machines. That nothing was run or written is looked at, not believed. The numbers are those of a list of attacks. */
import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { removeReadOnly } from '../machine/leftovers.js'
import { markOfThisProcess } from '../machine/process-mark.js'
import { gitServer } from '../testing/git-server.js'
import { refused } from '../testing/refused.js'
import { manifestOf, world } from '../testing/world.js'
import type { GitPlugin } from './plugin.js'
import { add, install, resolve } from './resolve.js'
import { type PluginUpdate, update } from './update.js'

const key = 'github.com/alice/mailhog'
const files = { 'micro.plugin.yml': manifestOf(key, 'mailhog'), data: 'x' }

test('1, 2, 36: an option in a reference or revision, or what a shell would take apart, is refused and no remote is asked', async (context) => {
  const here = await world(context)
  const marker = join(here.root, 'marker')
  for (const reference of [
    `--upload-pack=touch ${marker}`,
    '-oProxyCommand=x:y',
    `${key}:--upload-pack=touch`,
    `${key}:-x`,
    `${key}:/etc`,
    'github.com/a&calc/b',
    `github.com/$(touch)/b`,
  ])
    await refused(here, reference, 'REF_SYNTAX')

  assert.deepEqual(here.server.requests, [])
})

test('3, 4, 5: a transport that is neither https nor ssh is refused, also in a mirror', async (context) => {
  const here = await world(context)
  for (const reference of ['ext::sh -c id', 'fd::7', 'file:///etc', '/etc', 'git://h.example/a/b'])
    await refused(here, reference, 'PROTO_DENIED')
  await refused(here, 'http://h.example/a/b', 'INSECURE')
  for (const mirror of [
    'file:///tmp/{path}',
    'http://h.example/{path}',
    'ssh://-oProxyCommand=id/{path}',
    'https://u:tok@h.example/{path}',
  ]) {
    here.write('home/.config/micro/config.yml', `trust: [github.com]\nmirrors: { github.com: "${mirror}" }\n`)
    await refused(here, key, 'PROTO_DENIED')
  }
  here.write('home/.config/micro/config.yml', 'mirrors: { github.com: "ext::sh -c {path}" }\n')
  await refused(here, key, 'USER_CONFIG_INVALID', { askTrust: () => Promise.resolve(['github.com']) })
})

test('4: a folder of this machine serves as a mirror only for a user who typed so', async (context) => {
  const here = await world(context)
  here.repository(key).commit(files)
  here.write(
    'home/.config/micro/config.yml',
    `trust: [github.com]\nmirrors: { github.com: "file://${here.root}/remotes/github.com/{path}.git" }\n`,
  )
  await refused(here, key, 'PROTO_DENIED')

  assert.equal((await resolve([key], here.options({ allowLocal: true }))).plugins.length, 1)
})

test('5, 15: a redirect is not followed, and what a credential helper knows of one host goes to no other', async (context) => {
  const here = await world(context)
  here.repository(key).commit(files)
  mkdirSync(join(here.root, 'elsewhere'))
  const other = await gitServer(context, join(here.root, 'elsewhere'))
  here.write('helper', '#!/bin/sh\necho username=alice\necho password=secret\n')
  chmodSync(join(here.root, 'helper'), 0o755)
  here.write('home/.gitconfig', `[credential "${here.server.url}"]\n\thelper = ${join(here.root, 'helper')}\n`)
  here.server.before = (request, response) => {
    if (request.headers.authorization === undefined) response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()
    else response.writeHead(302, { location: `${other.url}${request.url ?? ''}` }).end()
    return true
  }

  await refused(here, key, 'REDIRECT_HOST')
  assert.deepEqual(other.requests, [])

  // The helper itself is used, as a private repository needs it.
  here.server.before = (request, response) => {
    if (request.headers.authorization !== undefined) return false
    response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()
    return true
  }
  await resolve([key], here.options())
  assert.ok(!here.read('project/micro.lock').includes('secret'))
  for (const name of readdirSync(join(here.root, 'home/.cache/micro/git'), { recursive: true, encoding: 'utf8' }))
    if (name.endsWith('config')) assert.ok(!here.read(`home/.cache/micro/git/${name}`).includes('secret'))
})

test('6: a host that looks like another is refused', async (context) => {
  const here = await world(context)
  for (const reference of ['github.com@evil.com/a/b', 'g\u0456thub.com/a/b', 'https:///evil', 'xn--gthub-n4a.com/a/b'])
    await refused(here, reference, 'HOST_SYNTAX')
})

test('7, 8, 9: a path that leads out, or is a name of git or of Windows, is refused on every system and no remote is asked', async (context) => {
  const here = await world(context)
  for (const reference of ['github.com/../x', 'github.com/a/b//../../etc', 'github.com/%2e%2e/x', 'example.com/a\\..\\b/c'])
    await refused(here, reference, 'PATH_ESCAPE')
  for (const name of ['.git', '.GIT', 'git~1', 'con', 'nul.js', 'AUX', 'com1', 'lpt9.txt', 'conin$', 'end.'])
    await refused(here, `example.com/a/${name}`, 'RESERVED_NAME')
  await refused(here, `example.com/a/${'n'.repeat(201)}`, 'REF_SYNTAX')

  assert.deepEqual(here.server.requests, [])
})

test('13: hooks, filters and configuration of the user, of the environment or planted in the cache run nothing', async (context) => {
  const here = await world(context)
  const repository = here.repository(key)
  repository.commit({ ...files, '.gitattributes': '* filter=pwn diff=pwn\n' })
  const evil = join(here.root, 'evil')
  here.write('evil', `#!/bin/sh\ntouch ${here.root}/marker\nexit 1\n`)
  chmodSync(evil, 0o755)
  for (const hook of ['post-checkout', 'reference-transaction', 'post-index-change', 'fsmonitor-watchman']) {
    here.write(`hooks/${hook}`, `#!/bin/sh\ntouch ${here.root}/marker\n`)
    chmodSync(join(here.root, 'hooks', hook), 0o755)
  }
  const evilConfig = `[core]\n\thooksPath = ${here.root}/hooks\n\tfsmonitor = ${evil}\n\tsshCommand = ${evil}\n\tgitProxy = ${evil}\n[filter "pwn"]\n\tsmudge = ${evil}\n\tclean = ${evil}\n[url "${here.server.url}/github.com/evil/"]\n\tinsteadOf = ${here.server.url}/github.com/alice/\n[fetch]\n\trecurseSubmodules = yes\n[uploadpack]\n\tpackObjectsHook = ${evil}\n`
  here.write('home/.gitconfig', evilConfig)
  const env = {
    ...here.env,
    GIT_DIR: join(here.root, 'evil.git'),
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'core.hooksPath',
    GIT_CONFIG_VALUE_0: join(here.root, 'hooks'),
    GIT_SSH_COMMAND: evil,
    GIT_EXTERNAL_DIFF: evil,
    GIT_ASKPASS: evil,
    GIT_EXEC_PATH: here.root,
    GIT_TEMPLATE_DIR: join(here.root, 'hooks'),
  }
  await resolve([key], here.options({ env }))
  const caches = readdirSync(join(here.root, 'home/.cache/micro/git')).filter((name) => name.endsWith('.git'))
  for (const cache of caches)
    here.write(
      `home/.cache/micro/git/${cache}/config`,
      evilConfig.replace('[core]', '[core]\n\tbare = true\n\trepositoryformatversion = 0'),
    )
  repository.commit({ ...files, data: 'y' })

  await add([key], here.options({ env }))

  assert.ok(!existsSync(join(here.root, 'marker')))
  assert.ok(!here.server.requests.some((line) => line.includes('evil')))
})

test('14: a password in a reference is refused, and shown nowhere', async (context) => {
  const here = await world(context)

  const error = await refused(here, 'https://alice:tok3n@github.com/alice/mailhog', 'CRED_IN_URL')

  assert.ok(!`${error.message}${error.hint ?? ''}${JSON.stringify(error.details ?? {})}`.includes('tok3n'))
})

test('16: a private repository without credentials fails at once, and nothing prompts', async (context) => {
  const here = await world(context)
  here.server.before = (_, response) => {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()
    return true
  }

  assert.equal((await refused(here, key, 'AUTH', { timeoutMs: 5000 })).code, 'unauthenticated')
})

test('17: a tag that moved keeps its bytes where it is locked, and is refused when it is added again', async (context) => {
  for (const annotated of [false, true]) {
    const here = await world(context)
    const repository = here.repository(key)
    repository.tag('v1.0.0', repository.commit(files), annotated)
    const first = await resolve([`${key}:v1.0.0`], here.options())
    repository.tag('v1.0.0', repository.commit({ ...files, data: 'evil' }), annotated)

    const again = await resolve([`${key}:v1.0.0`], here.options())
    assert.equal((again.plugins[0] as GitPlugin).h1, (first.plugins[0] as GitPlugin).h1)
    for (const spelling of [`${key}:v1.0.0`, `${key}:tags/v1.0.0`, key])
      await assert.rejects(add([spelling], here.options()), { code: 'failed_precondition', reason: 'TAG_MOVED' })
    assert.equal(here.stored().length, 1)
  }
})

test('18: a commit that is gone at its remote is served from the store, and named where there is none', async (context) => {
  const here = await world(context)
  const repository = here.repository(key)
  repository.commit(files)
  await resolve([`${key}:main`], here.options())
  repository.git('update-ref', '-d', 'refs/heads/main')
  repository.commit({ ...files, data: 'rewritten' })
  repository.git('-c', 'gc.reflogExpire=now', 'gc', '--prune=now', '--quiet')

  assert.equal((await resolve([`${key}:main`], here.options())).plugins.length, 1)
  for (const folder of ['home/.local/share/micro', 'home/.cache']) await removeReadOnly(join(here.root, folder))
  await assert.rejects(install(here.options()), { code: 'not_found', reason: 'COMMIT_GONE' })
})

test('19: a byte that was changed in the store is found before anything is used, receipt or not', async (context) => {
  const here = await world(context)
  here.repository(key).commit(files)
  const { plugins } = await resolve([key], here.options())
  const [{ root }] = plugins as [GitPlugin]
  chmodSync(join(root, 'data'), 0o644)
  writeFileSync(join(root, 'data'), 'y')

  for (const _ of [1, 2]) await assert.rejects(resolve([key], here.options()), { code: 'data_loss', reason: 'HASH_MISMATCH' })

  chmodSync(root, 0o755)
  writeFileSync(join(root, 'data'), 'x')
  await resolve([key], here.options())
  writeFileSync(join(root, 'added'), '')
  await assert.rejects(resolve([key], here.options()), { reason: 'HASH_MISMATCH' })
})

test('20: a lock without a hash, with another one, or with another address is refused', async (context) => {
  const here = await world(context)
  here.repository(key).commit(files)
  const { plugins } = await resolve([key], here.options())
  const text = here.read('project/micro.lock')
  const [{ h1 }] = plugins as [GitPlugin]
  const tampered = async (lock: string, reason: string) => {
    here.write('project/micro.lock', lock)
    await assert.rejects(install(here.options({ frozen: true })), { reason })
  }

  await tampered(text.replace(/ +h1:.*\n/, ''), 'LOCK_INCOMPLETE')
  await tampered(text.replace('https://github.com/alice/', 'https://github.com/evil/'), 'LOCK_INVALID')
  await tampered(text.replace('https://github.com', 'ext::sh -c github.com'), 'LOCK_INVALID')
  await tampered(text.replace(/ {4}commits:\n[\s\S]*$/, '    commits: {}\n'), 'LOCK_INCOMPLETE')
  await tampered(text.replace(h1, 'f'.repeat(64)), 'HASH_MISMATCH')
  await tampered(text.replace(key, '__proto__'), 'LOCK_INVALID')
  assert.deepEqual(here.stored(), [h1])
})

test('21: a branch that is called like a commit is refused, and a part of a commit is no revision', async (context) => {
  const here = await world(context)
  const repository = here.repository(key)
  const commit = repository.commit(files)
  repository.git('update-ref', `refs/heads/${'a'.repeat(39)}1`, commit)

  await refused(here, `${key}:${'a'.repeat(39)}1`, 'AMBIGUOUS_REF')
  await refused(here, `${key}:${commit.slice(0, 12).replace(/^./, 'a').replace(/.$/, '1')}`, 'REF_SYNTAX')
  repository.git('update-ref', 'refs/tags/main', commit)
  await refused(here, `${key}:main`, 'AMBIGUOUS_REF')
})

test('22: a commit that no branch or tag has in its history is refused, as is one of which the server does not say', async (context) => {
  const here = await world(context)
  const repository = here.repository(key)
  const old = repository.commit(files)
  repository.commit({ ...files, data: 'y' })
  const stray = repository.commit({ ...files, data: 'of a fork' }, 'fork')
  repository.git('update-ref', '-d', 'refs/heads/fork')

  await refused(here, `${key}:${stray}`, 'UNREACHABLE_COMMIT')
  here.server.config = ['uploadpack.allowFilter=false']
  await refused(here, `${key}:${old}`, 'UNREACHABLE_COMMIT')
  here.server.config = []
  assert.equal(((await resolve([`${key}:${old}`], here.options())).plugins[0] as GitPlugin).commit, old)
  assert.equal(((await resolve([`${key}:${stray}`], here.options({ allowUnreachable: true }))).plugins[0] as GitPlugin).commit, stray)
})

test('28: a remote that never answers is given up, with all that was started, and the next caller gets its turn', async (context) => {
  const here = await world(context)
  here.repository(key).commit(files)
  let isSilent = true
  here.server.before = () => isSilent

  assert.equal((await refused(here, key, 'REMOTE_SILENT', { timeoutMs: 300 })).code, 'deadline_exceeded')
  isSilent = false
  assert.equal((await resolve([key], here.options())).plugins.length, 1)
})

test('29: a name that is nearly a trusted one is trusted by nobody, and a word alone never leaves core', async (context) => {
  const here = await world(context)
  here.configure('trust: [github.com/lando]\n')
  const near = 'github.com/lnado/mailhog'
  here.repository(near).commit({ 'micro.plugin.yml': manifestOf(near, 'mailhog') })

  const error = await refused(here, near, 'UNTRUSTED_SOURCE')
  const asked: (string | undefined)[] = []
  const askTrust = (questions: readonly { readonly resembles?: string }[]) => {
    asked.push(...questions.map(({ resembles }) => resembles))
    return Promise.resolve([])
  }
  await refused(here, near, 'UNTRUSTED_SOURCE', { askTrust })

  const [question] = (error.details?.['questions'] ?? []) as readonly { readonly resembles?: string }[]
  assert.equal(question?.resembles, 'github.com/lando')
  assert.deepEqual(asked, ['github.com/lando'])
  // What a stranger calls like one of core's is his own; core's is what the word means.
  here.server.requests.length = 0
  await refused(here, 'mailhog', 'REF_SYNTAX')
  assert.deepEqual(here.server.requests, [])
})

test('30: a repository that somebody else has taken over, with another history, is not updated to', async (context) => {
  const here = await world(context)
  const repository = here.repository(key)
  const old = repository.commit(files)
  await resolve([`${key}:main`, key], here.options())
  const lock = here.read('project/micro.lock')
  const before = here.stored()
  repository.git('update-ref', '-d', 'refs/heads/main')
  repository.commit({ ...files, data: 'evil' })
  repository.git('-c', 'gc.reflogExpire=now', 'gc', '--prune=now', '--quiet')

  await assert.rejects(update([], here.options()), { code: 'failed_precondition', reason: 'HISTORY_UNRELATED' })
  assert.equal(here.read('project/micro.lock'), lock)
  assert.deepEqual(here.stored(), before)
  assert.equal(((await resolve([`${key}:main`], here.options())).plugins[0] as GitPlugin).commit, old)
  // A server that says nothing of its history is no better.
  here.server.config = ['uploadpack.allowFilter=false']
  await assert.rejects(update([], here.options()), { code: 'failed_precondition', reason: 'UNREACHABLE_COMMIT' })
  assert.deepEqual(here.stored(), before)
})

test('32: what was harmless and wants more now is shown with what it wants, and nothing changes before a yes', async (context) => {
  const here = await world(context)
  const repository = here.repository(key)
  repository.commit({ ...files, 'package.json': '{"dependencies":{"ms":"^2"}}' })
  await resolve([`${key}:main`], here.options())
  const lock = here.read('project/micro.lock')
  const before = here.stored()
  repository.commit({
    'micro.plugin.yml': `${manifestOf(key, 'mailhog', '    capabilities: [exec, net]\n')}  - { uri: github.com/evil/x, name: x, description: x }\n`,
    'package.json': '{"dependencies":{"ms":"^2"},"optionalDependencies":{"stealer":"*"}}',
    'postinstall.js': `require('node:fs').writeFileSync('${here.root}/marker', '')`,
  })
  const shown: PluginUpdate[] = []
  const confirm = (updates: readonly PluginUpdate[]) => {
    shown.push(...updates)
    return false
  }

  const { isDone } = await update([], { ...here.options(), confirm })

  const [{ capabilities, dependencies, files: changes, relation }] = shown as [PluginUpdate]
  assert.deepEqual(capabilities, { added: ['exec', 'net'], removed: [] })
  assert.deepEqual(dependencies, { added: ['github.com/evil/x', 'stealer@*'], removed: [] })
  assert.deepEqual(changes, { added: ['postinstall.js'], removed: ['data'], changed: ['micro.plugin.yml', 'package.json'] })
  assert.deepEqual([relation, isDone], ['ahead', false])
  assert.equal(here.read('project/micro.lock'), lock)
  assert.deepEqual(here.stored(), before)
  assert.ok(!existsSync(join(here.root, 'marker')))
})

test('31: what nobody trusts is refused without a terminal before a remote is asked', async (context) => {
  const here = await world(context)
  here.configure('')
  here.repository(key).commit(files)

  const error = await refused(here, key, 'UNTRUSTED_SOURCE')

  assert.equal(error.code, 'permission_denied')
  assert.deepEqual(here.server.requests, [])
})

test('31: a lock and a receipt that a hostile project brings along vouch for nothing', async (context) => {
  const here = await world(context)
  here.repository(key).commit(files)
  await resolve([key], here.options())
  here.configure('')

  await assert.rejects(resolve([key], here.options()), { reason: 'UNTRUSTED_SOURCE' })
})

test('34: what a process that was killed left half done is removed by the next', async (context) => {
  const here = await world(context)
  here.repository(key).commit(files)
  const dead = markOfThisProcess().replace(/^(\d+)\.\d+/, '$1.1')
  mkdirSync(join(here.store, `.new-${dead}.x/a`), { recursive: true, mode: 0o755 })
  const url = `${here.server.url}/${key}.git`
  const { createHash } = await import('node:crypto')
  const cache = join(here.root, 'home/.cache/micro/git', createHash('sha256').update(url).digest('hex'))
  mkdirSync(`${cache}.turns`, { recursive: true })
  mkdirSync(`${cache}.git/objects/pack`, { recursive: true })
  for (const file of [
    `${cache}.turns/1-${dead}.x`,
    `${cache}.turns/choosing-${dead}.y`,
    `${cache}.git/shallow.lock`,
    `${cache}.git/objects/pack/tmp_pack_x`,
  ])
    writeFileSync(file, '')

  const { plugins } = await resolve([key], here.options())

  assert.deepEqual(here.stored(), [(plugins[0] as GitPlugin).h1])
  assert.deepEqual(readdirSync(`${cache}.turns`), [])
  assert.ok(!existsSync(`${cache}.git/objects/pack/tmp_pack_x`))
})

test('36: a git that lies in the project is not the git that is used', async (context) => {
  const here = await world(context)
  here.repository(key).commit(files)
  here.write('project/git', `#!/bin/sh\ntouch ${here.root}/marker\n`)
  chmodSync(join(here.project, 'git'), 0o755)
  const before = process.cwd()
  process.chdir(here.project)
  context.after(() => process.chdir(before))

  await resolve([key], here.options({ env: { ...here.env, PATH: `.:${here.env['PATH'] ?? ''}` } }))
  process.chdir(before)

  assert.ok(!existsSync(join(here.root, 'marker')))
})
