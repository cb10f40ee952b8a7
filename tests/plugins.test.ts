import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { promisify } from 'node:util'
import { micro, startMicro, type LiveRun, type Outcome } from './kit/micro.js'
import { makeSandbox, root, type Sandbox } from './kit/sandbox.js'

let sandbox: Sandbox
let shop: string
beforeEach(async () => {
  sandbox = await makeSandbox()
  shop = await sandbox.copyProject('examples/shop', 'shop')
})
afterEach(() => sandbox.remove())

async function write(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
}

/** A plugin as a person writes one into a project: its manifest, and one module. */
const plugin = (kind: string, name: string, { api = '^1.0', make = '() => ({})' }: { api?: string; make?: string } = {}) => ({
  'micro.plugin.yml': `plugins:
  - uri: github.com/shop/${name}
    name: ${name}
    description: A fixture
    api: ${api}
    implementation: { kind: ${kind}, name: ${name}, entry: index.ts }
`,
  'index.ts': `import { definePlugin } from '@microts/core/plugin'
import { memoryStore } from '@microts/core/store'

export default definePlugin({ kind: '${kind}', name: '${name}', api: '^1.0', create: ${make} })
void memoryStore
`,
})
const store = (name: string) => plugin('store', name, { make: '(_options, { clock }) => memoryStore({ clock })' })

const listOf = (service: string, folder = shop) => join(folder, `services/${service}/plugins.ts`)
const textOf = (service: string, folder = shop) => readFile(listOf(service, folder), 'utf8')
const pluginsOf = async (service: string, folder = shop) =>
  [...(await textOf(service, folder)).matchAll(/^ +reference: '(.*)',$/gm)].map(([, reference]) => reference)

/** What was refused, and with which exit code. */
async function refused(
  words: readonly string[],
  folder = shop,
  env: Record<string, string> = {},
): Promise<{ code: number | null; reason: unknown; hint: string; message: string }> {
  const { code, out, err } = await micro(sandbox, folder, [...words, '--json'], { env })
  const last = JSON.parse(
    out
      .trim()
      .split('\n')
      .find((line) => /^\{"(?:time":\d+,")?type":"(?:error|failed)"/.test(line)) ?? assert.fail(out + err),
  ) as {
    error?: { reason: string; hint?: string; message: string }
    reason?: string
    hint?: string
    message?: string
  }
  const { reason, hint = '', message = '' } = last.error ?? last
  return { code, reason, hint, message }
}

const succeeded = ({ code, out, err }: Outcome) => assert.equal(code, 0, out + err)
const usesOf = async (run: LiveRun, service: string) => {
  const { services } = await run.until('running')
  const uses = services.find((row) => row.service === service)?.uses ?? assert.fail(`${service} does not run`)
  return (kind: string) => {
    const { name, why } = uses.find((use) => use.kind === kind) ?? assert.fail(`no ${kind}`)
    return [name, why]
  }
}

test('micro run --plugins=./path writes plugins.ts, runs on the plugin, and none goes back', async () => {
  await write(join(shop, 'plugins/shelf'), store('shelf'))

  const run = startMicro(sandbox, shop, ['run', 'service', '--plugins=./plugins/shelf', './services/orders'])
  const uses = await usesOf(run, 'orders')
  const described = await micro(sandbox, shop, ['describe', 'orders'])
  await run.end('SIGINT')

  // micro.yml says `store: file`: what is typed counts before it.
  assert.deepEqual(uses('store'), ['shelf', '--plugins'])
  assert.match(described.out, /store +shelf\b.*--plugins/)
  assert.deepEqual(await pluginsOf('orders'), ['./plugins/shelf'])
  assert.match(await textOf('orders'), /import\('\.\.\/\.\.\/plugins\/shelf\/index\.js'\)/)
  assert.deepEqual(await pluginsOf('notify'), [], 'which was not named')

  const again = startMicro(sandbox, shop, ['run', './services/orders'])
  assert.deepEqual((await usesOf(again, 'orders'))('store')[0], 'file', 'listed, but micro.yml says another')
  await again.end('SIGINT')
  assert.deepEqual(await pluginsOf('orders'), ['./plugins/shelf'])

  const none = startMicro(sandbox, shop, ['run', '--plugins=none', './services/orders'])
  assert.deepEqual((await usesOf(none, 'orders'))('store')[0], 'file')
  await none.end('SIGINT')
  assert.equal(await textOf('orders'), await textOf('notify'))
  assert.deepEqual(sandbox.processes(), [])
})

test('the only implementation that is listed is used without a word, and a word of the command line counts before the list', async () => {
  await writeFile(
    join(shop, 'micro.yml'),
    'name: shop\nservices:\n  orders: { type: node, path: ./services/orders, env: { MICRO_STORE: file } }\n',
  )
  await write(
    join(shop, 'plugins/bus'),
    plugin('broker', 'bus', { make: "async () => (await import('@microts/core/broker')).memoryBroker()" }),
  )
  succeeded(await micro(sandbox, shop, ['build', '--plugins=./plugins/bus', './services/orders']))

  const listed = startMicro(sandbox, shop, ['run', './services/orders', '--store=memory'])
  const uses = await usesOf(listed, 'orders')
  const { services } = await listed.until('running')
  await listed.end('SIGINT')

  assert.deepEqual(uses('broker'), ['bus', 'plugins.ts'])
  assert.deepEqual(uses('store'), ['memory', '--store'], 'not what the service is given as environment')
  assert.deepEqual(
    services.map(({ service }) => service),
    ['orders'],
    'no broker of the run itself is started for a service that uses another one',
  )

  const said = startMicro(sandbox, shop, ['run', './services/orders', '--broker=enats', '--store=memory'])
  assert.deepEqual((await usesOf(said, 'orders'))('broker'), ['enats', '--broker'])
  await said.end('SIGINT')
})

test('micro build puts what is listed into the one file, and nothing else', async () => {
  succeeded(await micro(sandbox, shop, ['build', '--plugins', 'store/file', '--plugins=broker/nats', './...']))
  const { out } = await micro(sandbox, shop, ['build', '--json'])
  const built = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { service: string; listed: string[]; wroteList: boolean; bytes: number })

  assert.deepEqual(
    built.map(({ service, listed, wroteList }) => [service, listed, wroteList]),
    ['notify', 'orders'].map((service) => [service, ['store/file', 'broker/nats'], false]),
  )
  const bundle = join(shop, 'dist/orders/main.js')
  const whole = await readFile(bundle, 'utf8')

  // The file says what is in it, also without the runner.
  const bare = promisify(execFile)(process.execPath, [bundle, '--broker=kafka'], { env: { ...sandbox.env, MICRO_STORE: 'memory' } })
  await assert.rejects(bare, (error: { stderr: string; stdout: string }) =>
    /kafka.*--broker[^]*plugins\.ts/.test(error.stderr + error.stdout),
  )

  succeeded(await micro(sandbox, shop, ['build', '--plugins=none']))
  const small = await readFile(bundle, 'utf8')
  assert.deepEqual(
    [whole, small].map((text) => text.includes('broker/nats')),
    [true, false],
  )
  assert.ok(small.length < whole.length)
})

test('micro build writes the same bytes in two checkouts, and writes nothing that is there already', async () => {
  const other = await sandbox.copyProject('examples/shop', 'elsewhere/deep/shop')
  for (const folder of [shop, other]) {
    await write(join(folder, 'plugins/shelf'), store('shelf'))
    succeeded(await micro(sandbox, folder, ['build', '--plugins=store/file,./plugins/shelf,broker/nats']))
  }
  const { mtimeMs } = await stat(listOf('orders'))
  succeeded(await micro(sandbox, join(shop, 'services'), ['build', '--plugins=store/file,../plugins/shelf,broker/nats', './...']))
  succeeded(await micro(sandbox, shop, ['build']))

  assert.equal(await textOf('orders', other), await textOf('orders'))
  assert.deepEqual(await pluginsOf('orders'), ['store/file', './plugins/shelf', 'broker/nats'])
  assert.equal((await stat(listOf('orders'))).mtimeMs, mtimeMs)
})

test('a plugins.ts is written again when what its plugins say has changed, and when it is gone', async () => {
  await write(join(shop, 'plugins/shelf'), store('shelf'))
  succeeded(await micro(sandbox, shop, ['build', '--plugins=./plugins/shelf']))
  const manifest = join(shop, 'plugins/shelf/micro.plugin.yml')
  const options = '{ type: object, properties: { depth: { type: integer, description: How deep } } }'
  await writeFile(manifest, (await readFile(manifest, 'utf8')).replace('entry: index.ts', `entry: index.ts, options: ${options}`))
  await rm(listOf('notify'))

  succeeded(await micro(sandbox, shop, ['build']))

  assert.match(await textOf('orders'), /depth: \{ type: 'integer' \}/)
  assert.deepEqual(await pluginsOf('notify'), [])
  assert.match(await textOf('notify'), /^\/\/ Generated by micro/)
})

test('a plugins.ts that somebody edited is kept, shown, and written over with --force only', async () => {
  succeeded(await micro(sandbox, shop, ['build', '--plugins=store/file']))
  const edited = (await textOf('orders')).replace("load: () => import('@microts/store-file'),", '// mine\n    $&')
  await writeFile(listOf('orders'), edited)
  const notify = await textOf('notify')

  succeeded(await micro(sandbox, shop, ['build']))
  const { code, err } = await micro(sandbox, shop, ['build', '--plugins=none'])
  const { reason } = await refused(['run', '--plugins=broker/nats'])

  assert.equal(code, 3)
  assert.equal(reason, 'PLUGINS_EDITED')
  assert.match(err, /orders\/plugins\.ts/)
  assert.match(err, /^ +- +\/\/ mine$/m)
  assert.match(err, /--force/)
  assert.equal(await textOf('orders'), edited)
  assert.equal(await textOf('notify'), notify, 'all are written, or none')

  succeeded(await micro(sandbox, shop, ['build', '--plugins=none', '--force']))
  assert.deepEqual(await pluginsOf('orders'), [])
})

test('a formatter of the project may write plugins.ts in its own way', async () => {
  succeeded(await micro(sandbox, shop, ['build', '--plugins=broker/nats']))
  const bin = join(root, 'node_modules/.bin/oxfmt')
  const before = await textOf('orders')
  await writeFile(
    join(shop, '.oxfmtrc.json'),
    '{ "semi": true, "singleQuote": false, "tabWidth": 4, "trailingComma": "none", "printWidth": 60 }',
  )
  await promisify(execFile)(bin, ['services/orders/plugins.ts'], { cwd: shop })
  const formatted = await textOf('orders')
  assert.notEqual(formatted, before)

  succeeded(await micro(sandbox, shop, ['build', '--plugins=broker/nats']))
  assert.equal(await textOf('orders'), formatted)
  succeeded(await micro(sandbox, shop, ['build', '--plugins=none']))
  assert.deepEqual(await pluginsOf('orders'), [])
})

const wrong: readonly (readonly [what: string, words: string, code: number, reason: string, hint: RegExp])[] = [
  ['an implementation that there is not', 'broker/kafkaa', 2, 'UNKNOWN_PLUGIN', /broker\/nats/],
  ['one that is nearly there', 'broker/nast', 2, 'UNKNOWN_PLUGIN', /broker\/nats/],
  ['an interface that there is not', 'brocker/nats', 2, 'PLUGIN_REFERENCE', /broker/],
  ['a type of service', 'mailhog', 3, 'PLUGIN_KIND_MISMATCH', /type: mailhog/],
  ['what core has', 'broker/memory', 2, 'PLUGIN_BUILT_IN', /broker: memory/],
  ['none and more', 'none,broker/nats', 2, 'PLUGIN_WORDS_INVALID', /none/],
  ['nothing', '', 2, 'PLUGIN_WORDS_INVALID', /none/],
  ['an option for git', 'github.com/alice/mailhog:--upload-pack=id', 2, 'REF_SYNTAX', /./],
  ['a transport that runs commands', 'ext::sh -c id', 2, 'PROTO_DENIED', /https/],
  ['a source that nobody trusts', 'github.com/alice/mailhog', 8, 'UNTRUSTED_SOURCE', /--trust/],
  ['a folder that is not there', './plugins/nothing', 3, 'PLUGIN_FOLDER_MISSING', /./],
  ['a folder without a module', './plugins/empty', 4, 'PLUGIN_ENTRY_MISSING', /entry/],
  ['a plugin for another API', './plugins/old', 3, 'PLUGIN_API_MISMATCH', /./],
]
test('what cannot be plugged is refused with reason, exit code and what to type, and nothing is written', async () => {
  await write(join(shop, 'plugins/empty'), { 'micro.plugin.yml': store('empty')['micro.plugin.yml'] })
  await write(join(shop, 'plugins/old'), plugin('store', 'old', { api: '^7.1' }))
  const before = await textOf('orders')

  for (const [what, words, code, reason, hint] of wrong) {
    const found = await refused(['build', `--plugins=${words}`])

    assert.deepEqual([found.code, found.reason], [code, reason], `${what}: ${found.message}`)
    assert.match(found.hint, hint, what)
    assert.equal(await textOf('orders'), before, what)
  }
  assert.equal(existsSync(join(shop, 'dist')), false)
  assert.equal(existsSync(join(shop, 'micro.lock')), false)
})

test('a main.ts that does not import its list is told what to write', async () => {
  await writeFile(join(shop, 'services/orders/main.ts'), "import { orders } from './orders.js'\n\nawait orders.run()\n")

  const found = await refused(['run', '--plugins=store/file', './services/orders'])

  assert.deepEqual([found.code, found.reason], [3, 'PLUGINS_NOT_IMPORTED'])
  assert.match(found.hint, /import \{ plugins \} from '\.\/plugins\.js'/)
  assert.deepEqual(await pluginsOf('orders'), [])
})

test('two of one interface and none named end the run, until one is named', async () => {
  await writeFile(join(shop, 'micro.yml'), 'name: shop\n')
  for (const name of ['shelf', 'rack']) await write(join(shop, `plugins/${name}`), store(name))

  const found = await refused(['run', '--plugins=./plugins/shelf,./plugins/rack', './services/orders'])
  const run = startMicro(sandbox, shop, ['run', './services/orders', '--store', 'rack'])
  const uses = await usesOf(run, 'orders')
  await run.end('SIGINT')

  assert.equal(found.reason, 'AMBIGUOUS_PLUGIN')
  assert.equal(found.code, 3)
  assert.deepEqual(uses('store'), ['rack', '--store'])
})

test('options that do not fit a plugin of the list are told before any code of it runs', async () => {
  await write(join(shop, 'plugins/shelf'), { ...store('shelf'), 'index.ts': "throw new Error('it has run')\n" })

  const found = await refused(['run', '--plugins=./plugins/shelf', './services/orders'], shop, { MICRO_STORE_OPTIONS: '{"depth":1}' })

  assert.deepEqual([found.code, found.reason], [3, 'PLUGIN_OPTIONS_INVALID'], found.message)
})

test('micro new --plugins makes a service that has them, in a project that depends on them', async () => {
  const hello = join(sandbox.folder, 'hello')
  const manifest = async () => JSON.parse(await readFile(join(hello, 'package.json'), 'utf8')) as { dependencies: Record<string, string> }

  await write(join(shop, 'plugins/shelf'), store('shelf'))

  succeeded(await micro(sandbox, sandbox.folder, ['new', 'service', 'hello', '--plugins=broker/nats,./shop/plugins/shelf']))
  succeeded(await micro(sandbox, join(hello, 'services'), ['new', 'stock', '--plugins=store/file']))
  await symlink(join(root, 'node_modules'), join(hello, 'node_modules'))

  assert.deepEqual(await pluginsOf('hello', hello), ['broker/nats', '../shop/plugins/shelf'])
  assert.deepEqual(await pluginsOf('stock', hello), ['store/file'])
  const { dependencies } = await manifest()
  for (const name of ['broker-nats', 'store-file']) assert.match(dependencies[`@microts/${name}`] ?? '', /^file:.*\.tgz$/)
  // What is installed is what the list was written for, and its types fit.
  const { mtimeMs } = await stat(listOf('stock', hello))
  succeeded(await micro(sandbox, hello, ['build']))
  assert.equal((await stat(listOf('stock', hello))).mtimeMs, mtimeMs)
  await promisify(execFile)(join(root, 'node_modules/.bin/tsc'), ['--customConditions', '@microts/source'], { cwd: hello })
  await promisify(execFile)(join(root, 'node_modules/.bin/oxlint'), ['--deny-warnings'], { cwd: hello })
})

test('micro new refuses what is no plugin, and leaves nothing behind', async () => {
  for (const [words, code] of [
    ['broker/kafkaa', 2],
    ['none,', 2],
  ] as const) {
    const { code: found } = await refused(['new', 'fresh', `--plugins=${words}`], sandbox.folder)
    assert.equal(found, code, words)
    assert.equal(existsSync(join(sandbox.folder, 'fresh')), false)
  }
  assert.equal((await refused(['new', 'service'], sandbox.folder)).code, 2)
})
