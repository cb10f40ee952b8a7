import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeGitMachine, manifestOf, textOf, type GitMachine } from './kit/git-machine.js'
import { micro, microBin, type Outcome } from './kit/micro.js'

const mailhog = 'github.com/alice/mailhog'
const files = { 'lando.plugin.yml': manifestOf(mailhog, 'mailhog'), 'bin/run': 'x' }

const plugin = (machine: GitMachine, ...words: string[]) => micro(machine, machine.project, ['plugin', ...words])

/** The values of an output with `--json`; each line must be one. */
const values = ({ out }: Outcome) =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

const errorOf = (outcome: Outcome) => {
  const { code, reason } = values(outcome).at(-1) ?? {}
  return { exit: outcome.code, code, reason }
}

test('micro plugin add fetches, locks and links, says what was chosen and why, and list shows it from any folder below', async (context) => {
  const machine = await makeGitMachine(context)
  machine.configure('trust: [github.com/alice]\n')
  const commit = machine.commit(mailhog, files, 'develop')

  const added = await plugin(machine, 'add', `${mailhog}:develop`)

  assert.equal(added.code, 0, added.err)
  const lock = readFileSync(join(machine.project, 'micro.lock'), 'utf8')
  const [h1 = ''] = machine.stored()
  assert.match(lock, new RegExp(commit))
  for (const shown of [mailhog, `develop ${commit.slice(0, 12)}`, 'the branch as it is now', commit, h1.slice(0, 12), `plugins/${mailhog}`])
    assert.ok(added.out.includes(shown), `${shown} in\n${added.out}`)
  assert.equal(readlinkSync(join(machine.project, 'plugins', mailhog)), join(machine.folder, 'home/.local/share/micro/store', h1))

  const below = join(machine.project, 'services/orders')
  mkdirSync(below, { recursive: true })
  const listed = await micro(machine, below, ['plugin', 'list'])
  assert.match(
    listed.out,
    new RegExp(`^plugin +revision +commit +has +present\n${mailhog} +develop +${commit.slice(0, 12)} +mailhog +yes\n$`),
  )
  const [data] = values(await micro(machine, below, ['plugin', 'list', '--json']))
  assert.deepEqual([data?.['key'], data?.['commit'], data?.['h1'], data?.['isPresent']], [mailhog, commit, h1, true])
})

test('micro plugin add --json tells what happens and what came of it, a value a line', async (context) => {
  const machine = await makeGitMachine(context)
  const commit = machine.commit(mailhog, files)

  const outcome = await plugin(machine, 'add', mailhog, '--trust', 'github.com/alice', '--json')

  assert.equal(outcome.code, 0, outcome.out)
  assert.equal(outcome.err, '')
  const told = values(outcome)
  const events = told.flatMap(({ type, event }) => (type === 'plugin' ? [(event as { is: string }).is] : []))
  assert.deepEqual([events[0], events.at(-1)], ['asking', 'locked'])
  const { type, key, commit: found, types } = told.at(-1) ?? {}
  assert.deepEqual([type, key, found, types], ['added', mailhog, commit, ['mailhog']])
  assert.doesNotMatch(textOf(machine.configFile) ?? '', /trust/)
})

const landoExample = `plugins:
  - uri: mailhog
    name: Mailhog
    description: Lando core Mailhog service
  - uri: github.com/alice/mailhog
    name: Mailhog
    description: Alice's custom version of Mailhog
  - uri: github.com/bob/mailhog
    name: Mailhog
    description: Bob's custom version of Mailhog
  - uri: foo@example.com:bar/baz.git
    name: Baz
    description: Custom hosted repository

`

test("micro plugin list --available lists the four plugins of Lando's own example, and with --yaml as it has them", async (context) => {
  const machine = await makeGitMachine(context)
  machine.configure('indexes: [github.com/lando/plugins]\n')
  machine.commit('github.com/lando/plugins', { 'lando.plugin.yml': landoExample })
  mkdirSync(join(machine.project, 'plugins'))

  const table = await plugin(machine, 'list', '--available')
  const yaml = await plugin(machine, 'list', '--available', '--yaml')
  const data = values(await plugin(machine, 'list', '--available', '--json'))

  assert.equal(table.code, 0, table.err)
  for (const uri of ['mailhog', 'github.com/alice/mailhog', 'github.com/bob/mailhog', 'foo@example.com:bar/baz.git'])
    assert.ok(
      table.out.split('\n').some((line) => line.startsWith(`${uri} `)),
      table.out,
    )
  // `mailhog` is a pointer to core's, which says more of itself than the index does.
  const [, , ...others] = landoExample.trimEnd().split(/(?= {2}- uri)/)
  for (const entry of others) assert.ok(yaml.out.includes(`${entry.trimEnd()}\n`), yaml.out)
  assert.deepEqual(
    data.filter(({ from }) => from === 'index').map(({ key, source }) => [key, source]),
    [
      ['example.com/bar/baz', 'github.com/lando/plugins'],
      ['github.com/alice/mailhog', 'github.com/lando/plugins'],
      ['github.com/bob/mailhog', 'github.com/lando/plugins'],
    ],
  )
  assert.deepEqual(data.filter(({ from, uri }) => from === 'core' && uri === 'mailhog').length, 1)
  assert.equal(textOf(join(machine.project, 'plugins/manifest.yml')), yaml.out)
  assert.deepEqual([machine.stored(), existsSync(join(machine.project, 'micro.lock'))], [[], false])
})

test('micro plugin add keeps plugins/manifest.yml, also when an index is away', async (context) => {
  const machine = await makeGitMachine(context)
  machine.configure('trust: [github.com/alice]\nindexes: [github.com/nobody/index]\n')
  machine.commit(mailhog, files)
  const manifest = join(machine.project, 'plugins/manifest.yml')

  const without = await plugin(machine, 'add', mailhog)
  assert.equal(without.code, 0, without.err)
  assert.match(without.err, /plugins\/manifest\.yml stays as it is/)
  assert.equal(textOf(manifest), undefined)

  machine.configure('trust: [github.com/alice]\n')
  await plugin(machine, 'install')
  assert.match(textOf(manifest) ?? '', new RegExp(`- uri: ${mailhog}\n`))
})

test('micro plugin install restores in a fresh clone, on another machine, exactly what the lock names', async (context) => {
  const machine = await makeGitMachine(context)
  machine.configure('trust: [github.com/alice]\n')
  machine.commit(mailhog, files, 'develop')
  await plugin(machine, 'add', `${mailhog}:develop`)
  const lock = readFileSync(join(machine.project, 'micro.lock'), 'utf8')
  const before = machine.stored()
  machine.commit(mailhog, { ...files, 'bin/run': 'y' }, 'develop')
  const clone = join(machine.folder, 'clone')
  mkdirSync(clone)
  for (const name of ['micro.yml', 'micro.lock']) cpSync(join(machine.project, name), join(clone, name))
  const home = join(machine.folder, 'other')
  mkdirSync(join(home, '.config/micro'), { recursive: true })
  writeFileSync(join(home, '.config/micro/config.yml'), (textOf(machine.configFile) ?? '').replace(/^trust.*$/m, ''))
  const other = { env: { ...machine.env, HOME: home } }

  const refused = await micro(other, clone, ['plugin', 'install', '--json'])
  const outcome = await micro(other, clone, ['plugin', 'install', '--frozen', '--trust', 'lock'])

  assert.deepEqual(errorOf(refused), { exit: 8, code: 'permission_denied', reason: 'UNTRUSTED_SOURCE' })
  assert.equal(outcome.code, 0, outcome.err)
  assert.equal(readFileSync(join(clone, 'plugins', mailhog, 'bin/run'), 'utf8'), 'x')
  assert.ok(readlinkSync(join(clone, 'plugins', mailhog)).startsWith(home))
  assert.equal(readFileSync(join(clone, 'micro.lock'), 'utf8'), lock)
  assert.ok(existsSync(join(home, '.local/share/micro/store', before[0] ?? '')))
  assert.equal((await micro(other, clone, ['plugin', 'verify'])).code, 0)
})

test('micro plugin verify ends with 8 when a byte in the store was changed, and with 0 and a count before', async (context) => {
  const machine = await makeGitMachine(context)
  machine.configure('trust: [github.com/alice]\n')
  machine.commit(mailhog, files)
  await plugin(machine, 'add', mailhog)
  const whole = await plugin(machine, 'verify')
  const file = join(machine.project, 'plugins', mailhog, 'bin/run')
  chmodSync(file, 0o644)
  writeFileSync(file, 'z')
  chmodSync(file, 0o444)

  const changed = await plugin(machine, 'verify')
  const told = values(await plugin(machine, 'verify', '--json'))
  const used = await plugin(machine, 'install', '--json')

  assert.deepEqual([whole.code, changed.code], [0, 8])
  assert.match(whole.out, /^1 plugin/)
  assert.match(changed.err, new RegExp(mailhog))
  assert.deepEqual(
    told.map(({ type, key, reason, problems }) => ({ type, key, reason, problems })),
    [
      { type: 'problem', key: mailhog, reason: 'HASH_MISMATCH', problems: undefined },
      { type: 'verified', key: undefined, reason: undefined, problems: 1 },
    ],
  )
  assert.deepEqual(errorOf(used), { exit: 8, code: 'data_loss', reason: 'HASH_MISMATCH' })
})

test('micro plugin add of a tag that has moved is refused, and the locked install keeps its bytes', async (context) => {
  const machine = await makeGitMachine(context)
  machine.configure('trust: [github.com/alice]\n')
  const old = machine.commit(mailhog, files)
  machine.tag(mailhog, 'v1.0.0', old)
  await plugin(machine, 'add', `${mailhog}:v1.0.0`)
  const lock = readFileSync(join(machine.project, 'micro.lock'), 'utf8')
  const moved = machine.commit(mailhog, { ...files, 'bin/run': 'y' })
  machine.tag(mailhog, 'v1.0.0', moved)

  const again = await plugin(machine, 'add', `${mailhog}:v1.0.0`, '--json')
  const installed = await plugin(machine, 'install')

  assert.equal(errorOf(again).exit, 8)
  assert.equal(errorOf(again).reason, 'TAG_MOVED')
  assert.ok(again.out.includes(old) && again.out.includes(moved))
  assert.equal(installed.code, 0, installed.err)
  assert.equal(readFileSync(join(machine.project, 'plugins', mailhog, 'bin/run'), 'utf8'), 'x')
  assert.equal(readFileSync(join(machine.project, 'micro.lock'), 'utf8'), lock)
})

test('micro plugin add of an untrusted source without a terminal ends with 8, says what to type, and leaves nothing', async (context) => {
  const machine = await makeGitMachine(context)
  machine.commit(mailhog, files)

  const outcome = await plugin(machine, 'add', mailhog)

  assert.equal(outcome.code, 8)
  assert.match(outcome.err, /--trust github\.com\/alice/)
  assert.match(outcome.err, /micro plugin trust github\.com\/alice\/mailhog/)
  nothingOf(machine)

  const trusted = await plugin(machine, 'trust', mailhog)
  assert.deepEqual([trusted.code, (await plugin(machine, 'add', mailhog)).code], [0, 0])
})

test('micro plugin says what to type for all untrusted sources at once', async (context) => {
  const machine = await makeGitMachine(context)

  const { err } = await plugin(machine, 'add', mailhog, 'github.com/bob/mailhog', `${mailhog}:develop`)

  assert.match(err, /`micro plugin trust github\.com\/alice\/mailhog github\.com\/bob\/mailhog`/)
  assert.match(err, /--trust github\.com\/alice,github\.com\/bob\./)
})

/** Neither the store nor the project has anything of a plugin. */
function nothingOf(machine: GitMachine): void {
  assert.deepEqual(machine.stored(), [])
  assert.ok(!existsSync(join(machine.project, 'micro.lock')))
  assert.ok(!existsSync(join(machine.project, 'plugins')))
}

test('micro plugin add asks nobody for a reference that is malformed, injects an option, or is not from git', async (context) => {
  const machine = await makeGitMachine(context)
  machine.configure('trust: [github.com]\n')
  const marker = join(machine.folder, 'marker')

  for (const [reason, ...words] of [
    ['REF_SYNTAX', '--', `--upload-pack=touch ${marker}`],
    ['REF_SYNTAX', '--', `github.com/alice/mailhog:--upload-pack=touch ${marker}`],
    ['USAGE', `--upload-pack=touch ${marker}`, mailhog],
    ['PROTO_DENIED', `ext::sh -c "touch ${marker}"`],
    ['PATH_ESCAPE', 'github.com/alice/../mailhog'],
    ['INSECURE', 'http://github.com/alice/mailhog'],
    ['USAGE', 'broker/nats'],
    ['USAGE', './plugins/mailer'],
    ['USAGE', 'npm:@acme/broker-kafka'],
    ['USAGE', 'lando'],
    ['USAGE'],
  ] as const)
    assert.deepEqual(
      errorOf(await plugin(machine, 'add', '--json', ...words)),
      { exit: 2, code: 'invalid_argument', reason },
      words.join(' '),
    )

  assert.ok(!existsSync(marker))
  assert.ok(!existsSync(join(machine.folder, 'home/.cache/micro/git')))
  nothingOf(machine)
})

test('micro plugin goes on with what is locked when the remote is gone', async (context) => {
  const machine = await makeGitMachine(context)
  machine.configure('trust: [github.com/alice]\n')
  machine.commit(mailhog, files)
  await plugin(machine, 'add', mailhog)
  await machine.unplug()

  const [listed, verified, installed, offline] = await Promise.all([
    plugin(machine, 'list'),
    plugin(machine, 'verify'),
    plugin(machine, 'install'),
    micro({ env: { ...machine.env, PATH: '' } }, machine.project, ['plugin', 'install', '--offline', '--frozen']),
  ])
  const added = await plugin(machine, 'add', mailhog, '--json')

  assert.deepEqual([listed.code, verified.code, installed.code, offline.code], [0, 0, 0, 0], offline.err)
  assert.deepEqual(errorOf(added), { exit: 1, code: 'unavailable', reason: 'REMOTE_UNREACHABLE' })
  assert.equal(readFileSync(join(machine.project, 'plugins', mailhog, 'bin/run'), 'utf8'), 'x')
})

test('micro plugin outside of a project says so with exit code 3', async (context) => {
  const machine = await makeGitMachine(context)

  for (const words of [['add', mailhog], ['list'], ['install'], ['verify']])
    assert.deepEqual(errorOf(await micro(machine, machine.folder, ['plugin', ...words, '--json'])), {
      exit: 3,
      code: 'not_found',
      reason: 'PROJECT_NOT_FOUND',
    })
})

test('micro plugin lists its verbs, each has a help that begins with an example, and a misspelled one is told the nearest', async (context) => {
  const machine = await makeGitMachine(context)

  const general = await plugin(machine)
  const names = [...general.out.matchAll(/^ {2}([a-z]+) {2,}/gm)].map(([, name]) => name ?? '')
  for (const name of ['add', 'list', 'install', 'remove', 'update', 'search', 'verify', 'trust']) assert.ok(names.includes(name), name)
  assert.deepEqual(await plugin(machine, '--help'), general)
  assert.deepEqual(await micro(machine, machine.folder, ['help', 'plugin']), general)
  for (const name of names) {
    const help = await plugin(machine, name, '--help')
    assert.match(help.out, new RegExp(`^Examples:\n {2}micro plugin ${name}`))
    assert.deepEqual(await micro(machine, machine.folder, ['help', 'plugin', name]), help)
  }
  const unknown = await plugin(machine, 'isntall')
  assert.equal(unknown.code, 2)
  assert.match(unknown.err, /did you mean "install"/)
  assert.deepEqual(errorOf(await plugin(machine, 'list', '--yaml', '--json')), { exit: 2, code: 'invalid_argument', reason: 'USAGE' })
  assert.deepEqual(errorOf(await plugin(machine, '--jsn', '--json')), { exit: 2, code: 'invalid_argument', reason: 'USAGE' })
})

test('micro plugin add tells after a second what it waits for, ends with 130 at Ctrl-C, and leaves nothing', async (context) => {
  const machine = await makeGitMachine(context)
  const silent = createServer(() => {}).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as AddressInfo
  const sockets = new Set<Socket>()
  silent.on('connection', (socket) => sockets.add(socket))
  context.after(() => {
    for (const socket of sockets) socket.destroy()
    silent.close()
  })
  writeFileSync(machine.configFile, `mirrors: { github.com: "http://127.0.0.1:${port}/{path}.git" }\ntrust: [github.com]\n`)
  const child = spawn(process.execPath, [microBin, 'plugin', 'add', mailhog], {
    cwd: machine.project,
    env: machine.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(child, 'exit') as Promise<[number | null, string | null]>
  let err = ''
  for await (const text of child.stderr.setEncoding('utf8') as AsyncIterable<string>) {
    err += text
    if (err.includes(`asking ${mailhog}\n`)) child.kill('SIGINT')
  }

  assert.deepEqual(await exited, [130, null], err)
  assert.equal(err, `asking ${mailhog}\n`)
  nothingOf(machine)
})
