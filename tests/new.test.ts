import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { cp, mkdir, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { micro, startMicro } from './kit/micro.js'
import { packs } from './kit/npm.js'
import { makeSandbox, root, type Sandbox } from './kit/sandbox.js'

let sandbox: Sandbox
beforeEach(async () => void (sandbox = await makeSandbox()))
afterEach(() => sandbox.remove())

const json = async (file: string) => JSON.parse(await readFile(file, 'utf8')) as Record<string, Record<string, string>>
const filesBelow = async (folder: string) =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort()
const noStack = /\n\s+at \S/

/** Every file of a folder with its text: equal before and after means that nothing was lost and nothing is left. */
const everything = async (folder: string) =>
  Promise.all((await filesBelow(folder)).map(async (name) => [name, await readFile(join(folder, name), 'utf8')]))

test('micro new from a checkout makes a project that depends on tarballs of it, one service of its name in it', async () => {
  const { code, out, err } = await micro(sandbox, sandbox.folder, ['new', 'my-shop'])

  assert.equal(code, 0, err)
  const folder = join(sandbox.folder, 'my-shop')
  assert.deepEqual(await filesBelow(folder), [
    '.gitignore',
    '.micro/schema.json',
    'README.md',
    'micro.yml',
    'package.json',
    'services/my-shop/main.ts',
    'services/my-shop/my-shop.test.ts',
    'services/my-shop/my-shop.ts',
    'services/my-shop/plugins.ts',
    'tsconfig.json',
  ])
  const { dependencies, devDependencies } = await json(join(folder, 'package.json'))
  const files = new Map((await packs()).map(({ name, file }) => [name, `file:${file}`]))
  for (const [name, wanted] of Object.entries({ ...dependencies, ...devDependencies }))
    if (name.startsWith('@microts/')) assert.equal(wanted, files.get(name), name)
  assert.ok(dependencies?.['@microts/core'] !== undefined && devDependencies?.['@microts/cli'] !== undefined)
  for (const line of ['cd my-shop', 'npm install', 'npm test', 'npx micro up']) assert.ok(out.includes(`\n  ${line}`), out)
  for (const name of await filesBelow(folder)) assert.doesNotMatch(await readFile(join(folder, name), 'utf8'), /\{\{/, name)
})

test("the first line of a new project's micro.yml leads editors to a schema that is there, and that an older one is replaced by", async () => {
  await micro(sandbox, sandbox.folder, ['new', 'hello'])
  const folder = join(sandbox.folder, 'hello')

  const [, path = ''] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(await readFile(join(folder, 'micro.yml'), 'utf8')) ?? []
  const made = await json(join(folder, path))
  assert.ok(Object.keys(made['properties'] ?? {}).includes('services'))

  // What an older version has left.
  await writeFile(join(folder, path), '{}')
  await writeFile(join(folder, 'micro.yml'), 'name: hello\nservices:\n  smtp: { type: mailhog }\n')
  const up = startMicro(sandbox, folder, ['up'])
  await up.until('running')
  assert.equal(await up.end('SIGINT'), 130)
  assert.deepEqual(await json(join(folder, path)), made)
})

test('micro new in a project adds a service that micro up runs beside the first', async () => {
  await micro(sandbox, sandbox.folder, ['new', 'hello'])
  const folder = join(sandbox.folder, 'hello')
  const manifest = await readFile(join(folder, 'package.json'), 'utf8')
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))

  const { code, err } = await micro(sandbox, join(folder, 'services'), ['new', 'stock-keeper'])

  assert.equal(code, 0, err)
  assert.equal(await readFile(join(folder, 'package.json'), 'utf8'), manifest)
  const up = startMicro(sandbox, folder, ['up'])
  const { services } = await up.until('running')
  const called = await micro(sandbox, folder, ['call', 'stock-keeper', 'StockKeeper.Hello', '{"name":"Ada"}', '--json'])
  assert.equal(await up.end('SIGINT'), 130)
  assert.deepEqual(services.map(({ service }) => service).sort(), ['broker', 'hello', 'stock-keeper'])
  assert.deepEqual(JSON.parse(called.out), { message: 'Hello, Ada' }, called.err)
})

test('the packages of a new project are those that this repository is tested with', async () => {
  const template = await json(join(root, 'templates/project/package.json'))
  const { devDependencies } = await json(join(root, 'package.json'))
  const { dependencies } = await json(join(root, 'examples/shop/package.json'))
  const tested = { ...devDependencies, ...dependencies }

  for (const [name, version] of Object.entries({ ...template['dependencies'], ...template['devDependencies'] }))
    assert.equal(version, tested[name], name)
})

test('micro new refuses what is there already, and changes nothing of it', async () => {
  await mkdir(join(sandbox.folder, 'full'))
  await writeFile(join(sandbox.folder, 'full/notes.txt'), 'mine')
  await writeFile(join(sandbox.folder, 'file'), 'mine')
  await mkdir(join(sandbox.folder, 'empty'))

  for (const name of ['full', 'file']) {
    const { code, out } = await micro(sandbox, sandbox.folder, ['new', name, '--json'])
    assert.deepEqual([code, (JSON.parse(out) as { reason: string }).reason], [1, 'TARGET_EXISTS'], name)
  }
  assert.equal((await micro(sandbox, sandbox.folder, ['new', 'empty'])).code, 0)

  assert.deepEqual(await everything(join(sandbox.folder, 'full')), [['notes.txt', 'mine']])
  assert.equal(await readFile(join(sandbox.folder, 'file'), 'utf8'), 'mine')
})

test('micro new without a name, with two and with one that cannot be one is refused with exit code 2', async () => {
  for (const words of [[], ['a', 'b'], ['Shop'], ['../shop'], ['9'], ['a'.repeat(64)]]) {
    const { code, err } = await micro(sandbox, sandbox.folder, ['new', ...words])

    assert.equal(code, 2, words.join(' '))
    assert.match(err, /fix/)
    assert.doesNotMatch(err, noStack)
  }
  assert.deepEqual((await readdir(sandbox.folder)).sort(), ['home', 'run', 'tmp'])
})

const broken: readonly (readonly [what: string, text: string, place: RegExp, exitCode: number])[] = [
  ['is no YAML', 'name: shop\nservices:\n  orders: { type: node\n', /micro\.yml:4:1/, 3],
  ['has a list for its services', 'services:\n  - orders\n', /micro\.yml:2:3/, 3],
  ['has a service of that name', 'services:\n  stock: { type: mailhog }\n', /micro\.yml:2:3/, 1],
]
for (const [what, text, place, exitCode] of broken)
  test(`micro new in a project whose file ${what} says where, and writes nothing`, async () => {
    const folder = join(sandbox.folder, 'shop')
    await mkdir(folder)
    await writeFile(join(folder, 'micro.yml'), text)

    const { code, err } = await micro(sandbox, folder, ['new', 'stock'])

    assert.equal(code, exitCode, err)
    assert.match(err, place)
    assert.doesNotMatch(err, noStack)
    assert.deepEqual(await everything(folder), [['micro.yml', text]])
  })

test('micro new that cannot write all of a service writes none of it', async () => {
  const folder = join(sandbox.folder, 'shop')
  const text = 'services:\n  smtp: { type: mailhog }\n'
  await mkdir(folder)
  await writeFile(join(folder, 'micro.yml'), text)
  await writeFile(join(folder, 'package.json'), '{ "name": ')

  const unreadable = await micro(sandbox, folder, ['new', 'stock'])
  await rm(join(folder, 'package.json'))
  await writeFile(join(folder, 'services'), 'a file in the way')
  const inTheWay = await micro(sandbox, folder, ['new', 'stock'])

  assert.deepEqual([unreadable.code, inTheWay.code], [3, 1], unreadable.err + inTheWay.err)
  for (const { err } of [unreadable, inTheWay]) assert.doesNotMatch(err, noStack)
  assert.deepEqual(await everything(folder), [
    ['micro.yml', text],
    ['services', 'a file in the way'],
  ])
})

test('micro new makes the service that micro.yml names and that is not there', async () => {
  const folder = join(sandbox.folder, 'shop')
  const text = 'services:\n  stock: { type: node, path: ./apps/stock }\n'
  await mkdir(folder)
  await writeFile(join(folder, 'micro.yml'), text)

  const { code, err } = await micro(sandbox, folder, ['new', 'stock'])

  assert.equal(code, 0, err)
  assert.ok(existsSync(join(folder, 'apps/stock/main.ts')))
  assert.equal(await readFile(join(folder, 'micro.yml'), 'utf8'), text)
  // There was none: what the service imports is named in one now.
  assert.ok((await json(join(folder, 'package.json')))['dependencies']?.['zod'] !== undefined)
})

test('micro init in a repository without services makes a project that runs, and a service can be added to it', async () => {
  const folder = join(sandbox.folder, 'My Repository')
  const manifest = '{\n    "name": "there",\n    "scripts": { "test": "true" },\n    "dependencies": { "zod": "4.0.0" }\n}\n'
  await mkdir(folder)
  await writeFile(join(folder, 'package.json'), manifest)
  await writeFile(join(folder, '.gitignore'), '/node_modules\r\n*.log')

  const { code, out, err } = await micro(sandbox, folder, ['init'])

  assert.equal(code, 0, err)
  assert.match(out, /new orders/)
  assert.equal(await readFile(join(folder, '.gitignore'), 'utf8'), '/node_modules\r\n*.log\r\n.micro/\r\nplugins/*.*/\r\n')
  assert.equal(await readFile(join(folder, 'package.json'), 'utf8'), manifest)
  assert.match(await readFile(join(folder, 'micro.yml'), 'utf8'), /^name: my-repository$/m)
  const up = startMicro(sandbox, folder, ['up'])
  await up.until('running')
  assert.equal(await up.end('SIGINT'), 130)

  const added = await micro(sandbox, folder, ['new', 'orders'])
  const { name, scripts, dependencies } = await json(join(folder, 'package.json'))
  assert.equal(added.code, 0, added.err)
  assert.deepEqual([name, scripts, dependencies?.['zod']], ['there', { test: 'true' }, '4.0.0'])
  assert.ok(dependencies?.['@microts/core'] !== undefined)
  assert.match(added.out, /npm install\n {2}node --import tsx --test services\/orders\/orders\.test\.ts/)
})

test('micro init in a repository with services names each once, and micro up runs them', async () => {
  const folder = join(sandbox.folder, 'there')
  await cp(join(root, 'examples/shop/services/orders'), join(folder, 'apps/eu/orders'), { recursive: true })
  await cp(join(root, 'examples/shop/services/orders'), join(folder, 'apps/us/orders'), { recursive: true })
  await symlink(join(root, 'node_modules'), join(sandbox.folder, 'node_modules'))

  const made = await micro(sandbox, folder, ['init'])

  assert.equal(made.code, 0, made.err)
  assert.equal(
    (await readFile(join(folder, 'micro.yml'), 'utf8')).split('services:\n')[1],
    '  apps-eu-orders: { type: node, path: ./apps/eu/orders }\n  apps-us-orders: { type: node, path: ./apps/us/orders }\n',
  )
  const up = startMicro(sandbox, folder, ['up'])
  const { services } = await up.until('running')
  assert.equal(await up.end('SIGINT'), 130)
  assert.deepEqual(services.map(({ service }) => service).sort(), ['apps-eu-orders', 'apps-us-orders', 'broker'])
})
