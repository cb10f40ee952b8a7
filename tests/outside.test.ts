import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { cp, mkdir, readFile, readdir, rename, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { build } from 'esbuild'
import { micro, startMicro } from './kit/micro.js'
import { npmEnvironment, packs, program, type Tarball } from './kit/npm.js'
import { makeSandbox, root, type Sandbox } from './kit/sandbox.js'

// What a user does who has never seen the repository: each test goes on where the one before has ended.
let sandbox: Sandbox
let tarballs: readonly Tarball[]
let user: string
let hello: string
let installed: string
let cliNeeds: readonly string[]

const run = async (folder: string, ...words: [string, ...string[]]) => {
  const outcome = await program(sandbox, folder, words)
  assert.equal(outcome.code, 0, `${words.join(' ')}\n${outcome.out}\n${outcome.err}`)
  return outcome.out
}
const tarballOf = (name: string) => tarballs.find((one) => one.name === name)?.file ?? assert.fail(`there is no tarball of ${name}`)
const json = async (file: string) => JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>
const post = (url: string, input: unknown) =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(input) })

before(async () => {
  sandbox = await makeSandbox()
  for (let at = sandbox.folder; at !== dirname(at); at = dirname(at))
    assert.ok(!existsSync(join(dirname(at), 'node_modules/@microts')), `packages of ours lie above the temporary folder, in ${dirname(at)}`)
  // Elsewhere than in the checkout, so that nothing that is found later can have come from there. Folders have spaces in the world outside.
  const away = join(sandbox.folder, 'tar balls')
  await mkdir(away)
  tarballs = await Promise.all(
    (await packs()).map(async (pack) => {
      const file = join(away, basename(pack.file))
      await cp(pack.file, file)
      return { ...pack, file }
    }),
  )
  user = join(sandbox.folder, 'a user')
  hello = join(user, 'hello')
  installed = join(hello, 'node_modules/@microts/cli/bin/micro.js')
  await mkdir(user)
  await run(user, 'npm', 'init', '-y')
  const { dependencies } = (await json(join(root, 'packages/cli/package.json'))) as { dependencies: object }
  cliNeeds = Object.keys(dependencies).filter((name) => name.startsWith('@microts/'))
  const needed = ['@microts/core', '@microts/cli', '@microts/create', ...cliNeeds].map(tarballOf)
  await run(user, 'npm', 'install', ...needed)
})

after(() => sandbox.remove())

test('npx micro --version of the tarballs prints their version', async () => {
  const { version } = await json(join(root, 'packages/cli/package.json'))

  assert.equal(await run(user, 'npx', 'micro', '--version'), `${String(version)}\n`)
})

test('npx micro new makes the project that the checkout makes, on the tarballs that it was installed from', async () => {
  await run(user, 'npx', 'micro', 'new', 'hello')

  const { dependencies, devDependencies } = (await json(join(hello, 'package.json'))) as Record<string, Record<string, string>>
  assert.equal(dependencies?.['@microts/core'], `file:${tarballOf('@microts/core')}`)
  for (const name of ['@microts/cli', ...cliNeeds]) assert.equal(devDependencies?.[name], `file:${tarballOf(name)}`)
  const elsewhere = join(sandbox.folder, 'elsewhere')
  await mkdir(elsewhere)
  const made = await micro(sandbox, elsewhere, ['new', 'hello'])
  assert.equal(made.code, 0, made.err)
  const files = async (folder: string) => (await readdir(folder, { recursive: true })).sort()
  assert.deepEqual(await files(hello), await files(join(elsewhere, 'hello')))
  const namesOnly = async (folder: string) => (await readFile(join(folder, 'package.json'), 'utf8')).replace(/file:.*\//g, 'file:')
  assert.equal(await namesOnly(hello), await namesOnly(join(elsewhere, 'hello')))
})

test('npm create makes the same project', async () => {
  await run(user, 'node', 'node_modules/@microts/create/bin/create.js', 'shop', '--yes')

  assert.deepEqual((await readdir(join(user, 'shop'))).sort(), (await readdir(hello)).sort())
  assert.equal((await json(join(user, 'shop/package.json')))['name'], 'shop')
})

test('the new project installs, and one more service is made in it; the tests and the lint of both pass', async () => {
  await run(hello, 'npm', 'install')
  await run(hello, 'npx', 'micro', 'new', 'stock')

  const [tests] = await Promise.all([run(hello, 'npm', 'test'), run(hello, 'npm', 'run', 'lint')])

  assert.match(tests, /Hello\.Hello greets by name/)
  assert.match(tests, /Stock\.Hello greets by name/)
})

test('npx micro up runs both until Ctrl-C, and leaves nothing behind', async () => {
  const files = sandbox.files()
  const child = spawn('npx', ['micro', 'up'], {
    cwd: hello,
    env: npmEnvironment(sandbox),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const exited = endOf(child)
  const shown = await outputUntil(child, /^Ctrl-C/m)
  const url = /hello +ready .*(http:\/\/127\.0\.0\.1:\d+)/.exec(shown)?.[1] ?? assert.fail(shown)

  const called = await run(hello, 'npx', 'micro', 'call', 'hello', 'Hello.Hello', '{"name":"Ada"}')
  const stocked = await micro(sandbox, hello, ['call', 'stock', 'Stock.Hello', '{"name":"Bo"}', '--json'], { bin: installed })
  const fetched = await post(`${url}/Hello.Hello`, { name: 'Cy' })
  assert.match(await readFile(join(hello, 'README.md'), 'utf8'), /npx micro call hello Hello\.Hello '\{"name":"Ada"\}'/)
  assert.match(await run(hello, 'npx', 'micro', 'describe', 'hello'), /Hello\.Hello +\{ name: string \}/)

  assert.deepEqual(JSON.parse(called), { message: 'Hello, Ada' })
  assert.deepEqual(JSON.parse(stocked.out), { message: 'Hello, Bo' }, stocked.err)
  assert.deepEqual([fetched.status, await fetched.json()], [200, { message: 'Hello, Cy' }])

  // As a terminal does it: to all that runs in the foreground.
  process.kill(-(child.pid ?? assert.fail('npx has no pid')), 'SIGINT')
  assert.equal(await exited, 'SIGINT')
  assert.deepEqual(sandbox.processes(), [])
  assert.deepEqual(sandbox.files(), files)
})

test('npx micro build makes a file that node runs with no package about', async () => {
  await run(hello, 'npx', 'micro', 'build', './...')
  const main = join(hello, 'dist/hello/main.js')
  const alone = join(sandbox.folder, 'alone')
  await mkdir(alone)
  await cp(main, join(alone, 'main.js'))
  await rename(join(hello, 'node_modules'), join(hello, 'node_modules.away'))

  for (const file of ['dist/hello/main.js', join(alone, 'main.js')]) {
    const child = spawn(process.execPath, [file], {
      cwd: hello,
      env: { ...sandbox.env, MICRO_STOP_GRACE_MS: '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const exited = endOf(child)
    const log = await outputUntil(child, /"msg":"ready"/)
    const address = /"address":"([^"]+)"/.exec(log)?.[1] ?? assert.fail(log)
    const reply = await post(`http://${address}/Hello.Hello`, { name: 'Di' })

    assert.deepEqual(await reply.json(), { message: 'Hello, Di' })
    child.kill('SIGTERM')
    assert.equal(await exited, 0)
  }
  await rename(join(hello, 'node_modules.away'), join(hello, 'node_modules'))
})

test('store: file without its package says what to type, and with it keeps what was put over a restart', async () => {
  const store =
    "import { createService, endpoint } from '@microts/core'\n\nexport const stock = createService({\n  name: 'stock',\n  version: '0.1.0',\n  endpoints: {\n    'Stock.Put': endpoint({}, async (input, { store }) => {\n      await store.put('count', input)\n      return {}\n    }),\n    'Stock.Get': endpoint({}, async (_input, { store }) => ({ count: await store.get('count') })),\n  },\n})\n"
  await writeFile(join(hello, 'services/stock/stock.ts'), store)
  const file = join(hello, 'micro.yml')
  await writeFile(file, `${await readFile(file, 'utf8')}\nstore: file\n`)

  const without = startMicro(sandbox, hello, ['up'], { bin: installed })
  const { error } = await without.until('failed')

  assert.deepEqual([error.reason, error.place?.file], ['PLUGIN_NOT_INSTALLED', file])
  assert.match(error.hint ?? '', /npm install @microts\/store-file/)
  assert.equal(await without.exited, 4)

  await run(hello, 'npm', 'install', tarballOf('@microts/store-file'))
  const call = (...words: string[]) => micro(sandbox, hello, ['call', 'stock', ...words, '--json'], { bin: installed })
  const first = startMicro(sandbox, hello, ['up'], { bin: installed })
  await first.until('running')
  const put = await call('Stock.Put', '{"pieces":7}')
  assert.equal(put.code, 0, put.err)
  assert.equal(await first.end('SIGINT'), 130)

  const second = startMicro(sandbox, hello, ['up'], { bin: installed })
  await second.until('running')
  const got = await call('Stock.Get')
  assert.equal(await second.end('SIGINT'), 130)
  assert.deepEqual(JSON.parse(got.out), { count: { pieces: 7 } }, got.err)
})

test('a bus of type nats, and --plugins=broker/nats, need nothing installed besides the command', async () => {
  const file = join(hello, 'micro.yml')
  const before = await readFile(file, 'utf8')
  // Two processes of one service cannot share a file store.
  await writeFile(file, before.replace('store: file', '').replace('services:\n', 'services:\n  bus: { type: nats }\n'))
  const up = startMicro(sandbox, hello, ['up'], { bin: installed })
  const { services } = await up.until('running')
  const beside = startMicro(sandbox, hello, ['run', '--plugins=broker/nats', './services/stock'], { bin: installed })
  const besideUp = (await beside.until('running')).services
  assert.equal(await beside.end('SIGINT'), 130)
  assert.equal(await up.end('SIGINT'), 130)
  const back = await micro(sandbox, hello, ['build', '--plugins=none', './services/stock'], { bin: installed })
  await writeFile(file, before)

  const bus = services.find(({ service }) => service === 'bus')
  const brokerOf = (rows: typeof services, name: string) =>
    rows.find(({ service }) => service === name)?.uses.find(({ kind }) => kind === 'broker')
  const wanted = { kind: 'broker', name: 'nats', plugin: 'broker/nats', address: bus?.provides?.address, note: 'at-most-once' }
  assert.equal(bus?.driver, 'embedded')
  assert.deepEqual(
    [brokerOf(services, 'hello'), brokerOf(besideUp, 'stock')].map((use) => ({ ...use, version: undefined })),
    ['bus provides it', '--plugins'].map((why) => ({ ...wanted, why, version: undefined })),
  )
  assert.equal(back.code, 0, back.err)
  // What a service imports brings nothing with it; what a plugin stands on is inside it.
  for (const name of ['core', 'broker-nats'])
    assert.equal((await json(join(hello, 'node_modules/@microts', name, 'package.json')))['dependencies'], undefined, name)
})

test('micro init makes a project of a repository that was there, changes none of its files, and micro up runs it', async () => {
  const there = join(user, 'there')
  const files = {
    'package.json': '{"name":"there","version":"3.0.0","type":"commonjs"}',
    '.gitignore': 'dist',
    'apps/clock/main.ts': "import { clock } from './clock.js'\nimport { plugins } from './plugins.js'\n\nawait clock.run({ plugins })\n",
    'apps/clock/clock.ts':
      "import { createService, endpoint } from '@microts/core'\n\nexport const clock = createService({\n  name: 'clock',\n  version: '1.0.0',\n  endpoints: { 'Clock.Year': endpoint({}, () => ({ year: 2000 })) },\n})\n",
    'apps/clock/plugins.ts': "import type { PluginEntry } from '@microts/core'\n\nexport const plugins: readonly PluginEntry[] = []\n",
  }
  await mkdir(join(there, 'apps/clock'), { recursive: true })
  for (const [name, text] of Object.entries(files)) await writeFile(join(there, name), text)

  const made = await run(there, 'npx', 'micro', 'init')
  const up = startMicro(sandbox, there, ['up'], { bin: join(user, 'node_modules/@microts/cli/bin/micro.js') })
  await up.until('running')
  const called = await run(there, 'npx', 'micro', 'call', 'clock', 'Clock.Year')
  assert.equal(await up.end('SIGINT'), 130)

  assert.deepEqual(JSON.parse(called), { year: 2000 })
  assert.doesNotMatch(made, /npm install/)
  for (const [name, text] of Object.entries(files)) {
    const now = await readFile(join(there, name), 'utf8')
    assert.equal(name === '.gitignore' ? now.slice(0, text.length) : now, text, name)
  }
})

test('nothing that was installed or built knows of the checkout', async () => {
  for (const folder of [user, hello]) {
    const ours = join(folder, 'node_modules/@microts')
    for (const name of await readdir(ours)) assert.ok(realpathSync(join(ours, name)).startsWith(sandbox.folder), name)
    for (const part of ['package.json', 'package-lock.json', 'node_modules/@microts', 'dist', '.micro', 'services'])
      for (const file of await filesOf(join(folder, part)))
        assert.equal((await readFile(file)).includes(`${root}/`), false, `${file} names ${root}`)
  }
  const { metafile } = await build({
    entryPoints: [join(hello, 'dist/hello/main.js')],
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    metafile: true,
    write: false,
    outdir: hello,
  })
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path))
  assert.deepEqual(
    imports.filter((from) => !from.startsWith('node:')),
    [],
  )
})

/** The exit code, or the signal that ended it. */
const endOf = (child: ChildProcess) =>
  new Promise<number | string | null>((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)))

/** All that a process has written when it has written what fits; it may write more. Rejects when it ends before, or after 30 s. */
async function outputUntil(child: ChildProcess, fits: RegExp): Promise<string> {
  let all = ''
  return new Promise((resolve, reject) => {
    const fail = () => reject(new Error(`nothing of ${fits.source} in:\n${all}`))
    const timer = setTimeout(fail, 30_000)
    const take = (chunk: Buffer) => {
      all += chunk.toString()
      if (!fits.test(all)) return
      clearTimeout(timer)
      resolve(all)
    }
    child.stdout?.on('data', take)
    child.stderr?.on('data', take)
    child.once('close', () => (clearTimeout(timer), fail()))
  })
}

async function filesOf(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOTDIR') return undefined
    if (error.code === 'ENOENT') return []
    throw error
  })
  return entries === undefined ? [path] : entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}
