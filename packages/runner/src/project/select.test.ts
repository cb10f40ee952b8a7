import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { fetchedOf } from '../plugin-list/plugin-words.js'
import { pluginWorld, typeOfStranger } from '../testing/plugin-world.js'
import { workspace } from '../testing/workspace.js'
import { emptyCatalog } from '../types/manifest.js'
import { selectServices } from './select.js'

const service = "import { plugins } from './plugins.js'\n"
const files = {
  'shop/micro.yml': 'name: shop\nservices:\n  orders: { type: node, path: ./services/orders, env: { A: b } }\n',
  'shop/services/orders/main.ts': service,
  'shop/services/extra/main.ts': service,
  'other/micro.yml': 'name: other\n',
  'other/main.ts': service,
  'loose/main.ts': service,
}

test('selectServices() takes the project that the services are in when the folder is in none', async (t) => {
  const { folder, env } = workspace(t, files)
  const select = (patterns: string[], from = folder) => selectServices(from, patterns, emptyCatalog, { env })

  const { project, services } = await select(['./shop/...'])
  assert.equal(project.folder, join(folder, 'shop'))
  assert.deepEqual(
    services.map(({ name, env: given }) => [name, given]),
    [
      ['extra', {}],
      ['orders', { A: 'b' }],
    ],
  )
  assert.equal((await select(['./services/orders'], join(folder, 'shop'))).project.id, project.id)

  for (const patterns of [['./shop/...', './other'], ['./loose'], ['./loose', './other']])
    assert.equal((await select(patterns)).project.file, undefined, patterns.join(' '))
})

test('selectServices() asks once for what the file and the command line name of strangers', async (t) => {
  const here = await pluginWorld(t)
  here.configure('')
  for (const owner of ['alice', 'bob']) {
    const repository = here.repository(`github.com/${owner}/mailhog`)
    repository.commit({ 'micro.plugin.yml': typeOfStranger(`github.com/${owner}/mailhog`, 'mailhog') })
  }
  here.write('project/micro.yml', 'services:\n  smtp: { type: mailhog, plugin: github.com/alice/mailhog }\n')
  here.write('project/one/main.ts', service)
  const asked: string[][] = []

  await selectServices(here.project, ['./one'], emptyCatalog, {
    env: here.env,
    also: fetchedOf(['./one', 'github.com/bob/mailhog,broker/nats']),
    fetching: {
      askTrust: async (questions) => {
        asked.push(questions.map(({ source }) => source))
        return questions.map(({ source }) => source)
      },
    },
  })

  assert.deepEqual(asked, [['github.com/alice/mailhog', 'github.com/bob/mailhog']])
})
