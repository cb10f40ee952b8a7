/** What goes wrong on a machine: two at once, and a process that is killed at any moment. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type World, manifestOf, world } from '../testing/world.js'
import { list, verify } from './list.js'
import { resolve } from './resolve.js'

const front = fileURLToPath(new URL('../index.ts', import.meta.url))
const filesOf = (key: string) => ({ 'micro.plugin.yml': manifestOf(key, 'x'), data: key.repeat(1000) })

/** Another process that resolves these; it writes each event on a line. */
function start(context: TestContext, here: World, references: readonly string[], project = here.project): ChildProcess {
  const program = `import { resolve } from ${JSON.stringify(front)}
const { plugins } = await resolve(${JSON.stringify(references)}, { project: ${JSON.stringify(project)}, env: ${JSON.stringify(here.env)}, onEvent: ({ is }) => console.log(is) })
console.log('done', plugins.length)`
  const child = spawn(process.execPath, ['--conditions=@microts/source', '--import', 'tsx', '--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
  })
  context.after(() => child.kill('SIGKILL'))
  return child
}

async function saidBy(child: ChildProcess): Promise<string> {
  let said = ''
  child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()))
  await once(child, 'close')
  return said
}

test('resolve() in two processes at once, on one cache and one project, gives one whole lock', async (context) => {
  const here = await world(context)
  const keys = ['a', 'b', 'c', 'd'].map((name) => `github.com/alice/${name}`)
  for (const key of keys) here.repository(key).commit(filesOf(key))

  const said = await Promise.all([saidBy(start(context, here, keys.slice(0, 3))), saidBy(start(context, here, keys.slice(1)))])

  for (const text of said) assert.match(text, /done 3/)
  assert.deepEqual(
    (await list(here.options())).map(({ key, isPresent }) => [key, isPresent]),
    keys.map((key) => [key, true]),
  )
  assert.deepEqual(await verify(here.options()), { checked: 4, problems: [] })
})

for (const stage of ['asking', 'chosen', 'fetching', 'received', 'fetched', 'ready', 'linked'])
  test(`resolve() that is killed at "${stage}" leaves the old set or the new, and the next one cleans up`, async (context) => {
    const here = await world(context)
    const [old, key] = ['github.com/alice/old', 'github.com/alice/new']
    for (const one of [old, key]) here.repository(one).commit(filesOf(one))
    await resolve([old], here.options())
    // The pack comes slowly, so that there is a moment for each stage.
    if (stage === 'received' || stage === 'fetching')
      here.server.before = (request, response) => {
        const isPack =
          request.method === 'POST' &&
          (request.url ?? '').includes('new') &&
          here.server.requests.filter((line) => line.includes('new.git/git-upload-pack')).length > 1
        if (isPack)
          response
            .writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' })
            .write('000dpackfile\n0011\u0001PACK\0\0\0\u0002')
        return isPack
      }
    const child = start(context, here, [old, key])
    let said = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const isThen = stage === 'received' ? said.includes('fetching') : said.includes(stage)
      if (isThen) setTimeout(() => child.kill('SIGKILL'), stage === 'received' ? 300 : 0)
    })
    await once(child, 'close')
    here.server.before = undefined

    const between = await list(here.options())
    assert.ok(between.some((plugin) => plugin.key === old && plugin.isPresent))
    for (const plugin of between) assert.ok(plugin.isPresent, `${plugin.key} is locked and not there`)
    const { plugins } = await resolve([old, key], here.options())

    assert.equal(plugins.length, 2)
    assert.deepEqual(await verify(here.options()), { checked: 2, problems: [] })
    assert.deepEqual(
      here.stored().filter((name) => name.startsWith('.new-')),
      [],
    )
    const git = join(here.root, 'home/.cache/micro/git')
    for (const name of readdirSync(git)) if (name.endsWith('.turns')) assert.deepEqual(readdirSync(join(git, name)), [], name)
    assert.ok(existsSync(join(here.project, 'plugins', key)))
  })

test('resolve() asks at most eight repositories at once', async (context) => {
  const here = await world(context)
  const keys = Array.from({ length: 12 }, (_, index) => `github.com/alice/p${index}`)
  for (const key of keys) here.repository(key).commit({ 'micro.plugin.yml': manifestOf(key, 'x') })
  let now = 0
  let most = 0
  here.server.before = (_, response) => {
    most = Math.max(most, ++now)
    response.once('close', () => now--)
    return false
  }

  await resolve(keys, here.options())

  assert.ok(most > 1 && most <= 8, `${most} at once`)
})
