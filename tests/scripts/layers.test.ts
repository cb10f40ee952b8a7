import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, posix } from 'node:path'
import { test, type TestContext } from 'node:test'

interface Violation {
  readonly rule: string
  readonly from: string
  readonly to: string
}
type Cruise = (cwd: string) => Promise<{ modules: number; violations: Violation[] }>

const { cruiseLayers } = (await import(new URL('../../scripts/layers.mjs', import.meta.url).href)) as { cruiseLayers: Cruise }
const rules = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as { forbidden: { name: string }[] }

const core = 'packages/core/src'

/** A file of each floor, with the imports that it may have. */
const clean: Record<string, string> = {
  'package.json': '{ "name": "planted", "type": "module" }',
  'tsconfig.json': '{ "compilerOptions": { "module": "nodenext", "verbatimModuleSyntax": true, "customConditions": ["@microts/source"] } }',
  'packages/core/package.json': JSON.stringify({
    name: '@microts/core',
    type: 'module',
    exports: { '.': { '@microts/source': './src/index.ts' }, './store': { '@microts/source': './src/store/index.ts' } },
  }),
  [`${core}/base/error.ts`]: 'export const error = 1\n',
  [`${core}/base/index.ts`]: `export * from './error.js'\n`,
  [`${core}/store/store.ts`]: `import { error } from '../base/index.js'\nexport const store = error\n`,
  [`${core}/store/memory.ts`]: `import type { Broker } from '../broker/broker.js'\nimport { store } from './store.js'\nexport const memory: [Broker?] | number = store\n`,
  [`${core}/store/conformance.ts`]: `import { suite } from '../testing/suite.js'\nexport const cases = suite\n`,
  [`${core}/store/index.ts`]: `export * from './store.js'\nexport * from './memory.js'\n`,
  [`${core}/broker/broker.ts`]: 'export interface Broker { a: 1 }\nexport const broker = 1\n',
  [`${core}/broker/embedded.ts`]: `import { parse } from '../nats/parser.js'\nexport const embedded = parse\n`,
  [`${core}/broker/index.ts`]: `export * from './broker.js'\n`,
  [`${core}/nats/parser.ts`]: `import { error } from '../base/index.js'\nexport const parse = error\n`,
  [`${core}/rpc/client.ts`]: `import type { Broker } from '../broker/broker.js'\nexport const client: Broker = { a: 1 }\n`,
  [`${core}/plugin/host.ts`]: 'export const host = 1\n',
  [`${core}/plugin/index.ts`]: `export * from './host.js'\n`,
  [`${core}/service/service.ts`]: `import { memory } from '../store/memory.js'\nimport { client } from '../rpc/client.js'\nexport const service = [memory, client]\n`,
  [`${core}/testing/suite.ts`]: 'export const suite = 1\n',
  [`${core}/testing/app.ts`]: `import { service } from '../service/service.js'\nexport const app = service\n`,
  [`${core}/index.ts`]: `export * from './service/service.js'\n`,
  [`${core}/store/memory.test.ts`]: `import { app } from '../testing/app.js'\nimport { memory } from './memory.js'\nexport const tested = [app, memory]\n`,
  'packages/source/src/index.ts': `import { error } from '../../core/src/base/index.js'\nexport const source = error\n`,
  'packages/source/src/testing/index.ts': 'export const world = 1\n',
  'packages/runner/src/testing/kit.ts': `import { world } from '../../../source/src/testing/index.js'\nexport const kit = world\n`,
  'packages/runner/src/index.ts': `import { store } from '@microts/core/store'\nexport const runner = store\n`,
  'packages/runner/src/supervise.ts': 'export const supervise = 1\n',
  'packages/cli/src/main.ts': `import { runner } from '../../runner/src/index.js'\nexport const main = runner\n`,
  'packages/create/src/main.ts': 'export const create = 1\n',
  'plugins/store/file/src/index.ts': `import { store } from '@microts/core/store'\nexport const file = store\n`,
  'plugins/store/other/src/index.ts': 'export const other = 1\n',
  'service-types/mailhog/src/index.ts': 'export const mailhog = 1\n',
  'service-types/nats/src/index.ts': 'export const nats = 1\n',
  'examples/shop/main.ts': `import { service } from '@microts/core'\nexport const shop = service\n`,
  'tests/thin.ts': 'export const thin = 1\n',
  'node_modules/left-pad/package.json': '{ "name": "left-pad", "main": "index.js" }',
  'node_modules/left-pad/index.js': 'module.exports = 1\n',
}

/** Rule, the file that breaks it, and what that file imports: a path from the root, or a package. */
const planted: readonly [rule: string, from: string, to: string][] = [
  ['base-is-the-floor', `${core}/base/planted.ts`, `${core}/plugin/host.ts`],
  ['a-contract-stands-alone', `${core}/codec/codec.ts`, `${core}/store/memory.ts`],
  ['a-kind-knows-its-own-folder', `${core}/broker/planted.ts`, `${core}/store/memory.ts`],
  ['another-contract-is-a-type', `${core}/store/planted.ts`, `${core}/broker/broker.ts`],
  ['kinds-know-nothing-above', `${core}/auth/planted.ts`, `${core}/rpc/client.ts`],
  ['nats-is-a-protocol', `${core}/nats/planted.ts`, `${core}/broker/broker.ts`],
  ['only-the-broker-speaks-nats', `${core}/registry/planted.ts`, `${core}/nats/parser.ts`],
  ['testing-is-for-tests', `${core}/config/planted.ts`, `${core}/testing/suite.ts`],
  ['rpc-and-plugin-are-handed-implementations', `${core}/rpc/planted.ts`, `${core}/store/memory.ts`],
  ['service-is-the-roof', `${core}/plugin/planted.ts`, `${core}/service/service.ts`],
  ['the-framework-knows-no-tool', `${core}/service/planted.ts`, 'packages/runner/src/index.ts'],
  ['the-framework-has-no-dependencies', `${core}/transport/planted.ts`, 'left-pad'],
  ['source-stands-on-two-floors', 'packages/source/src/planted.ts', `${core}/store/index.ts`],
  ['git-hosts-of-tests-are-for-tests', 'packages/cli/src/hosts.ts', 'packages/source/src/testing/index.ts'],
  ['the-runner-knows-no-face', 'packages/runner/src/planted.ts', 'packages/cli/src/main.ts'],
  ['faces-do-not-meet', 'packages/cli/src/planted.ts', 'packages/create/src/main.ts'],
  ['tools-use-the-front-door', 'packages/cli/src/inside.ts', 'packages/runner/src/supervise.ts'],
  ['tools-load-plugins-by-manifest', 'packages/cli/src/shipped.ts', 'plugins/store/file/src/index.ts'],
  ['a-plugin-uses-the-front-door', 'plugins/store/file/src/planted.ts', `${core}/store/memory.ts`],
  ['plugins-do-not-meet', 'plugins/store/file/src/neighbour.ts', 'plugins/store/other/src/index.ts'],
  ['service-types-do-not-meet', 'service-types/mailhog/src/neighbour.ts', 'service-types/nats/src/index.ts'],
  ['a-user-uses-the-front-door', 'examples/shop/planted.ts', `${core}/store/memory.ts`],
  ['no-cycles', `${core}/selector/planted.ts`, `${core}/selector/back.ts`],
  ['a-test-is-a-leaf', `${core}/store/shared.ts`, `${core}/store/memory.test.ts`],
  ['what-is-imported-exists', `${core}/store/misspelt.ts`, `${core}/store/memroy.ts`],
]

async function repository(t: TestContext, files: Record<string, string>) {
  const folder = await mkdtemp(join(tmpdir(), 'micro-layers-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  await mkdir(join(folder, 'node_modules/@microts'), { recursive: true })
  await symlink(join(folder, 'packages/core'), join(folder, 'node_modules/@microts/core'))
  return folder
}

function importing(from: string, to: string): string {
  const path = `./${posix.relative(posix.dirname(from), to)}`.replace(/\.ts$/, '.js')
  const specifier = to.includes('/') ? path : to
  return `import * as it from '${specifier}'\nexport const planted = it\n`
}

test('cruiseLayers() finds nothing in a tree that keeps the rules, and sees its modules', async (t) => {
  const { modules, violations } = await cruiseLayers(await repository(t, clean))

  assert.deepEqual(violations, [])
  assert.ok(modules >= 25, `saw ${modules} modules`)
})

test('cruiseLayers() sees no module where there is none, so that a check can fail for it', async (t) => {
  const folder = await repository(t, {
    'package.json': '{}',
    'tsconfig.json': '{}',
    'elsewhere.ts': 'export {}\n',
    'packages/core/package.json': '{}',
  })

  assert.equal((await cruiseLayers(folder)).modules, 0)
})

test('every rule of the layers fires on a violation that is planted for it', async (t) => {
  const back = importing(`${core}/selector/back.ts`, `${core}/selector/planted.ts`)
  const violations = Object.fromEntries(planted.map(([, from, to]) => [from, importing(from, to)]))
  const folder = await repository(t, { ...clean, [`${core}/selector/back.ts`]: back, ...violations })

  const found = (await cruiseLayers(folder)).violations

  for (const [rule, from] of planted) {
    assert.ok(
      found.some((violation) => violation.rule === rule && [violation.from, ...violation.to.split(' -> ')].includes(from)),
      `${rule} does not fire on ${from}; found ${JSON.stringify(found.filter((violation) => violation.from === from))}`,
    )
  }
  assert.deepEqual(rules.forbidden.map(({ name }) => name).toSorted(), planted.map(([rule]) => rule).toSorted())
})
