import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeGitMachine, manifestOf, textOf, type GitMachine } from './kit/git-machine.js'
import { micro } from './kit/micro.js'
import { microOnTerminal } from './kit/pty.js'

const alice = 'github.com/alice/mailhog'
const bob = 'github.com/bob/mailhog'
const question = '[N] no: '

async function machineWithBoth(context: Parameters<typeof makeGitMachine>[0]) {
  const machine = await makeGitMachine(context)
  const commits = [alice, bob].map((key) => machine.commit(key, { 'micro.plugin.yml': manifestOf(key, 'mailhog') }, 'develop'))
  return { machine, commits }
}

function nothingOf(machine: GitMachine): void {
  assert.deepEqual(machine.stored(), [])
  assert.ok(!existsSync(join(machine.project, 'micro.lock')))
  assert.ok(!existsSync(join(machine.project, 'plugins')))
  assert.doesNotMatch(textOf(machine.configFile) ?? '', /trust/)
}

test('micro plugin add on a terminal asks once for all, shows what is asked, and yes is remembered', async (context) => {
  const { machine, commits } = await machineWithBoth(context)

  const { code, out } = await microOnTerminal(
    machine,
    machine.project,
    ['plugin', 'add', `${alice}:develop`, `${bob}:develop`],
    [
      { sees: question, type: 'maybe\n' },
      { sees: question, type: 'y\n' },
    ],
  )

  assert.equal(code, 0, out)
  assert.equal(out.split('from now on?').length, 2, out)
  for (const shown of [alice, bob, ...commits.map((commit) => `develop -> ${commit}`), 'years ago', 'type mailhog', 'net'])
    assert.ok(out.includes(shown), `${shown} in\n${out}`)
  assert.match(textOf(machine.configFile) ?? '', new RegExp(`trust:\n +- ${alice}\n +- ${bob}\n`))
  assert.equal(machine.stored().length, 2)
  assert.equal((await micro(machine, machine.project, ['plugin', 'add', `${alice}:develop`])).code, 0)
})

test('micro plugin add on a terminal can trust the owner, and warns of a name that looks like a trusted one', async (context) => {
  const { machine } = await machineWithBoth(context)
  const near = 'github.com/a1ice/mailhog'
  machine.configure('trust: [github.com/alice]\n')
  machine.commit(near, { 'micro.plugin.yml': manifestOf(near, 'mailhog') })

  const { code, out } = await microOnTerminal(
    machine,
    machine.project,
    ['plugin', 'add', `${alice}:develop`, near],
    [{ sees: question, type: 'o\n' }],
  )

  assert.equal(code, 0, out)
  assert.match(out, /This is not github\.com\/alice/)
  assert.match(textOf(machine.configFile) ?? '', /github\.com\/a1ice\b(?!\/)/)
})

for (const [what, type] of [
  ['n', 'n\n'],
  ['an empty line', '\n'],
  ['the end of the input', '\u0004'],
] as const)
  test(`micro plugin add on a terminal takes ${what} for no: exit code 8, and nothing is left`, async (context) => {
    const { machine } = await machineWithBoth(context)

    const { code, out } = await microOnTerminal(machine, machine.project, ['plugin', 'add', `${alice}:develop`], [{ sees: question, type }])

    assert.equal(code, 8, out)
    nothingOf(machine)
  })

test('micro plugin add on a terminal ends with 130 at Ctrl-C in the question, and nothing is left', async (context) => {
  const { machine } = await machineWithBoth(context)

  const { code, out } = await microOnTerminal(
    machine,
    machine.project,
    ['plugin', 'add', `${alice}:develop`],
    [{ sees: question, type: '\u0003' }],
  )

  assert.equal(code, 130, out)
  assert.doesNotMatch(out, /✗/)
  nothingOf(machine)
})

test('micro plugin add asks nothing with --json or in CI, and --yes is no option', async (context) => {
  const { machine } = await machineWithBoth(context)
  const add = ['plugin', 'add', `${alice}:develop`]

  const [json, ci, yes] = await Promise.all([
    microOnTerminal(machine, machine.project, [...add, '--json'], []),
    microOnTerminal({ env: { ...machine.env, CI: 'true' } }, machine.project, add, []),
    microOnTerminal(machine, machine.project, [...add, '--yes'], []),
  ])

  assert.deepEqual([json.code, ci.code, yes.code], [8, 8, 2], ci.out)
  nothingOf(machine)
})

const page = 'github.com/carol/page'
const pageFiles = {
  'micro.plugin.yml': `plugins:
  - uri: ${page}
    name: Page
    description: A page that says hello
    api: ^1
    service:
      type: page
      ports: { http: { port: 8080, open: true } }
      drivers: { embedded: { entry: page.mjs } }
      ready: { http: { port: http, path: / } }
`,
  'page.mjs': `import { writeSync } from 'node:fs'
import { createServer } from 'node:http'
const http = Number(process.env.MICRO_PORT_HTTP)
createServer((_, response) => response.end('hello')).listen(http, '127.0.0.1', () =>
  writeSync(Number(process.env.MICRO_CHANNEL_FD), JSON.stringify({ type: 'ready', ports: { http } }) + '\\n'))
process.on('SIGTERM', () => process.exit())
`,
}

async function machineWithPage(context: Parameters<typeof makeGitMachine>[0]) {
  const machine = await makeGitMachine(context)
  const commit = machine.commit(page, pageFiles)
  writeFileSync(join(machine.project, 'micro.yml'), `name: shop\nservices:\n  hello: { type: page, plugin: ${page} }\n`)
  return { machine, commit }
}

test('micro up on a terminal asks before it starts anything, says in its table where a type is from, and Ctrl-C ends it with 130', async (context) => {
  const { machine, commit } = await machineWithPage(context)

  const { code, out } = await microOnTerminal(
    machine,
    machine.project,
    ['up'],
    [
      { sees: question, type: 'y\n' },
      { sees: 'Ctrl-C stops everything', type: '\u0003' },
    ],
    60_000,
  )

  assert.equal(code, 130, out)
  assert.match(out, new RegExp(`✓ ${page} main ${commit.slice(0, 12)} {2}\\(.*; 2 files, \\d+ B\\)`))
  assert.match(out, new RegExp(`hello +ready +page, embedded.* ${page} main ${commit.slice(0, 12)} +http://`))
  assert.match(textOf(machine.configFile) ?? '', new RegExp(`- ${page}\n`))
})

test('micro up on a terminal ends with 130 at Ctrl-C in the question, and nothing is left', async (context) => {
  const { machine } = await machineWithPage(context)

  const { code, out } = await microOnTerminal(machine, machine.project, ['up'], [{ sees: question, type: '\u0003' }])

  assert.equal(code, 130, out)
  nothingOf(machine)
})

test('micro up without a terminal refuses what nobody trusts with 8, and with --trust starts it, in the background too', async (context) => {
  const { machine } = await machineWithPage(context)
  const run = (...words: string[]) => micro(machine, machine.project, words)

  const refused = await run('up')
  assert.equal(refused.code, 8, refused.err)
  assert.match(refused.err, /--trust github\.com\/carol/)
  assert.match(refused.err, /micro\.yml:3:\d+/)
  nothingOf(machine)

  const up = await run('up', '--detach', '--trust', 'github.com/carol')
  const shown = await run('ps')
  const down = await run('down')
  assert.deepEqual([up.code, shown.code, down.code], [0, 0, 0], up.err)
  assert.match(shown.out, new RegExp(`hello +ready .* ${page} main`))
})

test('micro up --detach on a terminal asks before it goes to the background', async (context) => {
  const { machine } = await machineWithPage(context)

  const { code, out } = await microOnTerminal(machine, machine.project, ['up', '--detach'], [{ sees: question, type: 'y\n' }], 60_000)
  const down = await micro(machine, machine.project, ['down'])

  assert.deepEqual([code, down.code], [0, 0], out)
  assert.match(out, /hello +ready/)
})
