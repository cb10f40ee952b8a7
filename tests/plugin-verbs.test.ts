import assert from 'node:assert/strict'
import { cpSync, existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeGitMachine, manifestOf, textOf, type GitMachine } from './kit/git-machine.js'
import { micro, type Outcome } from './kit/micro.js'
import { microOnTerminal } from './kit/pty.js'

const alice = 'github.com/alice/mailhog'
const bob = 'github.com/bob/mailhog'
const filesOf = (key: string) => ({ 'micro.plugin.yml': manifestOf(key, 'mailhog'), data: 'x' })

const plugin = (machine: GitMachine, ...words: string[]) => micro(machine, machine.project, ['plugin', ...words])
const values = ({ out }: Outcome) =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
const errorOf = (outcome: Outcome) => [outcome.code, values(outcome).at(-1)?.['reason']]
const lockOf = (machine: GitMachine) => readFileSync(join(machine.project, 'micro.lock'), 'utf8')

/** A machine that trusts both owners, with alice's and bob's branches locked. */
async function machineWithBoth(context: Parameters<typeof makeGitMachine>[0]) {
  const machine = await makeGitMachine(context)
  machine.configure('trust: [github.com/alice, github.com/bob]\n')
  const commits = [alice, bob].map((key) => machine.commit(key, filesOf(key)))
  const added = await plugin(machine, 'add', `${alice}:main`, `${bob}:main`)
  assert.equal(added.code, 0, added.err)
  return { machine, commits }
}

test('micro plugin update shows commits, files, and what it wants to use, before the lock changes', async (context) => {
  const { machine, commits } = await machineWithBoth(context)
  const lock = lockOf(machine)
  const fresh = machine.commit(alice, {
    'micro.plugin.yml': manifestOf(alice, 'mailhog').replace('[net]', '[net, exec]'),
    'package.json': '{"dependencies":{"evil\\u001b]0;x":"*"}}',
    data: 'y',
  })

  const dry = await plugin(machine, 'update', '--dry-run')
  assert.equal(dry.code, 0, dry.err)
  for (const shown of [
    alice,
    commits[0]?.slice(0, 12) ?? '',
    fresh.slice(0, 12),
    '1 commit more',
    'Alice: A commit',
    '+ package.json',
    '~ data',
    '+ exec',
    'evil\\u{1b}',
  ])
    assert.ok(dry.out.includes(shown), `${shown} in\n${dry.out}`)
  assert.ok(!dry.out.includes('\u001b'))
  assert.ok(!dry.out.includes(bob))
  assert.equal(lockOf(machine), lock)

  const told = values(await plugin(machine, 'update', '--json')).filter(({ type }) => type !== 'plugin')
  assert.deepEqual(
    told.map(({ type, key, isDone }) => [type, key, isDone]),
    [
      ['update', alice, undefined],
      ['updated', undefined, true],
    ],
  )
  assert.ok(lockOf(machine).includes(fresh))
  assert.match((await plugin(machine, 'update')).out, /^All 2 plugins are what micro\.lock names already/)
})

test('micro plugin update on a terminal asks, and takes an empty line for no', async (context) => {
  const { machine } = await machineWithBoth(context)
  const lock = lockOf(machine)
  const fresh = machine.commit(alice, { ...filesOf(alice), data: 'y' })

  const no = await microOnTerminal(machine, machine.project, ['plugin', 'update'], [{ sees: '[N] no: ', type: '\n' }])
  assert.equal(no.code, 0, no.out)
  assert.equal(lockOf(machine), lock)
  const yes = await microOnTerminal(machine, machine.project, ['plugin', 'update'], [{ sees: '[N] no: ', type: 'y\n' }])
  assert.equal(yes.code, 0, yes.out)
  assert.ok(lockOf(machine).includes(fresh))
})

test('micro plugin outdated names what moved; update and outdated of what is not locked end with 2, frozen with 3', async (context) => {
  const { machine } = await machineWithBoth(context)
  assert.match((await plugin(machine, 'outdated')).out, /^Nothing is outdated/)
  const fresh = machine.commit(bob, { ...filesOf(bob), data: 'y' })

  const shown = await plugin(machine, 'outdated')
  assert.equal(shown.code, 0)
  assert.match(shown.out, new RegExp(`\n${bob}:main +main [0-9a-f]{12} +main ${fresh.slice(0, 12)}`))
  assert.deepEqual(
    values(await plugin(machine, 'outdated', '--json'))
      .filter(({ type }) => type !== 'plugin')
      .map(({ key, isOutdated }) => [key, isOutdated]),
    [
      [alice, false],
      [bob, true],
    ],
  )
  const unknown = await plugin(machine, 'update', 'github.com/alice/mailhgo')
  assert.equal(unknown.code, 2)
  assert.match(unknown.err, /did you mean "github\.com\/alice\/mailhog:main"/i)
  assert.deepEqual(errorOf(await plugin(machine, 'update', '--frozen', '--json')), [3, 'LOCK_FROZEN'])
  await machine.unplug()
  assert.equal((await plugin(machine, 'outdated')).code, 1)
})

test('micro plugin remove takes a plugin out, and why names the line that still asks for it', async (context) => {
  const { machine } = await machineWithBoth(context)
  writeFileSync(join(machine.project, 'micro.yml'), `name: shop\nservices:\n  smtp: { type: mailhog, plugin: "${alice}:main" }\n`)

  const why = await plugin(machine, 'why', alice)
  assert.equal(why.code, 0)
  assert.match(why.out, new RegExp(`micro\\.yml:3:\\d+ +services\\.smtp\\.plugin +${alice}:main`))
  assert.equal((await plugin(machine, 'why', bob)).code, 1)

  const removed = await plugin(machine, 'remove', alice)
  assert.equal(removed.code, 0, removed.err)
  assert.match(removed.err, /micro\.yml:3:\d+ still asks for it/)
  assert.ok(!lockOf(machine).includes(alice))
  assert.ok(!existsSync(join(machine.project, 'plugins', alice)))
  assert.deepEqual(errorOf(await plugin(machine, 'remove', alice, '--json')), [2, 'PLUGIN_NOT_LOCKED'])
  assert.deepEqual(errorOf(await micro({ env: { ...machine.env, CI: 'true' } }, machine.project, ['plugin', 'remove', bob, '--json'])), [
    3,
    'LOCK_FROZEN',
  ])
})

test('micro plugin info shows what is locked without a network, and of others what their manifest says', async (context) => {
  const { machine, commits } = await machineWithBoth(context)
  const carol = 'github.com/carol/mailhog'
  machine.tag(carol, 'v1.2.0', machine.commit(carol, filesOf(carol)))

  const other = await plugin(machine, 'info', carol)
  assert.equal(other.code, 0, other.err)
  for (const shown of ['mailhog: A test', 'v1.2.0', 'uses', 'net', 'It is not in micro.lock'])
    assert.ok(other.out.includes(shown), other.out)
  assert.equal(machine.stored().length, 2)

  await machine.unplug()
  const locked = await plugin(machine, 'info', alice)
  assert.equal(locked.code, 0, locked.err)
  for (const shown of [commits[0]?.slice(0, 12) ?? '', `plugins/${alice}`, '2 files']) assert.ok(locked.out.includes(shown), locked.out)
  assert.equal(values(await plugin(machine, 'info', alice, '--json'))[0]?.['key'], alice)
  assert.deepEqual(errorOf(await plugin(machine, 'info', 'broker/nats', '--json')), [2, 'PLUGIN_NOT_FROM_GIT'])
})

test('micro plugin link puts a folder in a plugin place, list shows it, and CI refuses it', async (context) => {
  const { machine } = await machineWithBoth(context)
  const mine = join(machine.folder, 'mine')
  mkdirSync(mine)
  writeFileSync(join(mine, 'micro.plugin.yml'), manifestOf(alice, 'mailhog'))
  const lock = lockOf(machine)

  const linked = await plugin(machine, 'link', alice, '../mine')
  assert.equal(linked.code, 0, linked.err)
  assert.equal(readlinkSync(join(machine.project, 'plugins', alice)), mine)
  assert.match((await plugin(machine, 'list')).out, new RegExp(`${alice} .* linked to ${mine}\n`))
  assert.equal(lockOf(machine), lock)
  const ci = { env: { ...machine.env, CI: 'true' } }
  assert.deepEqual(errorOf(await micro(ci, machine.project, ['plugin', 'install', '--json'])), [3, 'LINKED_WHILE_FROZEN'])
  assert.deepEqual(errorOf(await micro(ci, machine.project, ['plugin', 'link', bob, '../mine', '--json'])), [3, 'LINKED_WHILE_FROZEN'])

  assert.equal((await plugin(machine, 'link', '--remove', alice)).code, 0)
  assert.notEqual(readlinkSync(join(machine.project, 'plugins', alice)), mine)
  assert.deepEqual(errorOf(await plugin(machine, 'link', '--remove', alice, '--json')), [2, 'NOT_LINKED'])
  for (const words of [
    ['link', alice],
    ['link', '--remove', alice, '../mine'],
  ])
    assert.deepEqual(errorOf(await plugin(machine, ...words, '--json')), [2, 'USAGE'])
})

test('micro plugin vendor brings real files along, which another machine installs from without a network', async (context) => {
  const { machine } = await machineWithBoth(context)
  const vendored = await plugin(machine, 'vendor')
  assert.equal(vendored.code, 0, vendored.err)
  assert.ok(lstatSync(join(machine.project, 'plugins', alice)).isDirectory())
  assert.match((await plugin(machine, 'list')).out, new RegExp(`${alice} .* vendored\n`))

  await machine.unplug()
  const clone = join(machine.folder, 'clone')
  cpSync(machine.project, clone, { recursive: true, verbatimSymlinks: true })
  const other = { env: { ...machine.env, HOME: join(machine.folder, 'other') } }
  const installed = await micro(other, clone, ['plugin', 'install', '--offline', '--frozen', '--trust', 'lock'])
  assert.equal(installed.code, 0, installed.err)
  const verified = await micro(other, clone, ['plugin', 'verify'])
  assert.equal(verified.code, 0, verified.err)

  assert.equal((await plugin(machine, 'vendor', '--remove', bob)).code, 0)
  assert.ok(lstatSync(join(machine.project, 'plugins', bob)).isSymbolicLink())
  writeFileSync(join(machine.project, 'plugins', alice, 'data'), 'edited')
  assert.equal((await plugin(machine, 'verify')).code, 8)
  assert.deepEqual(errorOf(await plugin(machine, 'vendor', '--remove', alice, '--json')), [8, 'HASH_MISMATCH'])
  assert.equal(textOf(join(machine.project, 'plugins', alice, 'data')), 'edited')
})

test('micro plugin lock resolves a merge conflict, and says so when there is none', async (context) => {
  const { machine } = await machineWithBoth(context)
  const whole = lockOf(machine)
  assert.match((await plugin(machine, 'lock')).out, /no conflict/)
  const at = whole.indexOf(`  ${bob}:`)
  const ours = whole.slice(at)
  const theirs = ours.replaceAll('bob', 'carol')
  writeFileSync(join(machine.project, 'micro.lock'), `${whole.slice(0, at)}<<<<<<< HEAD\n${ours}=======\n${theirs}>>>>>>> theirs\n`)
  const refused = await plugin(machine, 'list', '--json')
  assert.deepEqual(errorOf(refused), [3, 'LOCK_CONFLICT'])

  const resolved = await plugin(machine, 'lock')

  assert.equal(resolved.code, 0, resolved.err)
  assert.equal(lockOf(machine), `${whole.slice(0, at)}${ours}${theirs}`)
  assert.deepEqual(errorOf(await plugin(machine, 'lock', '--ours', '--theirs', '--json')), [2, 'USAGE'])
})

test('micro plugin search looks through core and indexes, offline once they were asked, and names what is near', async (context) => {
  const machine = await makeGitMachine(context)
  machine.configure('indexes: [github.com/some/index]\n')
  const index =
    'plugins:\n  - { uri: github.com/alice/kafka, name: Kafka, description: A broker }\n  - { uri: github.com/bob/logs, name: Logs, description: What kafka said }\n'
  machine.commit('github.com/some/index', { 'lando.plugin.yml': index })

  const found = await plugin(machine, 'search', 'kafka')
  assert.equal(found.code, 0, found.err)
  assert.match(found.out, /github\.com\/alice\/kafka .*\n(.*\n)*github\.com\/bob\/logs /)
  await machine.unplug()
  const offline = values(await plugin(machine, 'search', 'KAFKA', 'broker', '--offline', '--json'))
  assert.deepEqual(
    offline.map(({ key }) => key),
    ['github.com/alice/kafka'],
  )
  const near = await plugin(machine, 'search', 'kakfa')
  assert.equal(near.code, 1)
  assert.match(near.err, /Did you mean kafka/)
  assert.match((await plugin(machine, 'search', 'mailhog')).out, /mailhog +\S+.* core /)
})

test('micro plugin cache says what is kept, frees nothing that is young, and knows its actions', async (context) => {
  const { machine } = await machineWithBoth(context)
  await plugin(machine, 'remove', alice)

  const [kept] = values(await plugin(machine, 'cache', '--json'))
  const { entries } = (kept?.['store'] ?? {}) as { readonly entries?: number }
  assert.deepEqual([kept?.['type'], entries, kept?.['projects']], ['kept', 2, [machine.project]])
  assert.equal((await plugin(machine, 'cache', 'gc')).code, 0)
  assert.equal(machine.stored().length, 2)
  const wrong = await plugin(machine, 'cache', 'prnue')
  assert.equal(wrong.code, 2)
  assert.match(wrong.err, /did you mean "prune"/i)
})
