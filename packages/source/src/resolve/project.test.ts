/** What a project does with the plugins that it has: take them out, bring them along, put one's own in their place. */
import assert from 'node:assert/strict'
import {
  appendFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { removeReadOnly } from '../machine/leftovers.js'
import { manifestOf, world } from '../testing/world.js'
import { list, verify } from './list.js'
import { linkFolder, unlinkFolder } from './own-folder.js'
import type { GitPlugin } from './plugin.js'
import { remove } from './remove.js'
import { install, resolve } from './resolve.js'
import { unvendor, vendor } from './vendor.js'
import { why } from './why.js'

const alice = 'github.com/alice/mailhog'
const bob = 'github.com/bob/mailhog'
const plugins = 'github.com/alice/plugins'
const filesOf = (key: string) => ({ 'micro.plugin.yml': manifestOf(key, 'mailhog'), 'bin/run': { mode: '100755', text: 'x' } }) as const
const several = {
  'micro.plugin.yml': `plugins:\n  - { uri: "${plugins}//a", name: A, description: a, service: { type: a } }\n  - { uri: "${plugins}//b/c", name: B, description: b, service: { type: b } }\n`,
  'a/x': '1',
  'b/c/x': '2',
}
const forget = async (here: { root: string }) => {
  for (const folder of ['home/.local/share/micro/store', 'home/.cache']) await removeReadOnly(join(here.root, folder))
}

test('remove() takes revisions out of the lock and their links out of the project, and leaves the store', async (context) => {
  const here = await world(context)
  const repository = here.repository(alice)
  repository.tag('v1.0.0', repository.commit(filesOf(alice)))
  repository.commit({ ...filesOf(alice), more: 'y' })
  here.repository(bob).commit(filesOf(bob))
  await resolve([`${alice}:v1.0.0`, `${alice}:main`, bob], here.options())
  const stored = here.stored()

  assert.deepEqual(
    (await remove([`${alice}:main`], here.options())).map(({ key, revision }) => [key, revision]),
    [[alice, 'main']],
  )
  assert.deepEqual(
    (await list(here.options())).map(({ key, revisions }) => [key, revisions]),
    [
      [alice, ['v1.0.0']],
      [bob, ['']],
    ],
  )
  assert.deepEqual(readdirSync(join(here.project, 'plugins/github.com/alice')), ['mailhog'])

  await remove([alice, bob], here.options())
  assert.match(here.read('project/micro.lock'), /plugins: \{\}/)
  assert.ok(!existsSync(join(here.project, 'plugins/github.com')))
  assert.deepEqual(here.stored(), stored)
})

test('remove() refuses what the lock does not name, and a frozen lock', async (context) => {
  const here = await world(context)
  here.repository(alice).commit(filesOf(alice))
  await resolve([alice], here.options())
  const lock = here.read('project/micro.lock')

  await assert.rejects(remove([bob], here.options()), { code: 'not_found', reason: 'PLUGIN_NOT_LOCKED' })
  await assert.rejects(remove([alice], here.options({ frozen: true })), { reason: 'LOCK_FROZEN' })
  assert.equal(here.read('project/micro.lock'), lock)
})

test('vendor() makes real files of a plugin, which a machine without store and network installs from, and unvendor() links again', async (context) => {
  const here = await world(context)
  here.repository(alice).commit(filesOf(alice))
  here.repository(plugins).commit(several)
  await resolve([alice, `${plugins}//a`, `${plugins}//b/c`], here.options())

  const vendored = await vendor([], here.options())

  assert.deepEqual(
    vendored.map(({ key, isNew }) => [key, isNew]),
    [
      [alice, true],
      [`${plugins}//a`, true],
      [`${plugins}//b/c`, true],
    ],
  )
  const at = (path: string) => join(here.project, 'plugins', path)
  assert.ok(lstatSync(at(alice)).isDirectory())
  assert.equal(lstatSync(at(`${alice}/bin/run`)).mode & 0o777, 0o755)
  assert.deepEqual(readdirSync(at(plugins)).sort(), ['a', 'b', 'micro.plugin.yml'])
  assert.deepEqual(await verify(here.options()), { checked: 3, problems: [] })
  assert.ok((await list(here.options())).every(({ isVendored }) => isVendored))
  assert.deepEqual(
    (await vendor([], here.options())).map(({ isNew }) => isNew),
    [false, false, false],
  )

  await forget(here)
  await here.server.stop()
  const { plugins: installed } = await install(here.options({ offline: true, frozen: true, env: { ...here.env, PATH: '' } }))
  assert.equal(readFileSync(join((installed[0] as GitPlugin).root, 'bin/run'), 'utf8'), 'x')
  assert.equal(here.stored().length, 3)
  // And again, by the receipt.
  assert.deepEqual((await resolve([alice], here.options({ env: { ...here.env, PATH: '' } }))).events, [])

  assert.equal((await unvendor([], here.options())).length, 3)
  assert.equal(readlinkSync(at(alice)), (installed[0] as GitPlugin).root)
  assert.deepEqual(await verify(here.options()), { checked: 3, problems: [] })
})

test('vendored files that somebody edited are found, refused, and never overwritten', async (context) => {
  const here = await world(context)
  here.repository(alice).commit(filesOf(alice))
  await resolve([alice], here.options())
  await vendor([alice], here.options())
  const file = join(here.project, 'plugins', alice, 'bin/run')
  appendFileSync(file, 'y')

  assert.deepEqual(
    (await verify(here.options())).problems.map(({ error }) => error.reason),
    ['HASH_MISMATCH'],
  )
  for (const use of [
    install,
    (options: ReturnType<typeof here.options>) => vendor([], options),
    (options: ReturnType<typeof here.options>) => unvendor([], options),
  ])
    await assert.rejects(use(here.options()), { code: 'data_loss', reason: 'HASH_MISMATCH' })
  assert.ok((await remove([alice], here.options()))[0]?.left?.endsWith(alice))
  assert.equal(readFileSync(file, 'utf8'), 'xy')
})

test('what is vendored follows the lock, and goes with remove()', async (context) => {
  const here = await world(context)
  const repository = here.repository(alice)
  repository.commit(filesOf(alice))
  await resolve([`${alice}:main`], here.options())
  await vendor([], here.options())
  repository.commit({ ...filesOf(alice), more: 'y' })
  const { add } = await import('./resolve.js')

  await add([`${alice}:main`], here.options())

  const at = join(here.project, 'plugins', alice)
  assert.ok(lstatSync(at).isDirectory())
  assert.deepEqual(readdirSync(at).sort(), ['bin', 'micro.plugin.yml', 'more'])
  await remove([alice], here.options())
  assert.ok(!existsSync(at))
})

test('linkFolder() puts a folder in the place of a plugin in this checkout only, and unlinkFolder() takes it out', async (context) => {
  const here = await world(context)
  here.repository(alice).commit(filesOf(alice))
  await resolve([`${alice}:main`], here.options())
  const lock = here.read('project/micro.lock')
  here.write('mine/micro.plugin.yml', manifestOf(alice, 'mine'))

  await linkFolder(alice, '../mine', here.options())

  const { plugins: found, events } = await resolve([`${alice}:main`], here.options({ env: { ...here.env, PATH: '' } }))
  const [plugin] = found as [GitPlugin]
  assert.deepEqual([plugin.commit, plugin.folder, plugin.key, events], ['linked', join(here.root, 'mine'), alice, []])
  assert.equal(readlinkSync(join(here.project, 'plugins', alice)), join(here.root, 'mine'))
  assert.equal((await list(here.options()))[0]?.linkedTo, join(here.root, 'mine'))
  assert.equal(here.read('project/micro.lock'), lock)
  assert.deepEqual((await verify(here.options())).problems, [])
  await assert.rejects(resolve([`${alice}:main`], here.options({ frozen: true })), {
    code: 'failed_precondition',
    reason: 'LINKED_WHILE_FROZEN',
  })
  await assert.rejects(linkFolder(alice, '../mine', here.options({ frozen: true })), { reason: 'LINKED_WHILE_FROZEN' })
  // Another checkout knows nothing of it.
  cpSync(join(here.project, 'micro.lock'), join(here.root, 'other/micro.lock'))
  assert.notEqual(
    ((await resolve([`${alice}:main`], { ...here.options(), project: join(here.root, 'other') })).plugins[0] as GitPlugin).commit,
    'linked',
  )

  await unlinkFolder(alice, here.options())
  const again = (await resolve([`${alice}:main`], here.options())).plugins[0] as GitPlugin
  assert.equal(readlinkSync(join(here.project, 'plugins', alice)), again.root)
  await assert.rejects(unlinkFolder(alice, here.options()), { code: 'not_found', reason: 'NOT_LINKED' })
})

test('linkFolder() of a repository stands for its folders, of a plugin that nobody has locked too, and must be that plugin', async (context) => {
  const here = await world(context)
  for (const [path, text] of Object.entries(several)) here.write(`mine/${path}`, text)
  here.write('c/micro.plugin.yml', manifestOf(`${plugins}//a`, 'a'))
  here.write('bare/readme', '')

  await assert.rejects(linkFolder(alice, '../mine', here.options()), { reason: 'URI_MISMATCH' })
  await assert.rejects(linkFolder(alice, '../bare', here.options()), { reason: 'NO_MANIFEST' })
  await assert.rejects(linkFolder(alice, '../nowhere', here.options()), { reason: 'PLUGIN_FOLDER_MISSING' })
  await assert.rejects(linkFolder('broker/nats', '../mine', here.options()), { reason: 'PLUGIN_NOT_FROM_GIT' })
  await linkFolder(plugins, '../mine', here.options())
  const { plugins: found } = await resolve([`${plugins}//b/c`], here.options())
  assert.deepEqual([(found[0] as GitPlugin).folder, (found[0] as GitPlugin).catalog.plugins.length], [join(here.root, 'mine/b/c'), 1])
  assert.deepEqual(
    (await list(here.options())).map(({ key, commit }) => [key, commit]),
    [[plugins, 'linked']],
  )

  await unlinkFolder(plugins, here.options())
  await linkFolder(`${plugins}//a`, '../c', here.options())
  const own = (await resolve([`${plugins}//a`], here.options())).plugins[0] as GitPlugin
  assert.deepEqual([own.folder, own.catalog.plugins[0]?.file], [join(here.root, 'c'), 'micro.plugin.yml'])
  assert.ok(!existsSync(join(here.project, 'micro.lock')))
})

test('why() names each line that asks: of micro.yml, of a plugins.ts, of the manifest of a plugin', async (context) => {
  const here = await world(context)
  here.repository(bob).commit({ 'micro.plugin.yml': `${manifestOf(bob, 'x')}  - { uri: ${alice}, name: A, description: a }\n` })
  await resolve([bob], here.options())
  here.write(
    'project/micro.yml',
    `name: shop\nplugins: [${bob}]\nservices:\n  smtp:\n    type: mailhog\n    plugin: "${alice}:develop"\n  other: { type: x, broker: { type: k, plugin: github.com/Alice/Mailhog } }\n`,
  )
  here.write(
    'project/services/orders/plugins.ts',
    `// Generated by micro\n// plugin: broker/nats\n// plugin: https://github.com/alice/mailhog.git\n`,
  )

  const { asking, locked } = await why(alice, here.options())

  assert.deepEqual(
    asking.map(({ by, place, reference }) => [by, place.file, place.line, reference]),
    [
      ['services.smtp.plugin', 'micro.yml', 6, `${alice}:develop`],
      ['services.other.broker.plugin', 'micro.yml', 7, 'github.com/Alice/Mailhog'],
      ['plugin', 'services/orders/plugins.ts', 3, 'https://github.com/alice/mailhog.git'],
      [bob, `plugins/${bob}/micro.plugin.yml`, asking.at(-1)?.place.line, alice],
    ],
  )
  assert.deepEqual(locked, [])
  assert.deepEqual((await why(bob, here.options())).locked, [''])
  assert.deepEqual(
    (await why('broker/nats', here.options())).asking.map(({ place }) => place.line),
    [2],
  )
})

test('a folder of the user that has no manifest is never taken for a vendored plugin', async (context) => {
  const here = await world(context)
  here.repository(alice).commit(filesOf(alice))
  const at = join(here.project, 'plugins', alice)
  mkdirSync(at, { recursive: true })
  writeFileSync(join(at, 'mine'), '')

  await assert.rejects(resolve([alice], here.options()), { reason: 'LINK_BLOCKED' })
  assert.deepEqual(readdirSync(at), ['mine'])
  rmSync(at, { recursive: true })
  assert.equal((await resolve([alice], here.options())).plugins.length, 1)
})
