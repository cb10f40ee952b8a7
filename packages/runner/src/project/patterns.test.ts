import assert from 'node:assert/strict'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { workspace } from '../testing/workspace.js'
import { expandPatterns } from './patterns.js'

const main = "import { plugins } from './plugins.js'\n"

test('expandPatterns() finds services below a folder, and stops at what is not ours', (t) => {
  const { folder } = workspace(t, {
    'services/orders/main.ts': main,
    'services/notify/main.ts': 'console.log(1)',
    'services/notify/plugins.ts': '',
    'services/tool/main.ts': 'console.log(1)',
    'services/orders/node_modules/x/main.ts': main,
    'services/.hidden/main.ts': main,
    'services/dist/old/main.ts': main,
    'other-project/micro.yml': '',
    'other-project/main.ts': main,
  })
  symlinkSync(join(folder, 'services'), join(folder, 'link'))

  const found = expandPatterns(['./...', 'services/...', './services/orders'], folder)

  assert.deepEqual(found, [join(folder, 'services/notify'), join(folder, 'services/orders')])
})

test('expandPatterns() says what was searched and where when it finds none', (t) => {
  const { folder } = workspace(t, { 'services/tool/main.ts': '' })

  assert.throws(() => expandPatterns(['services/...'], folder), {
    code: 'not_found',
    reason: 'NO_SERVICES',
    details: { patterns: ['services/...'], folder: join(folder, 'services'), searched: 2 },
  })
})

test('expandPatterns() refuses other stars, and folders that are not there', (t) => {
  const { folder } = workspace(t)

  assert.throws(() => expandPatterns(['./*/main'], folder), { code: 'invalid_argument', reason: 'BAD_PATTERN' })
  assert.throws(() => expandPatterns(['./nowhere'], folder), { code: 'invalid_argument', reason: 'BAD_PATTERN' })
})
