import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { MicroError } from '@microts/core/base'
import { build } from '../run/build-services.js'
import { type Workspace, workspace } from '../testing/workspace.js'
import { emptyCatalog } from '../types/manifest.js'
import type { BuildProblem } from './errors.js'

const buildIn = ({ folder, env }: Workspace, patterns = ['./...']) => build({ folder, env, patterns, catalog: emptyCatalog })
const runFile = (file: string) =>
  JSON.parse(execFileSync(process.execPath, ['--enable-source-maps', file], { encoding: 'utf8', cwd: '/' })) as unknown

const printing = (what: string) => `import { plugins } from './plugins.js'\nconsole.log(JSON.stringify(${what}))\n`

// A plugin as it is installed from npm: built, without sources, though its package names them.
const installedPlugin = {
  'node_modules/@microts/store-shelf/package.json': JSON.stringify({
    name: '@microts/store-shelf',
    version: '3.2.1',
    type: 'module',
    exports: { '.': { '@microts/source': './src/index.ts', default: './dist/index.js' }, './micro.plugin.yml': './micro.plugin.yml' },
  }),
  'node_modules/@microts/store-shelf/dist/index.js': "export default { kind: 'store', name: 'shelf' }\n",
  'node_modules/@microts/store-shelf/micro.plugin.yml': `plugins:
  - uri: store/shelf
    name: Shelf
    description: A fixture
    api: ^1.0
    implementation: { kind: store, name: shelf, entry: dist/index.js, options: { type: object, properties: { depth: { type: integer } } } }
`,
}

test('build() makes one file that runs on its own, from TypeScript and CommonJS packages', async (t) => {
  const place = workspace(t, {
    'one/main.ts': `import { plugins } from './plugins.js'
import { createRequire } from 'node:module'
import old from 'old'
const require = createRequire(import.meta.url)
const __filename: string = 'mine'
enum Size { Small = 1 }
console.log(JSON.stringify({ plugins, old, size: Size.Small, mine: __filename, os: typeof require('node:os').cpus }))
`,
    'node_modules/old/package.json': '{"name":"old","main":"index.js"}',
    'node_modules/old/index.js':
      "const { join } = require('path')\nmodule.exports = { joined: join('a', 'b'), folder: typeof __dirname }\n",
  })

  const [built] = await buildIn(place)

  assert.equal(built?.service, 'one')
  assert.equal(built.file, join(place.folder, 'dist/one/main.js'))
  assert.deepEqual(runFile(built.file), { plugins: [], old: { joined: 'a/b', folder: 'string' }, size: 1, mine: 'mine', os: 'function' })
  assert.equal(existsSync(`${built.file}.map`), true)
  assert.equal(built.bytes, readFileSync(built.file).length)
})

test('build() keeps stacks true to the source', async (t) => {
  const place = workspace(t, {
    'one/main.ts': "import { plugins } from './plugins.js'\n\ninterface Unused {}\nif (plugins.length === 0) throw new Error('here')\n",
  })
  const [built] = await buildIn(place)

  assert.throws(
    () => runFile(built?.file ?? ''),
    ({ stderr }: { stderr: string }) => stderr.includes('main.ts:4'),
  )
})

test('build() adds what micro.yml names to the list of a service, and reads its manifest', async (t) => {
  const place = workspace(t, {
    ...installedPlugin,
    'micro.yml': 'store: shelf\nservices:\n  one: { type: node, path: ./one }\n',
    'one/main.ts': `import { plugins } from './plugins.js'
const [entry] = plugins
console.log(JSON.stringify({ manifest: entry.manifest, loaded: (await entry.load()).default }))
`,
  })

  const [built] = await buildIn(place)

  assert.deepEqual(built?.plugins, ['store/shelf'])
  assert.deepEqual(runFile(built?.file ?? ''), {
    manifest: {
      reference: 'store/shelf',
      kind: 'store',
      name: 'shelf',
      api: '^1.0',
      options: { type: 'object', properties: { depth: { type: 'integer' } } },
      version: '3.2.1',
    },
    loaded: { kind: 'store', name: 'shelf' },
  })
})

test('build() keeps the order and the choice of a plugins.ts', async (t) => {
  const place = workspace(t, {
    ...installedPlugin,
    'micro.yml': 'plugins: [store/shelf]\nservices:\n  one: { type: node, path: ./one }\n  two: { type: node, path: ./two }\n',
    'one/main.ts': printing('plugins.map((entry) => entry.manifest.version)'),
    'one/plugins.ts':
      "export const plugins = [{ manifest: { kind: 'store', name: 'shelf', version: 'own' }, load: async () => ({ default: 1 }) }]\n",
    'two/main.ts': printing('plugins.map((entry) => entry.manifest.version)'),
    'two/plugins.ts':
      "export const plugins = [{ manifest: { kind: 'broker', name: 'x', version: 'first' }, load: async () => ({ default: 1 }) }]\n",
  })

  const built = await buildIn(place)

  assert.deepEqual(
    built.map(({ file }) => runFile(file)),
    [['own'], ['first', '3.2.1']],
  )
})

test('build() takes two plugins of one name from two places, and a word alone for the one that is listed', async (t) => {
  const listed =
    "export const plugins = [{ manifest: { reference: './bob', kind: 'store', name: 'shelf' }, load: async () => ({ default: 1 }) }]\n"
  const alice = {
    'alice/micro.plugin.yml':
      'plugins: [{ uri: github.com/alice/shelf, name: Shelf, description: A fixture, api: ^1, implementation: { kind: store, name: shelf, entry: index.js } }]\n',
    'alice/index.js': 'export default 1\n',
  }
  const place = workspace(t, {
    ...alice,
    'micro.yml':
      'services:\n  one: { type: node, path: ./one, store: { type: shelf, plugin: ./alice } }\n  two: { type: node, path: ./two, store: shelf }\n',
    'one/main.ts': printing('plugins.map((entry) => entry.manifest.reference)'),
    'one/plugins.ts': listed,
    'two/main.ts': printing('plugins.map((entry) => entry.manifest.reference)'),
    'two/plugins.ts': listed,
  })

  const built = await buildIn(place)

  assert.deepEqual(
    built.map(({ file }) => runFile(file)),
    [['./bob', './alice'], ['./bob']],
  )
})

test('build() names the nearest for a plugin that there is not', async (t) => {
  const place = workspace(t, {
    'micro.yml': 'store: memoryy\nservices:\n  one: { type: node, path: ./one }\n',
    'one/main.ts': printing('plugins'),
  })

  const error: unknown = await buildIn(place).catch((thrown: unknown) => thrown)

  assert.ok(MicroError.is(error))
  assert.equal(error.code, 'not_found')
  assert.equal(error.reason, 'UNKNOWN_PLUGIN')
  assert.deepEqual(error.place, { file: join(place.folder, 'micro.yml'), line: 1, column: 1 })
  assert.match(error.hint ?? '', /"store\/memory"/)
})

test('build() refuses to add a plugin to a main that does not take it', async (t) => {
  const place = workspace(t, {
    ...installedPlugin,
    'micro.yml': 'store: shelf\nservices:\n  one: { type: node, path: ./one }\n',
    'one/main.ts': 'console.log(1)',
    'one/plugins.ts': 'export const plugins = []',
  })

  await assert.rejects(buildIn(place), { code: 'failed_precondition', reason: 'PLUGINS_NOT_IMPORTED' })
})

test('build() gives file, line, column and source line of what it cannot make sense of', async (t) => {
  const place = workspace(t, {
    'one/main.ts': "import { plugins } from './plugins.js'\nimport { x } from './x.js'\nconsole.log(x, plugins)\n",
    'one/x.ts': 'export const x: number = \n  (1 +;\n',
  })

  const error: unknown = await buildIn(place).catch((thrown: unknown) => thrown)

  assert.ok(MicroError.is(error))
  assert.equal(error.code, 'invalid_argument')
  assert.equal(error.reason, 'BUILD_FAILED')
  assert.deepEqual(error.place, { file: join(place.folder, 'one/x.ts'), line: 2, column: 7 })
  assert.equal(((error.details?.['problems'] ?? []) as BuildProblem[])[0]?.lineText, '  (1 +;')
})

test('build() says which package to install', async (t) => {
  const place = workspace(t, {
    'one/main.ts':
      "import { plugins } from './plugins.js'\nimport { z } from 'no-such-package-here/mini'\nimport q from '@a/b/c'\nconsole.log(z, q, plugins)\n",
  })

  await assert.rejects(buildIn(place), { reason: 'BUILD_FAILED', hint: 'Type: npm install no-such-package-here' })
})
