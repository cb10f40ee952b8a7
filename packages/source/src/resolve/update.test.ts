import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { removeReadOnly } from '../machine/leftovers.js'
import { manifestOf, world } from '../testing/world.js'
import { list } from './list.js'
import { outdated } from './outdated.js'
import { resolve } from './resolve.js'
import { type PluginUpdate, update } from './update.js'

const alice = 'github.com/alice/mailhog'
const bob = 'github.com/bob/mailhog'
const filesOf = (key: string, more = '') => ({ 'micro.plugin.yml': manifestOf(key, 'mailhog', more), data: 'x' })

test('update() moves branches and ranges to what they mean now, and says what was between', async (context) => {
  const here = await world(context)
  const [a, b] = [here.repository(alice), here.repository(bob)]
  const old = a.commit(filesOf(alice))
  b.tag('v1.0.0', b.commit(filesOf(bob)))
  await resolve([`${alice}:main`, `${bob}:^1`], here.options())
  a.commit({ ...filesOf(alice), data: 'y' })
  const fresh = a.commit({ ...filesOf(alice), data: 'z', more: '1' })
  b.tag('v1.1.0', b.commit({ ...filesOf(bob), data: 'y' }), true)

  const { updates, isDone, asked } = await update([], here.options())

  assert.deepEqual([isDone, asked, updates.map(({ key }) => key)], [true, 2, [alice, bob]])
  const [one, two] = updates as [PluginUpdate, PluginUpdate]
  assert.deepEqual([one.from.commit, one.to.commit, one.relation], [old, fresh, 'ahead'])
  assert.deepEqual(
    one.log.map(({ author, subject }) => [author, subject]),
    [
      ['Alice', 'A commit'],
      ['Alice', 'A commit'],
    ],
  )
  assert.deepEqual([two.from.ref, two.to.ref, two.files.changed], ['refs/tags/v1.0.0', 'refs/tags/v1.1.0', ['data']])
  assert.deepEqual(
    (await list(here.options())).map(({ key, commit, isPresent }) => [key, commit === fresh, isPresent]),
    [
      [alice, true, true],
      [bob, false, true],
    ],
  )
})

test('update() of what has not moved asks each repository once, and fetches nothing', async (context) => {
  const here = await world(context)
  const keys = ['a', 'b', 'c'].map((name) => `github.com/alice/${name}`)
  for (const key of keys) here.repository(key).commit(filesOf(key))
  await resolve(keys, here.options())
  const lock = here.read('project/micro.lock')
  here.server.requests.length = 0

  const { updates, asked, isDone } = await update([], here.options())

  assert.deepEqual([updates, asked, isDone], [[], 3, false])
  assert.equal(here.server.requests.filter((line) => line.includes('info/refs')).length, 3)
  assert.equal(here.server.requests.filter((line) => line.startsWith('POST')).length, 3) // ls-remote in protocol 2
  assert.equal(here.read('project/micro.lock'), lock)
})

test('update() of one leaves the others, and refuses what the lock does not name', async (context) => {
  const here = await world(context)
  const [a, b] = [here.repository(alice), here.repository(bob)]
  a.commit(filesOf(alice))
  b.commit(filesOf(bob))
  await resolve([`${alice}:main`, bob], here.options())
  for (const [repository, key] of [
    [a, alice],
    [b, bob],
  ] as const)
    repository.commit({ ...filesOf(key), data: 'y' })

  assert.deepEqual(
    (await update([bob], here.options())).updates.map(({ key }) => key),
    [bob],
  )
  await assert.rejects(update(['github.com/alice/mailhgo'], here.options()), { code: 'not_found', reason: 'PLUGIN_NOT_LOCKED' })
  await assert.rejects(update([`${alice}:v9`], here.options()), { code: 'not_found', reason: 'PLUGIN_NOT_LOCKED' })
})

test('update() refuses all when one fails, a frozen lock, and a tag that moved', async (context) => {
  const here = await world(context)
  const [a, b] = [here.repository(alice), here.repository(bob)]
  a.commit(filesOf(alice))
  b.tag('v1.0.0', b.commit(filesOf(bob)))
  await resolve([`${alice}:main`, `${bob}:v1.0.0`], here.options())
  const lock = here.read('project/micro.lock')
  const before = here.stored()
  a.commit({ ...filesOf(alice), data: 'y' })
  await assert.rejects(update([], here.options({ frozen: true })), { code: 'failed_precondition', reason: 'LOCK_FROZEN' })
  b.tag('v1.0.0', b.commit({ ...filesOf(bob), data: 'evil' }))

  await assert.rejects(update([], here.options()), { code: 'failed_precondition', reason: 'TAG_MOVED' })

  assert.equal(here.read('project/micro.lock'), lock)
  assert.deepEqual(here.stored(), before)
})

test('update() tells a history that was written anew from one that went on, also when the old commit is gone here and there', async (context) => {
  const here = await world(context)
  const repository = here.repository(alice)
  const root = repository.commit(filesOf(alice))
  repository.commit({ ...filesOf(alice), data: 'y' })
  await resolve([`${alice}:main`], here.options())
  repository.git('update-ref', 'refs/heads/main', root)
  repository.commit({ ...filesOf(alice), data: 'z' })
  for (const folder of ['home/.local/share/micro', 'home/.cache']) await removeReadOnly(join(here.root, folder))

  const { updates } = await update([], { ...here.options(), confirm: () => false })
  assert.deepEqual([updates[0]?.relation, updates[0]?.isCompared, updates[0]?.files.changed], ['diverged', true, ['data']])

  repository.git('-c', 'gc.reflogExpire=now', 'gc', '--prune=now', '--quiet')
  for (const folder of ['home/.local/share/micro', 'home/.cache']) await removeReadOnly(join(here.root, folder))
  await assert.rejects(update([], here.options()), { reason: 'HISTORY_UNRELATED' })
})

test('update() takes what a server without filters has when the user says so, and asks again whom a commit was all that was trusted of', async (context) => {
  const here = await world(context)
  const repository = here.repository(alice)
  const old = repository.commit(filesOf(alice))
  here.configure(`trust: ["${alice}:${old}"]\n`)
  await resolve([`${alice}:main`], here.options())
  const fresh = repository.commit({ ...filesOf(alice), data: 'y' })
  here.server.config = ['uploadpack.allowFilter=false']

  await assert.rejects(update([], here.options({ allowUnreachable: true })), { code: 'permission_denied', reason: 'UNTRUSTED_SOURCE' })
  const { updates } = await update([], here.options({ allowUnreachable: true, trust: [alice] }))

  assert.deepEqual([updates[0]?.relation, updates[0]?.to.commit], ['unknown', fresh])
})

test('outdated() asks each repository once and says what moved, what is higher, and what cannot be asked', async (context) => {
  const here = await world(context)
  const [a, b] = [here.repository(alice), here.repository(bob)]
  a.commit(filesOf(alice))
  const one = b.commit(filesOf(bob))
  b.tag('v1.0.0', one)
  const gone = here.repository('github.com/carol/gone')
  gone.commit(filesOf('github.com/carol/gone'))
  await resolve([`${alice}:main`, `${bob}:v1.0.0`, `${bob}:^1`, 'github.com/carol/gone'], here.options())
  const lock = here.read('project/micro.lock')
  const fresh = a.commit({ ...filesOf(alice), data: 'y' })
  b.tag('v2.0.0', b.commit({ ...filesOf(bob), data: 'y' }))
  await removeReadOnly(gone.folder)
  here.server.requests.length = 0

  const standings = await outdated([], here.options())

  assert.deepEqual(
    standings.map(({ key, revision, wanted, latest, isOutdated, error }) => [
      key,
      revision,
      wanted?.commit,
      latest?.ref,
      isOutdated,
      error?.reason,
    ]),
    [
      [alice, 'main', fresh, undefined, true, undefined],
      [bob, '^1', one, 'refs/tags/v2.0.0', true, undefined],
      [bob, 'v1.0.0', one, 'refs/tags/v2.0.0', true, undefined],
      ['github.com/carol/gone', '', undefined, undefined, false, 'REPOSITORY_NOT_FOUND'],
    ],
  )
  assert.equal(here.server.requests.filter((line) => line.includes('bob/mailhog') && line.includes('info/refs')).length, 1)
  assert.equal(here.read('project/micro.lock'), lock)
  await assert.rejects(outdated([], here.options({ offline: true })), { reason: 'OFFLINE' })
  here.configure('')
  await assert.rejects(outdated([], here.options()), { reason: 'UNTRUSTED_SOURCE' })
})
