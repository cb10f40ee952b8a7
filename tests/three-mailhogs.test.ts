import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { cp, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { mailsAt, sendMail } from './kit/mail.js'
import { micro, microBin, startMicro, type LiveRun, type Outcome } from './kit/micro.js'
import { makeSandbox, root, type Sandbox } from './kit/sandbox.js'

// The examples of Lando's document about plugins, byte for byte.
const core = 'services:\n  smtp:\n    type: mailhog\n'
const alice = 'services:\n  smtp:\n    type: mailhog:v1.0.3\n    plugin: github.com/alice/mailhog:develop\n'
const bob = 'services:\n  smtp:\n    type: mailhog\n    plugin: github.com/bob/mailhog\n'
const manifest = `plugins:
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
const tree = `└── plugins
    ├── github.com
    │   ├── alice
    │   │   └── mailhog
    │   └── bob
    │       └── mailhog`

const example = join(root, 'examples/three-mailhogs')

let sandbox: Sandbox
/** A copy of the example, whose hosts run. */
let project: string
let hosts: Hosts

before(async () => {
  sandbox = await makeSandbox()
  project = await copyExample('three-mailhogs')
  hosts = await startHosts(join(sandbox.folder, 'machine'))
})

after(async () => {
  hosts.child.kill('SIGKILL')
  await sandbox.remove()
})

/** The hosts of the example, and the environment in which micro sees them. */
interface Hosts {
  readonly child: ChildProcess
  readonly env: Record<string, string>
  /** As Ctrl-C does; gives the exit code. */
  stop(): Promise<number | null>
}

async function copyExample(name: string): Promise<string> {
  const copy = await sandbox.copyProject('examples/three-mailhogs', name)
  for (const folder of ['', 'core', 'alice', 'bob']) await rm(join(copy, folder, 'plugins'), { recursive: true, force: true })
  return copy
}

async function startHosts(machine: string): Promise<Hosts> {
  const child = spawn(process.execPath, [join(project, 'hosts.mjs'), '--keep', machine], {
    env: sandbox.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(child, 'exit') as Promise<[number | null]>
  const env: Record<string, string> = {}
  for await (const line of createInterface({ input: child.stdout })) {
    const [, name = '', value = ''] = /^export (\w+)='(.*)'$/.exec(line) ?? assert.fail(`not a line for a shell: ${line}`)
    env[name] = value
    if (Object.keys(env).length === 3) break
  }
  return {
    child,
    env,
    async stop() {
      child.kill('SIGINT')
      return (await exited)[0]
    },
  }
}

/** Runs `node hosts.mjs -- <command>` of the copy to its end. */
async function withHosts(command: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
  const child = spawn(process.execPath, [join(project, 'hosts.mjs'), '--', ...command], {
    cwd: sandbox.folder,
    env: { ...sandbox.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(child, 'exit') as Promise<[number | null]>
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), exited])
  return { code, out, err }
}

async function up(folder: string, words: readonly string[], env: Record<string, string> = {}): Promise<LiveRun> {
  const run = startMicro(sandbox, folder, ['up', ...words], { env: { ...hosts.env, ...env } })
  await run.until('running')
  return run
}

async function portsOf(run: LiveRun): Promise<Record<string, { readonly smtp: number; readonly http: number }>> {
  const { services } = await run.until('running')
  return Object.fromEntries(services.map(({ service, ports }) => [service, ports as { smtp: number; http: number }]))
}

/** What `plugins/` shows, as paths; a file that micro keeps there is left out. */
function shownBelow(folder: string): string[] {
  const look = (path: string): string[] =>
    readdirSync(join(folder, path), { withFileTypes: true }).flatMap((entry) => {
      const below = `${path}/${entry.name}`
      if (entry.isSymbolicLink()) return [below]
      return entry.isDirectory() ? [below, ...look(below)] : []
    })
  return ['plugins', ...look('plugins')].sort()
}

/** The paths of a tree that is drawn with lines. */
function pathsOf(drawing: string): string[] {
  const path: string[] = []
  return drawing
    .split('\n')
    .map((line) => {
      const [, lines = '', name = ''] = /^([^a-z]*)(.*)$/.exec(line) ?? []
      path.splice(lines.length / 4 - 1, Infinity, name)
      return path.join('/')
    })
    .sort()
}

const lockOf = (folder: string) => readFileSync(join(folder, 'micro.lock'), 'utf8')

test("the project files and the index's manifest are those of the document, byte for byte", () => {
  const files = ['core/.lando.yml', 'alice/.lando.yml', 'bob/.lando.yml', 'repositories/github.com/lando/plugins/lando.plugin.yml']

  assert.deepEqual(
    files.map((file) => readFileSync(join(example, file), 'utf8')),
    [core, alice, bob, manifest],
  )
})

test('hosts.mjs makes the same commits whatever the machine, and micro the committed lock of them', async () => {
  const home = join(sandbox.folder, 'odd home')
  await mkdir(home)
  await writeFile(
    join(home, '.gitconfig'),
    '[user]\nname = Mallory\nemail = m@example.org\n[init]\ndefaultBranch = trunk\ndefaultObjectFormat = sha256\n[core]\nautocrlf = true\n[commit]\ngpgSign = true\n',
  )
  const odd = { HOME: home, TZ: 'Asia/Tokyo', GIT_AUTHOR_NAME: 'Mallory', GIT_COMMITTER_DATE: '1', GIT_DIR: '/nonexistent', LC_ALL: 'C' }
  const listRefs = [process.execPath, '-e', refsProgram]
  const fresh = join(sandbox.folder, 'fresh')
  await mkdir(fresh)
  await cp(join(project, 'micro.yml'), join(fresh, 'micro.yml'))

  const [first, second] = await Promise.all([withHosts(listRefs), withHosts(listRefs, odd)])
  const words = ['plugin', 'add', 'github.com/alice/mailhog:develop', 'github.com/bob/mailhog', '--trust', 'github.com']
  const added = await micro(sandbox, fresh, words, { env: { ...hosts.env, CI: '' } })

  assert.equal(first.code, 0, first.err)
  assert.match(first.out, /develop/)
  assert.equal(second.out, first.out, second.err)
  assert.equal(added.code, 0, added.err)
  assert.equal(lockOf(fresh), lockOf(example))
})

// Of each repository all branches and tags, with their commits.
const refsProgram = `
const { execFileSync } = require('node:child_process')
const { join } = require('node:path')
const folder = join(process.env.XDG_DATA_HOME, '../repositories/github.com')
for (const name of ['alice/mailhog', 'bob/mailhog', 'lando/plugins'])
  process.stdout.write(execFileSync('git', ['--git-dir', join(folder, name + '.git'), 'for-each-ref'], { env: { PATH: process.env.PATH } }))`

test('micro up runs the first project file of the document, which needs nothing of anybody', async () => {
  const run = await up(join(project, 'core'), [])
  const { smtp } = await portsOf(run)

  await sendMail(smtp?.smtp ?? 0, { subject: 'to core' })

  assert.deepEqual(
    (await mailsAt(smtp?.http ?? 0)).map(({ subject }) => subject),
    ['to core'],
  )
  assert.ok(!existsSync(join(project, 'core/plugins')))
  assert.equal(await run.end('SIGINT'), 130)
})

test("micro up runs alice's project file, and hers is the mailhog that it names", async () => {
  const folder = join(project, 'alice')
  const run = await up(sandbox.folder, [folder, '--trust', 'github.com/alice'], { CI: 'true' })
  const { services } = await run.until('running')
  const [smtp] = services

  await sendMail(smtp?.ports['smtp'] ?? 0, { subject: 'to alice', to: 'ann@real-company.com' })

  assert.equal(smtp?.version, 'v1.0.3')
  assert.equal(smtp.driver, 'embedded')
  assert.match(await (await fetch(smtp.urls[0] ?? '')).text(), /<title>Alice's mailhog<\/title>[^]*to alice/)
  assert.deepEqual(shownBelow(folder), ['plugins', 'plugins/github.com', 'plugins/github.com/alice', 'plugins/github.com/alice/mailhog'])
  assert.equal(lockOf(folder), lockOf(join(example, 'alice')))
  assert.equal(await run.end('SIGINT'), 130)
})

test("micro up runs bob's project file with the committed lock for all trust, and his refuses mail to a person", async () => {
  const folder = join(project, 'bob')
  const run = await up(folder, ['--trust', 'lock', '--frozen'])
  const { smtp } = await portsOf(run)

  const replies = await sendMail(smtp?.smtp ?? 0, { subject: 'to bob', to: 'ann@real-company.com' })

  assert.match(replies.at(-1) ?? '', /^550 /)
  assert.deepEqual(shownBelow(folder), ['plugins', 'plugins/github.com', 'plugins/github.com/bob', 'plugins/github.com/bob/mailhog'])
  assert.equal(lockOf(folder), lockOf(join(example, 'bob')))
  assert.equal(await run.end('SIGINT'), 130)
})

test('micro up runs all three side by side, and each mail arrives in its own alone', async () => {
  const run = await up(project, ['--trust', 'github.com/alice', '--trust', 'github.com/bob'], { CI: 'true' })
  const ports = await portsOf(run)
  const names = ['smtp', 'smtp-alice', 'smtp-bob']

  for (const name of names) await sendMail(ports[name]?.smtp ?? 0, { subject: `to ${name}` })

  assert.deepEqual(Object.keys(ports), names)
  assert.equal(new Set(Object.values(ports).flatMap(({ smtp, http }) => [smtp, http])).size, 6)
  for (const name of names) {
    assert.deepEqual(
      (await mailsAt(ports[name]?.http ?? 0)).map(({ subject }) => subject),
      [`to ${name}`],
    )
  }
  assert.deepEqual(shownBelow(project), pathsOf(tree))
  for (const name of ['alice', 'bob']) {
    const link = readlinkSync(join(project, 'plugins/github.com', name, 'mailhog'))
    assert.equal(link.startsWith(join(hosts.env['XDG_DATA_HOME'] ?? '', 'micro/store/')), true, link)
  }
  assert.equal(lockOf(project), lockOf(example))
  assert.equal(await run.end('SIGINT'), 130)
})

test('micro up refuses a stranger when nobody can be asked, and leaves nothing of his', async () => {
  const copy = await copyExample('untrusted')

  const outcome = await micro(sandbox, copy, ['up'], { env: hosts.env })

  assert.equal(outcome.code, 8, outcome.err)
  assert.match(outcome.err, /UNTRUSTED_SOURCE/)
  assert.ok(!existsSync(join(copy, 'plugins')))
})

test("micro up says what the branch matters for: alice's main has no manifest, and bob's no v1.0.3", async () => {
  const folder = join(sandbox.folder, 'elsewhere')
  await mkdir(folder)
  const reasonOf = async (file: string) => {
    await writeFile(join(folder, '.lando.yml'), file)
    const { code, err } = await micro(sandbox, folder, ['up', '--trust', 'github.com'], { env: { ...hosts.env, CI: '' } })
    return [code, /#(\w+)/.exec(err)?.[1]]
  }

  assert.deepEqual(await reasonOf(alice.replace(':develop', '')), [1, 'NO_MANIFEST'])
  assert.deepEqual(await reasonOf(alice.replace('alice/mailhog:develop', 'bob/mailhog')), [3, 'UNKNOWN_VERSION'])
})

test("micro up runs another plugin of bob's repository by its folder", async () => {
  const folder = join(sandbox.folder, 'sink')
  await mkdir(folder)
  await writeFile(
    join(folder, 'micro.yml'),
    'name: sink\nservices:\n  sink: { type: blackhole, plugin: github.com/bob/mailhog//blackhole }\n',
  )
  const run = await up(folder, ['--trust', 'github.com/bob'], { CI: '' })
  const { sink } = await portsOf(run)

  await sendMail(sink?.smtp ?? 0, { subject: 'gone' })

  assert.deepEqual(await (await fetch(`http://127.0.0.1:${sink?.http ?? 0}/`)).json(), { mails: 1 })
  assert.deepEqual(shownBelow(folder).at(-1), 'plugins/github.com/bob/mailhog/blackhole')
  assert.equal(await run.end('SIGINT'), 130)
})

test("micro plugin list --available has the document's four plugins, and writes them in its form", async () => {
  const empty = join(sandbox.folder, 'empty')
  await mkdir(empty)
  await writeFile(join(empty, 'micro.yml'), 'name: empty\nservices: {}\n')

  const yaml = await micro(sandbox, empty, ['plugin', 'list', '--available', '--yaml'], { env: hosts.env })

  assert.equal(yaml.code, 0, yaml.err)
  // Micro's own mailhog says of itself what it is; of the others the index is all that is known here.
  const [, ...others] = manifest.trimEnd().split(/^(?= {2}- uri)/m)
  for (const entry of others.slice(1)) assert.ok(yaml.out.includes(entry.trimEnd()), `${entry}\nis not in\n${yaml.out}`)
  assert.match(yaml.out, /^ {2}- uri: mailhog\n {4}name: Mailhog\n/m)
})

test('micro up runs all three again from lock and store when the hosts are gone', async () => {
  assert.equal(await hosts.stop(), 130)

  const run = await up(project, ['--trust', 'github.com/alice,github.com/bob', '--offline'])
  const ports = await portsOf(run)
  await sendMail(ports['smtp-alice']?.smtp ?? 0, { subject: 'offline' })

  assert.deepEqual(
    (await mailsAt(ports['smtp-alice']?.http ?? 0)).map(({ subject }) => subject),
    ['offline'],
  )
  assert.equal(await run.end('SIGINT'), 130)
  assert.deepEqual(sandbox.processes(), [])
  assert.deepEqual(sandbox.files(), [])
})

test('hosts.mjs runs a command to its end, gives its exit code, and leaves nothing of itself', async () => {
  const copy = join(project, 'alice')
  await rm(join(copy, 'plugins'), { recursive: true, force: true })
  const child = spawn(
    process.execPath,
    [join(project, 'hosts.mjs'), '--', process.execPath, microBin, 'up', copy, '--trust', 'github.com/alice', '--json'],
    { env: sandbox.env, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const exited = once(child, 'exit') as Promise<[number | null]>
  for await (const line of createInterface({ input: child.stdout })) {
    if ((JSON.parse(line) as { type: string }).type !== 'running') continue
    assert.ok(existsSync(join(copy, 'plugins/github.com/alice/mailhog/mailhog.mjs')))
    child.kill('SIGTERM')
  }

  assert.deepEqual(await exited, [143, null])
  assert.ok(!existsSync(join(copy, 'plugins')))
  assert.equal(lockOf(copy), lockOf(join(example, 'alice')))
  assert.deepEqual(sandbox.processes(), [])
  assert.deepEqual(sandbox.files(), [])
  assert.equal((await withHosts([process.execPath, '-e', 'process.exit(7)'])).code, 7)
  assert.equal((await withHosts(['no-such-command'])).code, 127)
  assert.deepEqual(sandbox.files(), [])
})
