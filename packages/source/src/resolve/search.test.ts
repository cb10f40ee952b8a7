import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { testClock } from '@microts/core/testing'
import { manifestOf, world } from '../testing/world.js'
import type { AvailablePlugin } from './available.js'
import { freeCache, measureCache } from './cache.js'
import { info } from './info.js'
import { remove } from './remove.js'
import { resolve } from './resolve.js'
import { rankPlugins, search } from './search.js'

const plugin = (key: string, name: string, description: string): AvailablePlugin => ({
  uri: key,
  key,
  name,
  description,
  from: 'index',
  source: 'x',
})

test('rankPlugins() puts names before addresses before descriptions, whole words before parts, and asks for every word', () => {
  const all = [
    plugin('github.com/kafka/tools', 'Tools', 'Things'),
    plugin('github.com/a/logs', 'Logs', 'Reads what kafka has'),
    plugin('github.com/a/kafka', 'Kafka', 'A broker'),
    plugin('github.com/a/kafkaesque', 'Kafkaesque', 'A broker'),
    plugin('github.com/b/x//broker/kafka', 'Broker', 'Another'),
    plugin('github.com/c/mailhog', 'Mailhog', 'Mail'),
  ]
  const keys = (words: string) => rankPlugins(words, all).map(({ key }) => key)

  assert.deepEqual(keys('kafka'), [
    'github.com/a/kafka',
    'github.com/b/x//broker/kafka',
    'github.com/a/kafkaesque',
    'github.com/kafka/tools',
    'github.com/a/logs',
  ])
  assert.deepEqual(keys('KAFKA another'), ['github.com/b/x//broker/kafka'])
  assert.deepEqual(keys('nothing'), [])
  assert.equal(keys('').length, all.length)
})

test('search() asks an index once and needs no network then, reads 10 000 entries, and ranks them as fast as one types', async (context) => {
  const here = await world(context)
  here.configure('indexes: [github.com/big/index]\n')
  const entry = (number: number) =>
    `  - { uri: github.com/owner${number % 977}/plugin-${number}, name: Plugin ${number}, description: "Does the thing number ${number} for mail" }\n`
  const files = Array.from({ length: 100 }, (_, file) => [
    `m${file}/micro.plugin.yml`,
    `plugins:\n${Array.from({ length: 100 }, (_line, line) => entry(file * 100 + line)).join('')}`,
  ])
  here.repository('github.com/big/index').commit(Object.fromEntries(files) as Record<string, string>)
  await search('first', here.options())
  await here.server.stop()

  const { plugins, searched } = await search('plugin-4242', here.options({ env: { ...here.env, PATH: '' } }))
  assert.deepEqual([plugins[0]?.key, searched], ['github.com/owner334/plugin-4242', 10_000])

  const all = (await search('', here.options())).plugins
  const times = Array.from('plugin 42', (_, length) => {
    const startedAt = performance.now()
    rankPlugins('plugin 42'.slice(0, length + 1), all)
    return performance.now() - startedAt
  })
  const median = times.sort((a, b) => a - b)[Math.floor(times.length / 2)] as number
  context.diagnostic(`median ${median.toFixed(1)} ms for a key`)
  // A person types a key each 100 ms; two cores that do other things too are no measure for less.
  assert.ok(median < 100, `${median} ms`)
})

test('search() names what is nearly a word that nothing has', async (context) => {
  const here = await world(context)
  here.configure('indexes: [github.com/bob/index]\n')
  here
    .repository('github.com/bob/index')
    .commit({ 'lando.plugin.yml': 'plugins:\n  - { uri: github.com/bob/mailhog, name: Mailhog, description: Mail }\n' })

  const { plugins, nearest } = await search('mialhog', here.options())

  assert.deepEqual([plugins, nearest], [[], ['mailhog']])
})

test('info() reads a locked plugin where it lies, and of another only the manifest, of which nothing is kept', async (context) => {
  const here = await world(context)
  const [alice, bob] = ['github.com/alice/mailhog', 'github.com/bob/mailhog']
  here.repository(alice).commit({
    'micro.plugin.yml': manifestOf(alice, 'mailhog', '    capabilities: [net]\n'),
    'package.json': '{"dependencies":{"ms":"^2"}}',
  })
  const repository = here.repository(bob)
  repository.tag('v1.0.0', repository.commit({ 'micro.plugin.yml': manifestOf(bob, 'mailhog') }))
  await resolve([alice], here.options())
  const stored = here.stored()
  here.configure('')

  const about = await info(bob, here.options())
  await here.server.stop()
  const locked = await info(alice, here.options({ offline: true, env: { ...here.env, PATH: '' } }))

  assert.deepEqual([about.remote?.ref, about.remote?.versions, about.catalog.plugins[0]?.name], ['refs/tags/v1.0.0', ['v1.0.0'], 'mailhog'])
  assert.deepEqual(here.stored(), stored)
  assert.deepEqual([locked.locked.length, locked.dependencies, locked.catalog.plugins[0]?.capabilities], [1, ['ms@^2'], ['net']])
  await assert.rejects(info(bob, here.options({ offline: true })), { reason: 'OFFLINE' })
  await assert.rejects(info('broker/nats', here.options()), { reason: 'PLUGIN_NOT_FROM_GIT' })
})

test('freeCache() frees what no lock of any project names, an hour after it came, and nothing while a lock cannot be read', async (context) => {
  const here = await world(context)
  const keys = ['a', 'b'].map((name) => `github.com/alice/${name}`)
  for (const key of keys) here.repository(key).commit({ 'micro.plugin.yml': manifestOf(key, 'x'), large: 'x'.repeat(1000) })
  const other = { ...here.options(), project: join(here.root, 'other') }
  await resolve([keys[0] as string], here.options())
  await resolve([keys[1] as string], other)
  const clock = testClock({ nowMs: Date.now() })
  const options = here.options({ clock })
  await remove([keys[0] as string], here.options())

  assert.deepEqual([(await measureCache(options)).store.entries, (await measureCache(options)).store.unused], [2, 0])
  await clock.advance(2 * 60 * 60_000)
  writeFileSync(join(here.root, 'other/micro.lock'), `<<<<<<< HEAD\n${here.read('other/micro.lock')}`)
  assert.equal((await freeCache(options)).unreadable.length, 1)
  assert.equal(here.stored().length, 2)
  writeFileSync(join(here.root, 'other/micro.lock'), here.read('other/micro.lock').replace('<<<<<<< HEAD\n', ''))

  const { store, repositories, projects } = await freeCache(options)

  assert.deepEqual([store.unused, repositories.unused, projects.length], [1, 1, 2])
  assert.ok(store.unusedBytes > 1000)
  assert.equal(here.stored().length, 1)
  assert.equal(readdirSync(join(here.root, 'home/.cache/micro/git')).filter((name) => /^[0-9a-f]{64}\.git$/.test(name)).length, 1)
  const { events } = await resolve([keys[1] as string], { ...other, env: { ...here.env, PATH: '' } })
  assert.ok(!events.some(({ is }) => is === 'fetching'))
})
