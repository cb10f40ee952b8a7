import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { removeReadOnly } from '../machine/leftovers.js'
import { manifestOf, world } from '../testing/world.js'
import type { TrustQuestion } from '../trust/trust.js'
import { list, verify } from './list.js'
import type { FolderPlugin, GitPlugin } from './plugin.js'
import { add, install, resolve } from './resolve.js'

const mailhog = 'github.com/alice/mailhog'
const files = { 'lando.plugin.yml': manifestOf(mailhog, 'mailhog'), 'bin/run': { mode: '100755', text: 'x' } } as const

test('resolve() fetches, locks and links a plugin that is not here, and reads its manifest', async (context) => {
  const here = await world(context)
  const commit = here.repository(mailhog).commit(files, 'develop')

  const { plugins, events } = await resolve([`${mailhog}:develop`], here.options())

  const [plugin] = plugins as [GitPlugin]
  assert.equal(plugin.key, mailhog)
  assert.equal(plugin.commit, commit)
  assert.equal(plugin.catalog.plugins[0]?.uri, mailhog)
  assert.equal(readlinkSync(join(here.project, 'plugins', mailhog)), plugin.root)
  assert.equal(readFileSync(join(plugin.link, 'bin/run'), 'utf8'), 'x')
  assert.equal(lstatSync(join(plugin.root, 'bin/run')).mode & 0o777, 0o555)
  assert.equal(lstatSync(join(plugin.root, 'lando.plugin.yml')).mode & 0o777, 0o444)
  assert.match(here.read('project/micro.lock'), new RegExp(`develop: .?${commit}`))
  assert.deepEqual(here.stored(), [plugin.h1])
  const happened = [...new Set(events.map(({ is }) => is))].filter((is) => is !== 'received')
  assert.deepEqual(happened, ['asking', 'chosen', 'fetching', 'fetched', 'ready', 'linked', 'locked'])
})

test('resolve() starts no process and asks no remote when everything is present', async (context) => {
  const here = await world(context)
  here.repository(mailhog).commit(files, 'develop')
  const first = await resolve([`${mailhog}:develop`], here.options())
  await here.server.stop()
  const withoutGit = { ...here.env, PATH: join(here.root, 'home') }

  const second = await resolve([`${mailhog}:develop`], here.options({ env: withoutGit }))

  assert.deepEqual(second.plugins, first.plugins)
  assert.deepEqual(second.events, [])
})

test('resolve() starts no process either when the receipt is gone and every byte is read again', async (context) => {
  const here = await world(context)
  here.repository(mailhog).commit(files, 'develop')
  const first = await resolve([`${mailhog}:develop`], here.options())
  rmSync(join(here.root, 'home/.cache'), { recursive: true })
  const withoutGit = { ...here.env, PATH: '' }

  const second = await resolve([`${mailhog}:develop`], here.options({ env: withoutGit, offline: true }))

  assert.deepEqual(second.plugins, first.plugins)
})

test('resolve() keeps the commit of the lock when the branch has moved, and add() moves it', async (context) => {
  const here = await world(context)
  const repository = here.repository(mailhog)
  const old = repository.commit(files, 'develop')
  await resolve([`${mailhog}:develop`], here.options())
  const fresh = repository.commit({ ...files, more: 'y' }, 'develop')

  const kept = await resolve([`${mailhog}:develop`], here.options())
  const moved = await add([`${mailhog}:develop`], here.options())

  assert.equal((kept.plugins[0] as GitPlugin).commit, old)
  assert.equal((moved.plugins[0] as GitPlugin).commit, fresh)
  assert.ok(moved.events.some((event) => event.is === 'moved' && event.from === old && event.to === fresh))
  assert.ok(!here.read('project/micro.lock').includes(old))
})

test('resolve() takes the highest version when no revision is written, and HEAD when there is no version', async (context) => {
  const here = await world(context)
  const repository = here.repository(mailhog)
  const [one, two] = [repository.commit(files), repository.commit({ ...files, two: '2' })]
  const head = repository.commit({ ...files, three: '3' })
  repository.tag('v1.9.0', one)
  repository.tag('v1.10.0', two, true)
  repository.tag('v2.0.0-rc.1', head)
  const other = here.repository('github.com/bob/mailhog')
  const only = other.commit({ 'micro.plugin.yml': manifestOf('github.com/bob/mailhog', 'mailhog') })

  const { plugins } = await resolve([mailhog, `${mailhog}:~1.9`, 'github.com/bob/mailhog'], here.options())

  assert.deepEqual(
    plugins.map((plugin) => (plugin as GitPlugin).commit),
    [two, one, only],
  )
  assert.match(here.read('project/micro.lock'), /tagObject/)
})

test('resolve() gives two revisions of one plugin side by side, and the bare name to the first', async (context) => {
  const here = await world(context)
  const repository = here.repository(mailhog)
  repository.tag('v1.0.0', repository.commit(files))
  repository.commit({ ...files, more: 'y' }, 'feature/x')

  const { plugins } = await resolve([`${mailhog}:v1.0.0`, `${mailhog}:feature/x`], here.options())

  const [one, two] = plugins as [GitPlugin, GitPlugin]
  assert.equal(one.link, join(here.project, `plugins/${mailhog}@v1.0.0`))
  assert.equal(two.link, join(here.project, `plugins/${mailhog}@feature~x`))
  assert.ok(!existsSync(join(one.link, 'more')))
  assert.equal(readFileSync(join(two.link, 'more'), 'utf8'), 'y')
  assert.equal(realpathSync(join(here.project, 'plugins', mailhog)), two.root)
})

test('resolve() takes several plugins of one repository with one fetch, each with its own hash', async (context) => {
  const here = await world(context)
  const key = 'github.com/alice/plugins'
  here.repository(key).commit({
    'micro.plugin.yml': `plugins:\n  - uri: ${key}//a\n    name: A\n    description: a\n    service: { type: a }\n  - uri: ${key}//b/c\n    name: B\n    description: b\n    service: { type: b }\n`,
    'a/x': '1',
    'b/c/x': '2',
    other: '3',
  })

  const { plugins } = await resolve([`${key}//a`, `${key}//b/c`], here.options())

  const [a, b] = plugins as [GitPlugin, GitPlugin]
  assert.notEqual(a.h1, b.h1)
  assert.deepEqual(readdirSync(a.root).sort(), ['a', 'micro.plugin.yml'])
  assert.equal(readFileSync(join(a.link, 'x'), 'utf8'), '1')
  assert.equal(readFileSync(join(b.link, 'x'), 'utf8'), '2')
  assert.equal(b.folder, join(b.root, 'b/c'))
  assert.deepEqual(
    a.catalog.plugins.map(({ uri }) => uri),
    [`${key}//a`],
  )
  assert.equal(here.server.requests.filter((line) => line.includes('info/refs')).length, 2) // ls-remote and one fetch
})

test('resolve() reads a folder of the project and an installed package, and names what is not its own', async (context) => {
  const here = await world(context)
  here.write('project/plugins/mine/micro.plugin.yml', manifestOf('mine', 'mine'))
  here.write('project/node_modules/@acme/kafka/micro.plugin.yml', manifestOf('kafka', 'kafka'))

  const { plugins } = await resolve(['./plugins/mine', 'npm:@acme/kafka', 'broker/nats', 'lando'], here.options())

  assert.equal((plugins[0] as FolderPlugin).folder, join(here.project, 'plugins/mine'))
  assert.equal((plugins[1] as FolderPlugin).catalog.plugins[0]?.name, 'kafka')
  assert.deepEqual(
    plugins.slice(2).map(({ from, key }) => [from, key]),
    [
      ['own', 'broker/nats'],
      ['core', 'micro'],
    ],
  )
  assert.ok(!existsSync(join(here.project, 'micro.lock')))
})

test('resolve() leaves nothing behind when one of several fails', async (context) => {
  const here = await world(context)
  here.repository(mailhog).commit(files)
  here.repository('github.com/bob/none').commit({ readme: 'no manifest' })

  await assert.rejects(resolve([mailhog, 'github.com/bob/none'], here.options()), { code: 'failed_precondition', reason: 'NO_MANIFEST' })

  assert.deepEqual(here.stored(), [])
  assert.deepEqual(readdirSync(here.project), [])
})

test('resolve() asks once for all that is not trusted, with what is to be known, and keeps the answer', async (context) => {
  const here = await world(context)
  here.configure('# my own words\ntrust: [github.com/lando]\n')
  const commit = here.repository(mailhog).commit({ 'micro.plugin.yml': manifestOf(mailhog, 'mailhog', '    capabilities: [net, fs]\n') })
  here.repository('github.com/lnado/mailhog').commit({ 'micro.plugin.yml': manifestOf('github.com/lnado/mailhog', 'mailhog') })
  const asked: (readonly TrustQuestion[])[] = []
  const askTrust = (questions: readonly TrustQuestion[]) => {
    asked.push(questions)
    return Promise.resolve(['github.com/alice', 'github.com/lnado/mailhog'])
  }

  await resolve([mailhog, 'github.com/lnado/mailhog'], here.options({ askTrust }))
  await resolve([mailhog, 'github.com/lnado/mailhog'], here.options())

  assert.equal(asked.length, 1)
  const [first, second] = asked[0] as readonly [TrustQuestion, TrustQuestion]
  assert.equal(first.commit, commit)
  assert.deepEqual(first.capabilities, ['fs', 'net'])
  assert.deepEqual(first.types, ['mailhog'])
  assert.ok((first.ageMs ?? 0) > 365 * 24 * 3_600_000)
  assert.equal(second.resembles, 'github.com/lando')
  assert.match(here.read('home/.config/micro/config.yml'), /# my own words[\s\S]*github\.com\/alice/)
})

test('resolve() uses nothing of what the answer does not trust', async (context) => {
  const here = await world(context)
  here.configure('')
  here.repository(mailhog).commit(files)

  await assert.rejects(resolve([mailhog], here.options({ askTrust: () => Promise.resolve([]) })), {
    code: 'permission_denied',
    reason: 'UNTRUSTED_SOURCE',
  })

  assert.deepEqual(here.stored(), [])
  assert.deepEqual(readdirSync(here.project), [])
})

test('resolve() trusts for one run what --trust and MICRO_TRUST name, and a commit as such', async (context) => {
  const here = await world(context)
  here.configure('')
  const commit = here.repository(mailhog).commit(files)

  await resolve([mailhog], here.options({ trust: ['github.com/alice'] }))
  await assert.rejects(resolve([mailhog], here.options()), { reason: 'UNTRUSTED_SOURCE' })
  await resolve([mailhog], here.options({ env: { ...here.env, MICRO_TRUST: `gitlab.com,${mailhog}:${commit}` } }))
})

test('resolve() trusts the committed lock with `lock`, and only when it is frozen', async (context) => {
  const here = await world(context)
  here.repository(mailhog).commit(files)
  await resolve([mailhog], here.options())
  here.configure('')
  rmSync(join(here.root, 'home/.cache'), { recursive: true })

  await assert.rejects(resolve([mailhog], here.options({ trust: ['lock'] })), { code: 'invalid_argument', reason: 'TRUST_LOCK_NOT_FROZEN' })
  await assert.rejects(resolve([mailhog], here.options({ frozen: true })), { reason: 'UNTRUSTED_SOURCE' })
  const { plugins } = await resolve([mailhog], here.options({ trust: ['lock'], env: { ...here.env, CI: 'true' } }))

  assert.equal(plugins.length, 1)
})

test('resolve() refuses a change of a frozen lock, and still fetches what it names', async (context) => {
  const here = await world(context)
  here.repository(mailhog).commit(files)
  here.repository('github.com/bob/mailhog').commit({ 'micro.plugin.yml': manifestOf('github.com/bob/mailhog', 'mailhog') })
  await resolve([mailhog], here.options())
  const text = here.read('project/micro.lock')
  await removeReadOnly(join(here.root, 'home/.local'))

  await resolve([mailhog], here.options({ frozen: true }))
  await assert.rejects(resolve(['github.com/bob/mailhog'], here.options({ env: { ...here.env, CI: 'true' } })), {
    code: 'failed_precondition',
    reason: 'LOCK_FROZEN',
  })

  assert.equal(here.read('project/micro.lock'), text)
})

test('resolve() refuses offline what is not here, without asking', async (context) => {
  const here = await world(context)
  here.repository(mailhog).commit(files)

  await assert.rejects(resolve([mailhog], here.options({ offline: true })), { code: 'unavailable', reason: 'OFFLINE' })

  assert.deepEqual(here.server.requests, [])
})

test('resolve() says so when there is no git to fetch with', async (context) => {
  const here = await world(context)

  await assert.rejects(resolve([mailhog], here.options({ env: { ...here.env, PATH: here.root } })), {
    code: 'failed_precondition',
    reason: 'GIT_MISSING',
  })
})

test('install() puts in place all that the lock names, with no list of branches asked for, and the lock stays the same', async (context) => {
  const here = await world(context)
  const repository = here.repository(mailhog)
  repository.tag('v1.0.0', repository.commit(files), true)
  await resolve([mailhog, `${mailhog}:main`], here.options())
  const text = here.read('project/micro.lock')
  for (const folder of ['home/.local/share/micro', 'home/.cache', 'project/plugins']) await removeReadOnly(join(here.root, folder))
  here.server.requests.length = 0

  const { plugins, events } = await install(here.options({ frozen: true }))

  assert.equal(plugins.length, 2)
  assert.equal(here.read('project/micro.lock'), text)
  assert.ok(!events.some(({ is }) => is === 'asking'))
  assert.deepEqual(await verify(here.options()), { checked: 1, problems: [] })
})

test('verify() names what is missing, changed or linked elsewhere', async (context) => {
  const here = await world(context)
  here.repository(mailhog).commit(files)
  here.repository('github.com/bob/mailhog').commit({ 'micro.plugin.yml': manifestOf('github.com/bob/mailhog', 'mailhog') })
  const { plugins } = await resolve([mailhog, 'github.com/bob/mailhog'], here.options())
  const [alice, bob] = plugins as [GitPlugin, GitPlugin]
  flip(join(alice.root, 'bin/run'))
  await removeReadOnly(bob.root)
  rmSync(alice.link)

  const { problems } = await verify(here.options())

  assert.deepEqual(
    problems.map(({ key, error }) => [key, error.reason]).sort(),
    [
      [mailhog, 'HASH_MISMATCH'],
      [mailhog, 'LINK_WRONG'],
      ['github.com/bob/mailhog', 'PLUGIN_NOT_FETCHED'],
    ].sort(),
  )
})

test('resolve() links again what lost its link, and touches no folder of the user', async (context) => {
  const here = await world(context)
  here.repository(mailhog).commit(files)
  const { plugins } = await resolve([mailhog], here.options())
  const [{ link, root }] = plugins as [GitPlugin]
  rmSync(link)

  await resolve([mailhog], here.options())
  assert.equal(readlinkSync(link), root)

  rmSync(link)
  mkdirSync(link)
  writeFileSync(join(link, 'mine'), '')
  await assert.rejects(resolve([mailhog], here.options()), { code: 'failed_precondition', reason: 'LINK_BLOCKED' })
  assert.deepEqual(readdirSync(link), ['mine'])
})

test('resolve() writes anew a link into the store of another home, of which nothing may be left', async (context) => {
  const here = await world(context)
  here.repository(mailhog).commit(files)
  const elsewhere = { ...here.env, XDG_DATA_HOME: join(here.root, 'elsewhere') }
  await resolve([mailhog], here.options({ env: elsewhere }))
  await removeReadOnly(join(here.root, 'elsewhere'))

  const { plugins } = await resolve([mailhog], here.options())

  assert.equal(readlinkSync(join(here.project, 'plugins', mailhog)), (plugins[0] as GitPlugin).root)
})

test('resolve() of many at once in two callers gives one whole lock', async (context) => {
  const here = await world(context)
  const keys = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `github.com/alice/${name}`)
  for (const key of keys) here.repository(key).commit({ 'micro.plugin.yml': manifestOf(key, 'x') })

  await Promise.all([resolve(keys.slice(0, 4), here.options()), resolve(keys.slice(2), here.options())])

  assert.deepEqual(
    (await list(here.options())).map(({ key, isPresent }) => [key, isPresent]),
    keys.map((key) => [key, true]),
  )
})

test('resolve() fetches from a repository whose objects are SHA-256', async (context) => {
  const here = await world(context)
  const commit = here.repository(mailhog, 'sha256').commit(files)

  const { plugins } = await resolve([`${mailhog}:${commit}`], here.options())

  assert.equal((plugins[0] as GitPlugin).commit.length, 64)
})

test('resolve() fetches from a server that speaks protocol 0, gives no commit by its id, and has no filters', async (context) => {
  const here = await world(context)
  const repository = here.repository(mailhog)
  const old = repository.commit(files)
  here.server.isOld = true
  here.server.config = ['uploadpack.allowFilter=false']
  await resolve([`${mailhog}:main`], here.options())
  repository.commit({ ...files, more: 'y' })
  for (const folder of ['home/.local/share/micro', 'home/.cache']) await removeReadOnly(join(here.root, folder))

  // The branch is elsewhere now: only all of its history has the commit.
  const { plugins } = await install(here.options())

  assert.equal((plugins[0] as GitPlugin).commit, old)
})

test('resolve() hears of a signal that aborts, and leaves nothing behind', async (context) => {
  const here = await world(context)
  here.repository(mailhog).commit(files)
  const controller = new AbortController()
  here.server.before = () => {
    controller.abort()
    return true
  }

  await assert.rejects(resolve([mailhog], here.options({ signal: controller.signal })), { code: 'canceled' })

  assert.deepEqual(here.stored(), [])
})

function flip(file: string): void {
  chmodSync(dirname(file), 0o755)
  chmodSync(file, 0o755)
  writeFileSync(file, 'y')
}
