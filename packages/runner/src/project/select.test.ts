import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
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
