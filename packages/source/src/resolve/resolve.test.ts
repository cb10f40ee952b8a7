import assert from 'node:assert/strict'
import { readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { manifestOf, world } from '../testing/world.js'
import type { GitPlugin } from './plugin.js'
import { resolve } from './resolve.js'

test('resolve() fetches, locks and links a plugin that is not here, and reads its manifest', async (context) => {
  const here = await world(context)
  const repository = here.repository('github.com/alice/mailhog')
  const commit = repository.commit(
    { 'lando.plugin.yml': manifestOf('github.com/alice/mailhog', 'mailhog'), 'bin/run': { mode: '100755', text: 'x' } },
    'develop',
  )

  const { plugins, events } = await resolve(['github.com/alice/mailhog:develop'], here.options())

  const [plugin] = plugins as [GitPlugin]
  assert.equal(plugin.key, 'github.com/alice/mailhog')
  assert.equal(plugin.commit, commit)
  assert.equal(plugin.catalog.plugins[0]?.uri, 'github.com/alice/mailhog')
  assert.equal(readlinkSync(join(here.project, 'plugins/github.com/alice/mailhog')), plugin.root)
  assert.equal(readFileSync(join(plugin.link, 'bin/run'), 'utf8'), 'x')
  assert.match(here.read('project/micro.lock'), new RegExp(`develop: .?${commit}`))
  assert.deepEqual(here.stored(), [plugin.h1])
  assert.deepEqual(
    [...new Set(events.map(({ is }) => is))].filter((is) => is !== 'received'),
    ['asking', 'chosen', 'fetching', 'fetched', 'ready', 'linked', 'locked'],
  )
})
