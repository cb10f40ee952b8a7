/** Two people who work on one lock, with git between them. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { mergeLock } from './merge-lock.js'
import { add, resolve } from './resolve.js'
import { type World, manifestOf, world } from '../testing/world.js'
import { formatLock } from '../lock/format.js'
import { mergeLocks, sidesOf } from '../lock/merge.js'
import { parseLock } from '../lock/parse.js'

const key = (owner: string) => `github.com/${owner}/mailhog`
const commitOf = (here: World, owner: string, data = 'x', branch = 'main') =>
  here.repository(key(owner)).commit({ 'micro.plugin.yml': manifestOf(key(owner), 'mailhog'), data }, branch)

/** A project in git, with a lock that names what `owners` have. */
async function projectOf(here: World, owners: readonly string[]) {
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=A', '-c', 'user.email=a@example.com', ...args], {
      cwd: here.project,
      env: { PATH: process.env['PATH'], HOME: here.root, GIT_CONFIG_NOSYSTEM: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    }).toString()
  git('init', '--quiet', '--initial-branch=main')
  here.write('project/.gitignore', 'plugins/\n')
  await resolve(
    owners.map((owner) => `${key(owner)}:main`),
    here.options(),
  )
  const save = (message: string) => {
    git('add', '-A')
    git('commit', '--quiet', '-m', message)
  }
  save('base')
  const merge = (branch: string) => {
    try {
      git('merge', '--quiet', '-m', 'merge', branch)
      return 'clean'
    } catch {
      return 'conflict'
    }
  }
  return { git, save, merge }
}

const keysOf = (here: World) => [...parseLock(here.read('project/micro.lock'), 'micro.lock').plugins.keys()]

test('two people add two plugins, and git merges their locks to what one person would have written', async (context) => {
  const here = await world(context)
  for (const owner of ['alice', 'bob', 'mallory', 'zoe']) commitOf(here, owner)
  const { git, save, merge } = await projectOf(here, ['alice', 'mallory'])
  git('checkout', '--quiet', '-b', 'theirs')
  await resolve([`${key('zoe')}:main`], here.options())
  save('zoe')
  git('checkout', '--quiet', 'main')
  await resolve([`${key('bob')}:main`], here.options())
  save('bob')

  assert.equal(merge('theirs'), 'clean')

  const text = here.read('project/micro.lock')
  assert.deepEqual(keysOf(here), ['alice', 'bob', 'mallory', 'zoe'].map(key))
  assert.equal(formatLock(parseLock(text, 'micro.lock')), text)
})

for (const style of ['merge', 'diff3', 'zdiff3'])
  test(`mergeLock() keeps both plugins that two people added at one place, with marks as ${style} writes them, and asks nobody`, async (context) => {
    const here = await world(context)
    for (const owner of ['alice', 'bob', 'carol']) commitOf(here, owner)
    const { git, save, merge } = await projectOf(here, ['alice'])
    git('config', 'merge.conflictStyle', style)
    git('checkout', '--quiet', '-b', 'theirs')
    await resolve([`${key('carol')}:main`], here.options())
    save('carol')
    git('checkout', '--quiet', 'main')
    await resolve([`${key('bob')}:main`], here.options())
    save('bob')
    assert.equal(merge('theirs'), 'conflict')
    await assert.rejects(resolve([`${key('alice')}:main`], here.options()), { code: 'failed_precondition', reason: 'LOCK_CONFLICT' })
    await assert.rejects(mergeLock(here.options({ frozen: true })), { reason: 'LOCK_CONFLICT' })

    const { wasConflict, plugins, decided } = await mergeLock(here.options({ offline: true, env: { ...here.env, PATH: '' } }))

    assert.deepEqual([wasConflict, plugins, decided], [true, 3, []])
    assert.deepEqual(keysOf(here), ['alice', 'bob', 'carol'].map(key))
    assert.equal(
      (
        await resolve(
          ['alice', 'bob', 'carol'].map((owner) => `${key(owner)}:main`),
          here.options(),
        )
      ).plugins.length,
      3,
    )
    assert.deepEqual(await mergeLock(here.options()), { wasConflict: false, plugins: 3, decided: [] })
  })

test('mergeLock() takes of a branch that both moved the commit that grew from the other', async (context) => {
  const here = await world(context)
  commitOf(here, 'alice')
  const { git, save, merge } = await projectOf(here, ['alice'])
  const middle = commitOf(here, 'alice', 'y')
  git('checkout', '--quiet', '-b', 'theirs')
  await add([`${key('alice')}:main`], here.options())
  save('theirs')
  const last = commitOf(here, 'alice', 'z')
  git('checkout', '--quiet', 'main')
  await add([`${key('alice')}:main`], here.options())
  save('ours')
  assert.equal(merge('theirs'), 'conflict')

  const { decided } = await mergeLock(here.options())

  assert.deepEqual(decided, [{ key: key('alice'), revision: 'main', ours: last, theirs: middle, commit: last }])
  const text = here.read('project/micro.lock')
  assert.ok(!text.includes(middle))
  assert.equal(formatLock(parseLock(text, 'micro.lock')), text)
})

test('mergeLock() leaves the file when neither commit grew from the other, until a side is named', async (context) => {
  const here = await world(context)
  const root = commitOf(here, 'alice')
  const { git, save, merge } = await projectOf(here, ['alice'])
  const repository = here.repository(key('alice'))
  const one = commitOf(here, 'alice', 'y')
  git('checkout', '--quiet', '-b', 'theirs')
  await add([`${key('alice')}:main`], here.options())
  save('theirs')
  repository.git('update-ref', 'refs/heads/main', root)
  const two = commitOf(here, 'alice', 'z')
  git('checkout', '--quiet', 'main')
  await add([`${key('alice')}:main`], here.options())
  save('ours')
  merge('theirs')
  const marked = here.read('project/micro.lock')

  await assert.rejects(mergeLock(here.options()), { code: 'failed_precondition', reason: 'LOCK_UNDECIDED' })
  assert.equal(here.read('project/micro.lock'), marked)
  const { decided } = await mergeLock({ ...here.options({ offline: true }), prefer: 'theirs' })

  assert.deepEqual(
    decided.map(({ ours, commit }) => [ours, commit]),
    [[two, one]],
  )
  assert.ok(!here.read('project/micro.lock').includes(two))
  assert.ok(existsSync(join(here.project, 'micro.lock')))
})

test('mergeLock() refuses a tag that two people saw at two commits', async (context) => {
  const here = await world(context)
  const { git, save, merge } = await projectOf(here, [])
  const repository = here.repository(key('alice'))
  repository.tag('v1.0.0', commitOf(here, 'alice'))
  git('checkout', '--quiet', '-b', 'theirs')
  await resolve([`${key('alice')}:v1.0.0`], here.options())
  save('theirs')
  git('checkout', '--quiet', 'main')
  repository.tag('v1.0.0', commitOf(here, 'alice', 'evil'))
  await resolve([`${key('alice')}:v1.0.0`], here.options())
  save('ours')
  assert.equal(merge('theirs'), 'conflict')

  await assert.rejects(mergeLock(here.options()), { code: 'failed_precondition', reason: 'TAG_MOVED' })
})

test('mergeLocks() refuses two contents of one commit, and sidesOf() leaves a text without marks alone', async (context) => {
  const here = await world(context)
  commitOf(here, 'alice')
  await resolve([key('alice')], here.options())
  const text = here.read('project/micro.lock')
  const lock = parseLock(text, 'micro.lock')
  const other = parseLock(text.replace(/h1: "?[0-9a-f]{64}"?/, `h1: "${'1'.repeat(64)}"`), 'micro.lock')

  assert.throws(() => mergeLocks(lock, other, 'micro.lock'), { code: 'data_loss', reason: 'HASH_MISMATCH' })
  assert.equal(sidesOf(text), undefined)
})
