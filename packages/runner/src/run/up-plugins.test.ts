import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { MicroError } from '@microts/core/base'
import { implementationOf, type PluginWorld, pluginWorld, typeOfStranger } from '../testing/plugin-world.js'
import { serviceProgram, typeManifest, typeProgram } from '../testing/programs.js'
import { record } from '../testing/recording.js'
import { bundledTools, processesWith, until } from '../testing/workspace.js'
import { readCatalog } from '../types/parse.js'
import type { RunTools, UpOptions } from './run.js'
import { up } from './up.js'

let tools: RunTools
before(async (context) => {
  tools = await bundledTools(context as never)
})

const alice = 'github.com/alice/mailhog'
const bob = 'github.com/bob/mailhog'

/** The program of a type, which says whose it is. */
const programOf = (owner: string) => typeProgram.replace('{ env: process.env }', `{ owner: '${owner}', env: process.env }`)

/** Options of an `up` of the world's project, with core's types beside it. */
function optionsFor(here: PluginWorld, fetching?: UpOptions['fetching']): UpOptions {
  here.write('types/micro.plugin.yml', typeManifest)
  here.write('types/catcher.mjs', typeProgram)
  const catalog = readCatalog([join(here.root, 'types/micro.plugin.yml')])
  return { folder: here.project, env: here.runEnv, tools, catalog, ...(fetching !== undefined && { fetching }) }
}

const ownerAt = async (url: string | undefined) => ((await (await fetch(url ?? 'none')).json()) as { owner?: string }).owner

test('up() runs three types of one name side by side, each from its own place, and says where each is from', async (t) => {
  const here = await pluginWorld(t)
  const commits = Object.fromEntries(
    [alice, bob].map((uri) => {
      const files = { 'micro.plugin.yml': typeOfStranger(uri, 'catcher'), 'dist/server.mjs': programOf(uri) }
      return [uri, here.repository(uri).commit(files, 'develop').slice(0, 12)]
    }),
  )
  here.write('project/mine/micro.plugin.yml', typeOfStranger('mine', 'catcher'))
  here.write('project/mine/dist/server.mjs', programOf('mine'))
  here.write(
    'project/micro.yml',
    `services:
  smtp: { type: catcher }
  smtp-alice: { type: "catcher:v1.0.3", plugin: "${alice}:develop" }
  smtp-bob: { type: catcher, plugin: "${bob}:develop" }
  smtp-mine: { type: catcher, plugin: ./mine }
`,
  )
  const running = up(optionsFor(here))
  const { all, done } = record(running)

  await running.ready
  const rows = running.state()
  const owners = await Promise.all(rows.map(({ urls }) => ownerAt(urls[0])))
  await running.stop()
  await done

  assert.deepEqual(owners, [undefined, alice, bob, 'mine'])
  assert.deepEqual(
    rows.map(({ plugin, version }) => [plugin, version]),
    [
      [undefined, 'v1.1.0'],
      [{ key: alice, revision: `develop ${commits[alice]}` }, 'v1.0.3'],
      [{ key: bob, revision: `develop ${commits[bob]}` }, 'v1.0.0'],
      [{ key: './mine' }, 'v1.0.0'],
    ],
  )
  const fetched = all('plugin').flatMap(({ event }) => (event.is === 'fetched' ? [event.key] : []))
  assert.deepEqual(fetched.toSorted(), [alice, bob])
  const schema = here.read('project/.micro/schema.json')
  assert.ok(schema.includes('catcher:v1.0.3'))
  assert.deepEqual(processesWith(here.root), [])
})

test('up() starts a locked plugin that is present without its remote, and without git', async (t) => {
  const here = await pluginWorld(t)
  here.repository(alice).commit({ 'micro.plugin.yml': typeOfStranger(alice, 'mailhog'), 'dist/server.mjs': programOf(alice) })
  here.write('project/micro.yml', `services:\n  smtp: { type: mailhog, plugin: ${alice} }\n`)
  const first = up(optionsFor(here))
  await first.ready
  await first.stop()
  await here.server.stop()

  const again = up({ ...optionsFor(here), env: { ...here.runEnv, PATH: '/nowhere' } })
  const { all } = record(again)
  await again.ready
  const owner = await ownerAt(again.state()[0]?.urls[0])
  await again.stop()

  assert.equal(owner, alice)
  assert.equal(all('plugin').length, 0)
})

test('up() starts nothing when one plugin cannot be had, and leaves nothing of the others', async (t) => {
  const here = await pluginWorld(t)
  here.repository(alice).commit({ 'micro.plugin.yml': typeOfStranger(alice, 'mailhog'), 'dist/server.mjs': programOf(alice) })
  here.write(
    'project/micro.yml',
    `services:\n  a: { type: mailhog, plugin: ${alice} }\n  core: { type: catcher }\n  b: { type: mailhog, plugin: ${bob} }\n`,
  )
  const running = up(optionsFor(here))
  const { all, done } = record(running)

  const error: unknown = await running.ready.catch((thrown: unknown) => thrown)
  await done

  assert.ok(MicroError.is(error))
  assert.equal(error.reason, 'REPOSITORY_NOT_FOUND')
  assert.deepEqual(error.place, { file: join(here.project, 'micro.yml'), line: 4, column: 31 })
  assert.equal(all('started').length, 0)
  assert.deepEqual(
    all('failed').map(({ error: { reason, place } }) => [reason, place?.line]),
    [['REPOSITORY_NOT_FOUND', 4]],
  )
  assert.deepEqual(here.stored(), [])
  assert.ok(!existsSync(join(here.project, 'micro.lock')))
})

test('up() ends a fetch when it is stopped', async (t) => {
  const here = await pluginWorld(t)
  here.server.before = () => true // it never answers
  here.write('project/micro.yml', `services:\n  a: { type: mailhog, plugin: ${alice} }\n`)
  const running = up(optionsFor(here))
  const { next, all, done } = record(running)
  await next('plugin', ({ event }) => event.is === 'asking')
  await until(() => here.server.requests.length > 0)

  await running.stop()
  await done

  await assert.rejects(running.ready, { code: 'canceled' })
  assert.equal(all('started').length, 0)
  assert.deepEqual(processesWith(here.root), [])
})

test('up() gives our services what a type of a plugin provides: its own implementation of it', async (t) => {
  const here = await pluginWorld(t)
  const plugins = 'github.com/alice/plugins'
  const type = typeOfStranger(plugins, 'bus').replace(
    'exports: {',
    'provides: { broker: mybus, address: "bus://127.0.0.1:${port.http}" }\n      exports: {',
  )
  here.repository(plugins).commit({
    'micro.plugin.yml': `${type}${implementationOf(`${plugins}//mybus`, 'broker', 'mybus')}`,
    'dist/server.mjs': programOf('bus'),
    'dist/index.js': 'export default { kind: "broker", name: "mybus", isMine: true }\n',
    'mybus/x': '',
  })
  here.write('project/micro.yml', `services:\n  orders: { type: node, path: ./orders }\n  bus: { type: bus, plugin: ${plugins} }\n`)
  here.write('project/orders/main.ts', serviceProgram)
  const running = up(optionsFor(here))

  await running.ready
  const [orders, bus] = running.state()
  const answer = (await (await fetch(orders?.urls[0] ?? 'none')).json()) as {
    env: Record<string, string>
    plugins: { reference: string; name: string; version: string }[]
  }
  await running.stop()

  assert.equal(answer.env['MICRO_BROKER'], 'mybus')
  assert.equal(answer.env['MICRO_BROKER_ADDRESS'], `bus://127.0.0.1:${bus?.ports['http']}`)
  assert.equal(answer.env['MICRO_BROKER_WHY'], 'bus provides it')
  assert.deepEqual(
    answer.plugins.map(({ reference, name }) => [reference, name]),
    [[plugins, 'mybus']],
  )
})
