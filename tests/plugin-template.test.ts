import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { storeSuite } from '@microts/core/store/conformance'
import { build } from 'esbuild'
import { parse } from 'yaml'
import { startMicro } from './kit/micro.js'
import { npmEnvironment, packs, program } from './kit/npm.js'
import { makeSandbox, root, type Sandbox } from './kit/sandbox.js'

// What an author does who has never seen the repository: each test goes on where the one before has ended.
let sandbox: Sandbox
let author: string
let plugin: string

const run = async (folder: string, ...words: [string, ...string[]]) => {
  const outcome = await program(sandbox, folder, words)
  assert.equal(outcome.code, 0, `${words.join(' ')}\n${outcome.out}\n${outcome.err}`)
  return outcome.out
}
const json = async (file: string) => JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>
const edit = async (file: string, from: string, to: string) => {
  const text = await readFile(file, 'utf8')
  assert.equal(text.split(from).length, 2, `${file} has "${from}" once`)
  await writeFile(file, text.replace(from, to))
}
const passed = (out: string) => [...out.matchAll(/^ok \d+ - (.*)$/gm)].map(([, name = '']) => name)
const failed = (out: string) => [...out.matchAll(/^not ok \d+ - (.*)$/gm)].map(([, name = '']) => name)
const nodeTest = ['node', '--import', 'tsx', '--test'] as const
const casesOfSuite = storeSuite.cases.map(({ name }) => `store: ${name}`)

before(async () => {
  sandbox = await makeSandbox()
  author = join(sandbox.folder, 'an author')
  plugin = join(author, 'store-json')
  const away = join(sandbox.folder, 'tar balls')
  for (const folder of [author, away]) await mkdir(folder)
  const tarballs = new Map<string, string>()
  for (const { name, file } of await packs()) {
    await cp(file, join(away, basename(file)))
    tarballs.set(name, join(away, basename(file)))
  }
  const tarballOf = (name: string) => tarballs.get(name) ?? assert.fail(`there is no tarball of ${name}`)
  const { dependencies } = (await json(join(root, 'packages/cli/package.json'))) as { dependencies: object }
  const needed = ['@microts/core', '@microts/cli', ...Object.keys(dependencies).filter((name) => name.startsWith('@microts/'))]
  await run(author, 'npm', 'init', '-y')
  await run(author, 'npm', 'install', ...needed.map(tarballOf))

  // The page's own commands; what a registry would give comes from the tarball.
  const [, commands = ''] = /```sh\n(cp -r [\s\S]*?)```/.exec(await readFile(join(root, 'docs/plugins.md'), 'utf8')) ?? []
  assert.match(commands, /^npm install$/m)
  await run(author, 'sh', '-ec', commands.replace(/^npm install$/m, `npm install --save-dev '${tarballOf('@microts/core')}'`))
})

after(() => sandbox.remove())

test('the template asks for this version of core, and for the tools that the repository itself is tested with', async () => {
  const { devDependencies } = (await json(join(root, 'templates/plugin/package.json'))) as { devDependencies: Record<string, string> }
  const ours = (await json(join(root, 'package.json'))) as { devDependencies: Record<string, string> }
  const { version } = await json(join(root, 'packages/core/package.json'))

  const { '@microts/core': core, ...tools } = devDependencies
  assert.equal(core, `^${String(version)}`)
  for (const [name, wanted] of Object.entries(tools)) assert.equal(wanted, ours.devDependencies[name], name)
})

test("npm test runs the template's tests and every case of the suite, and tsc finds nothing", async () => {
  const [out] = await Promise.all([run(plugin, 'npm', 'test'), run(plugin, 'npm', 'run', 'types')])

  assert.deepEqual(failed(out), [])
  assert.deepEqual(
    casesOfSuite.filter((name) => !passed(out).includes(name)),
    [],
  )
  assert.ok(passed(out).length > casesOfSuite.length)
})

test('dist/index.js imports nothing but node:, and is a plugin wherever it lies', async () => {
  const entry = join(plugin, 'dist/index.js')
  const alone = join(sandbox.folder, 'alone.mjs')
  await cp(entry, alone)

  const { metafile } = await build({
    entryPoints: [entry],
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    metafile: true,
    write: false,
    outdir: plugin,
  })
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path))
  assert.deepEqual(
    imports.filter((path) => !path.startsWith('node:')),
    [],
  )
  const shown = await run(
    sandbox.folder,
    'node',
    '-p',
    `import(${JSON.stringify(alone)}).then((module) => console.log(JSON.stringify(module.default)))`,
  )
  assert.match(shown, /\{"kind":"store","name":"json","api":"\^1\.0"\}/)
  assert.equal((await readFile(entry, 'utf8')).includes(sandbox.folder), false)
})

test('npm pack has what a user of the package needs, and no more', async () => {
  const [{ files }] = JSON.parse(await run(plugin, 'npm', 'pack', '--dry-run', '--json')) as [{ files: { path: string }[] }]

  assert.deepEqual(files.map(({ path }) => path).sort(), [
    'README.md',
    'dist/index.d.ts',
    'dist/index.js',
    'micro.plugin.yml',
    'options.schema.json',
    'package.json',
  ])
})

test('a service that lists the plugin keeps its records in the file, over a restart', async () => {
  const { api, implementation } = (parse(await readFile(join(plugin, 'micro.plugin.yml'), 'utf8')) as { plugins: [Declared] }).plugins[0]
  const manifest = {
    reference: './store-json',
    kind: implementation.kind,
    name: implementation.name,
    api,
    options: await json(join(plugin, implementation.options)),
  }
  const main = join(author, 'main.mjs')
  await writeFile(
    main,
    `import { createService, endpoint } from '@microts/core'

const orders = createService({
  name: 'orders',
  version: '1.0.0',
  endpoints: {
    'Orders.Put': endpoint({}, async (input, { store }) => (await store.put('order', input), {})),
    'Orders.Get': endpoint({}, async (_input, { store }) => ({ order: await store.get('order') })),
  },
})
await orders.run({ plugins: [{ manifest: ${JSON.stringify(manifest)}, load: () => import('./store-json/${implementation.entry}') }] })
`,
  )

  const first = await startService(main, { file: join(author, 'orders.json') })
  await first.post('Orders.Put', { item: 'tea' })
  await first.stop()
  const second = await startService(main, { file: join(author, 'orders.json') })
  const got = await second.post('Orders.Get', {})
  await second.stop()

  assert.deepEqual(got, { order: { item: 'tea' } })
  assert.deepEqual(await json(join(author, 'orders.json')), { 'micro/micro': { order: { text: '{"item":"tea"}' } } })

  const endOf = (options: object) => program({ ...sandbox, env: { ...sandbox.env, ...serviceEnv(options) } }, author, ['node', main])
  const refused = await endOf({ file: 'orders.txt' })
  await writeFile(join(author, 'broken.json'), '{')
  const broken = await endOf({ file: 'broken.json' })

  assert.deepEqual([refused.code, broken.code], [3, 1], refused.err + broken.err)
  assert.match(refused.err, /"\.\/store-json".*orders\.txt/)
  // Made by the copy of core that is inside the plugin, and known all the same: its hint is shown, and no stack.
  assert.match(broken.err, /"\.\/store-json".*broken\.json.*\n {2}fix {2}Mend it by hand/)
  for (const { err } of [refused, broken]) assert.doesNotMatch(err, /\n\s+at /)
})

test('a project switches the plugin on by --plugins=./path, and by micro.yml', async () => {
  const shop = join(author, 'shop')
  const service = join(shop, 'services/orders')
  await cp(plugin, join(shop, 'store-json'), { recursive: true, filter: (path) => !path.endsWith('node_modules') })
  await mkdir(service, { recursive: true })
  await writeFile(
    join(service, 'plugins.ts'),
    "import type { PluginEntry } from '@microts/core'\n\nexport const plugins: readonly PluginEntry[] = []\n",
  )
  await writeFile(
    join(service, 'main.ts'),
    `import { createService, endpoint } from '@microts/core'
import { plugins } from './plugins.js'

const put = endpoint({}, async (input, { store }) => (await store.put('order', input), {}))
await createService({ name: 'orders', version: '1.0.0', endpoints: { 'Orders.Put': put } }).run({ plugins })
`,
  )
  const file = join(shop, 'micro.yml')
  const services = 'services:\n  orders: { type: node, path: ./services/orders }\n'
  const bin = join(author, 'node_modules/@microts/cli/bin/micro.js')
  const storeOf = async (...words: string[]) => {
    const live = startMicro(sandbox, shop, words, { bin })
    const { state } = await live.until('ready', (event) => event.service === 'orders')
    assert.equal(await live.end('SIGINT'), 130)
    return state.uses.find(({ kind }) => kind === 'store')?.name
  }

  await writeFile(file, `name: shop\n${services}`)
  const byNobody = await storeOf('up')
  const byFlag = await storeOf('run', '--plugins=./store-json', './...')
  const byNone = await storeOf('run', '--plugins=none', './...')
  await writeFile(file, `name: shop\nstore: { type: json, plugin: ./store-json }\n${services}`)
  const byFile = await storeOf('up')

  assert.deepEqual([byNobody, byFlag, byNone, byFile], ['memory', 'json', 'memory', 'json'])
})

test("the template's suite is red when the store breaks a rule", async () => {
  const file = join(plugin, 'src/json-store.ts')
  const whole = await readFile(file, 'utf8')
  const breaks = [
    { from: 'return had', to: 'return true', turnsRed: 'store: delete() removes the record and gives whether there was one' },
    // Claims what it does not have.
    {
      from: "'metadata'])",
      to: "'metadata', 'ttl'])",
      turnsRed: 'store: put() with ttlMs keeps the record until its time has run out, and says when that is',
    },
    // Has nothing, and says nothing.
    {
      from: "throw baseErrors.unimplemented(what, 'watch')",
      to: 'return undefined as never',
      turnsRed: 'store: watch() tells puts and deletes of a key in their order, with the record',
    },
  ]

  for (const { from, to, turnsRed } of breaks) {
    await edit(file, from, to)
    // All of the suite has been seen above; here the one case will do.
    const pattern = turnsRed.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    const { code, out } = await program(sandbox, plugin, [...nodeTest, `--test-name-pattern=^${pattern}$`, 'src/json-store.test.ts'])
    assert.equal(code, 1, out)
    assert.ok(failed(out).includes(turnsRed), `${to}:\n${failed(out).join('\n')}`)
    await writeFile(file, whole)
  }
})

test("the template's tests are red when manifest and code say different things, or the schema leaves the subset", async () => {
  const breaks = [
    { file: 'micro.plugin.yml', from: 'name: json', to: 'name: jason' },
    { file: 'micro.plugin.yml', from: 'api: ^1.0', to: 'api: ^2.0' },
    { file: 'options.schema.json', from: '"default": 1048576', to: '"default": 5' },
  ]

  for (const { file, from, to } of breaks) {
    const path = join(plugin, file)
    const whole = await readFile(path, 'utf8')
    await edit(path, from, to)
    const { code, out } = await program(sandbox, plugin, [...nodeTest, 'src/plugin.test.ts'])
    assert.equal(code, 1, `${to}\n${out}`)
    await writeFile(path, whole)
  }
})

interface Declared {
  readonly api: string
  readonly implementation: { readonly kind: string; readonly name: string; readonly entry: string; readonly options: string }
}

const serviceEnv = (options: object) => ({
  MICRO_STORE_OPTIONS: JSON.stringify(options),
  MICRO_REGISTRY: 'memory',
  MICRO_BROKER: 'memory',
  MICRO_STOP_GRACE_MS: '0',
})

/** The service as a process, once it is ready. */
async function startService(main: string, options: object) {
  const child = spawn('node', [main], {
    cwd: author,
    env: { ...npmEnvironment(sandbox), ...serviceEnv(options) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(child, 'exit')
  let all = ''
  child.stderr.on('data', (chunk: Buffer) => (all += chunk.toString()))
  let address: string | undefined
  for await (const line of createInterface({ input: child.stdout })) {
    all += line
    address = line.includes('"msg":"ready"') ? /"address":"([^"]+)"/.exec(line)?.[1] : undefined
    if (address !== undefined) break
  }
  assert.ok(address !== undefined, all)
  child.stdout.resume()
  return {
    async post(endpoint: string, input: unknown): Promise<unknown> {
      const reply = await fetch(`http://${address}/${endpoint}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(input),
      })
      const text = await reply.text()
      assert.equal(reply.status, 200, text)
      return JSON.parse(text)
    },
    async stop() {
      child.kill('SIGTERM')
      assert.deepEqual(await exited, [0, null])
    },
  }
}
