import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Installation } from '../installation.js'
import { installedTarballs, ourDependencies } from './dependencies.js'
import { equipService } from './equip.js'
import { fillFolder } from './folder.js'
import { nameServices, projectText } from './found-services.js'
import { addDependencies } from './manifest.js'
import { planService, withService } from './project-file.js'
import { wordsOf, writeTemplate } from './template.js'

let root: string
let count = 0
before(async () => void (root = await mkdtemp(join(tmpdir(), 'micro-scaffold-'))))
after(() => rm(root, { recursive: true }))

/** A folder of its own, with these files. */
async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = join(root, String((count += 1)))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  return folder
}

const installation = (changes: Partial<Installation>): Installation => ({
  folder: '/nowhere/node_modules/@microts/cli',
  version: '1.2.3',
  needs: ['@microts/service-mailhog'],
  checkout: undefined,
  templates: '/nowhere',
  tools: { watchdog: '', broker: '' },
  manifests: [],
  ...changes,
})
const tellNobody = () => undefined

test('wordsOf() makes a variable and a handler of a name with hyphens', () => {
  assert.deepEqual(wordsOf('shop-orders'), { name: 'shop-orders', variable: 'shopOrders', Handler: 'ShopOrders' })
})

test('writeTemplate() fills in words in texts and file names, and makes dot files', async () => {
  const folder = await folderWith({
    'template/_gitignore': 'node_modules/\n',
    'template/src/{{name}}.ts': 'export const {{variable}} = `${{{unknown}}}`\n',
  })

  const written = await writeTemplate(join(folder, 'template'), join(folder, 'made'), wordsOf('my-shop'))

  assert.deepEqual(written, ['.gitignore', 'src/my-shop.ts'])
  assert.equal(await readFile(join(folder, 'made/src/my-shop.ts'), 'utf8'), 'export const myShop = `${{{unknown}}}`\n')
})

test('writeTemplate() overwrites nothing', async () => {
  const folder = await folderWith({ 'template/a.txt': 'new', 'there/a.txt': 'old' })

  await assert.rejects(writeTemplate(join(folder, 'template'), join(folder, 'there'), {}), { code: 'EEXIST' })

  assert.equal(await readFile(join(folder, 'there/a.txt'), 'utf8'), 'old')
})

test('fillFolder() leaves nothing of a folder that could not be filled, and an empty one empty', async () => {
  const folder = await folderWith({})
  const filling = (path: string) =>
    fillFolder(path, async () => {
      await writeFile(join(path, 'a.txt'), 'a')
      throw new Error('no more')
    })

  await assert.rejects(filling(join(folder, 'a/b')), { message: 'no more' })
  await mkdir(join(folder, 'empty'), { recursive: true })
  await assert.rejects(filling(join(folder, 'empty')), { message: 'no more' })

  assert.deepEqual(await readdir(folder), ['empty'])
  assert.deepEqual(await readdir(join(folder, 'empty')), [])
})

test('fillFolder() refuses a folder with something in it, a file, and a file on the way to it', async () => {
  const folder = await folderWith({ 'full/a.txt': 'a', file: '' })
  const fill = (name: string) => fillFolder(join(folder, name), () => assert.fail('it is filled'))

  for (const name of ['full', 'file', 'file/below']) await assert.rejects(fill(name), { code: 'already_exists', reason: 'TARGET_EXISTS' })

  assert.equal(await readFile(join(folder, 'full/a.txt'), 'utf8'), 'a')
})

test('fillFolder() says that a folder cannot be written to', async () => {
  // Nobody makes folders there, root included.
  await assert.rejects(
    fillFolder('/sys/micro-new', async () => undefined),
    { code: 'permission_denied', reason: 'TARGET_UNWRITABLE' },
  )
})

const added = '{ type: node, path: ./services/stock }'
const layouts: readonly (readonly [what: string, before: string, after: string])[] = [
  [
    'comments, order and empty lines',
    '# mine\nname:   shop\n\nservices:\n  # the first\n  orders: { type: node, path: ./services/orders } # good\n  # smtp: { type: mailhog }\n\nstore: file\n',
    `# mine\nname:   shop\n\nservices:\n  # the first\n  orders: { type: node, path: ./services/orders } # good\n  stock: ${added}\n  # smtp: { type: mailhog }\n\nstore: file\n`,
  ],
  [
    'an indentation of four, and services on several lines',
    "services:\n    orders:\n        type: 'node'\n        path: ./orders\n        needs:\n        - smtp\n\n    # end\nname: shop\n",
    `services:\n    orders:\n        type: 'node'\n        path: ./orders\n        needs:\n        - smtp\n    stock: ${added}\n\n    # end\nname: shop\n`,
  ],
  ['Windows line ends', 'services:\r\n  a: { type: mailhog }\r\n', `services:\r\n  a: { type: mailhog }\r\n  stock: ${added}\r\n`],
  ['a last line without an end', 'services:\n  a: { type: mailhog }', `services:\n  a: { type: mailhog }\n  stock: ${added}\n`],
  ['services that are none yet', 'services: # soon\n  # a: b\nname: shop\n', `services: # soon\n  stock: ${added}\n  # a: b\nname: shop\n`],
  ['no services', 'name: shop\n', `name: shop\n\nservices:\n  stock: ${added}\n`],
  ['an empty file', '', `services:\n  stock: ${added}\n`],
  ['a text in lines', 'services:\n  a:\n    type: node\n    env:\n      A: |\n        one\n        two\n', ''],
  ['braces', 'name: shop\nservices: { a: { type: mailhog } } # good\n', ''],
  ['nothing but braces', '{ name: shop, services: { a: { type: mailhog } } }\n', ''],
  ['a file of comments', '# mine\n', `# mine\n\nservices:\n  stock: ${added}\n`],
]
for (const [what, text, wanted] of layouts)
  test(`withService() keeps ${what}`, async () => {
    const { parse } = await import('yaml')
    const changed = withService(text, 'stock', './services/stock')

    if (wanted !== '') assert.equal(changed, wanted)
    const services = { ...(parse(text) as { services?: object } | null)?.services, stock: { type: 'node', path: './services/stock' } }
    assert.deepEqual(parse(changed), { ...(parse(text) as object | null), services })
    for (const comment of text.match(/#.*/g) ?? []) assert.ok(changed.includes(comment))
  })

test('planService() takes the folder that the file names for a service of ours already, and then leaves the file alone', async () => {
  const text = 'services:\n  stock: { type: node, path: ./apps/stock }\n'
  const folder = await folderWith({ 'micro.yml': text })

  const entry = await planService(join(folder, 'micro.yml'), folder, 'stock')
  await entry.write()

  assert.equal(entry.folder, join(folder, 'apps/stock'))
  assert.equal(await readFile(join(folder, 'micro.yml'), 'utf8'), text)
})

test('planService() refuses the name of a service of another type, with its place', async () => {
  const folder = await folderWith({ 'micro.yml': 'services:\n  stock: { type: mailhog }\n' })

  await assert.rejects(planService(join(folder, 'micro.yml'), folder, 'stock'), {
    code: 'already_exists',
    reason: 'SERVICE_EXISTS',
    place: { file: join(folder, 'micro.yml'), line: 2, column: 3 },
  })
})

test('planService() refuses a file that is broken, with the place', async () => {
  for (const [text, line] of [
    ['services:\n  a: { type: node\n', 3],
    ['services:\n  - a\n', 2],
    ['services: yes\n', 1],
    ['- a\n', 1],
    ['name: a\nname: b\n', 2],
  ] as const) {
    const folder = await folderWith({ 'micro.yml': text })

    await assert.rejects(planService(join(folder, 'micro.yml'), folder, 'stock'), (error: { reason: string; place: { line: number } }) => {
      assert.deepEqual([error.reason, error.place.line], ['PROJECT_BROKEN', line], text)
      return true
    })
  }
})

test('planService() replaces what a link points to, not the link', async () => {
  const folder = await folderWith({ 'real.yml': 'name: shop\n' })
  await symlink('real.yml', join(folder, 'micro.yml'))

  const entry = await planService(join(folder, 'micro.yml'), folder, 'stock')
  await entry.write()

  assert.match(await readFile(join(folder, 'real.yml'), 'utf8'), /stock/)
  assert.deepEqual((await readdir(folder)).sort(), ['micro.yml', 'real.yml'])
})

test('ourDependencies() of a released command are those versions', async () => {
  const folder = await folderWith({ 'node_modules/@microts/cli/package.json': '{}' })
  const note = {
    packages: { 'node_modules/@microts/cli': { version: '1.2.3', resolved: 'https://registry.example/@microts/cli-1.2.3.tgz' } },
  }
  await writeFile(join(folder, 'node_modules/.package-lock.json'), JSON.stringify(note))

  const found = await ourDependencies(installation({ folder: join(folder, 'node_modules/@microts/cli') }), tellNobody)
  const withoutNote = await ourDependencies(installation({}), tellNobody)

  const released = { dependencies: { '@microts/core': '^1.2.3' }, devDependencies: { '@microts/cli': '^1.2.3' } }
  assert.deepEqual([found, withoutNote], [released, released])
})

test('ourDependencies() of a command from tarballs are those tarballs, and what it needs of ours beside it', async () => {
  const folder = await folderWith({ 'packs/core.tgz': '', 'packs/cli.tgz': '', 'packs/mailhog.tgz': '', 'packs/store.tgz': '' })
  const from = (name: string) => ({ resolved: `file:../packs/${name}.tgz` })
  const note = {
    packages: {
      'node_modules/@microts/core': from('core'),
      'node_modules/@microts/cli': from('cli'),
      'node_modules/@microts/service-mailhog': from('mailhog'),
      'node_modules/@microts/store-file': from('store'),
      'node_modules/esbuild': { resolved: 'https://registry.example/esbuild/-/esbuild-0.28.2.tgz' },
    },
  }
  await mkdir(join(folder, 'user/node_modules'), { recursive: true })
  await writeFile(join(folder, 'user/node_modules/.package-lock.json'), JSON.stringify(note))
  const cli = join(folder, 'user/node_modules/@microts/cli')

  const file = (name: string) => `file:${join(folder, 'packs', `${name}.tgz`)}`
  assert.deepEqual(await ourDependencies(installation({ folder: cli }), tellNobody), {
    dependencies: { '@microts/core': file('core') },
    devDependencies: { '@microts/cli': file('cli'), '@microts/service-mailhog': file('mailhog') },
  })
  await rm(join(folder, 'packs/cli.tgz'))
  assert.throws(() => installedTarballs(cli), { reason: 'TARBALL_GONE' })
})

test('ourDependencies() of a checkout that cannot be packed say why', async () => {
  const checkout = await folderWith({ 'scripts/pack.mjs': "console.error('types: 1 errors')\nprocess.exitCode = 1\n" })

  await assert.rejects(ourDependencies(installation({ checkout }), tellNobody), (error: { reason: string; message: string }) => {
    assert.equal(error.reason, 'PACK_FAILED')
    assert.ok(error.message.includes('types: 1 errors'))
    return true
  })
})

test('ourDependencies() tell what takes longer than a second', async () => {
  const checkout = await folderWith({ 'scripts/pack.mjs': "setTimeout(() => console.log('[]'), 1300)\n" })
  const told: string[] = []

  await ourDependencies(installation({ checkout }), (line) => void told.push(line))

  assert.equal(told.length, 2)
})

test('addDependencies() keeps what is named already, and the indentation', async () => {
  const folder = await folderWith({ 'package.json': '{\n\t"name": "there",\n\t"devDependencies": {\n\t\t"zod": "3.0.0"\n\t}\n}\n' })
  const file = join(folder, 'package.json')
  const wanted = { dependencies: { zod: '4.6.7', '@microts/core': '^1.0.0' }, devDependencies: { tsx: '4.0.0' } }

  assert.deepEqual(await addDependencies(file, wanted), ['@microts/core', 'tsx'])
  const text = await readFile(file, 'utf8')
  assert.deepEqual(await addDependencies(file, wanted), [])

  assert.equal(await readFile(file, 'utf8'), text)
  assert.deepEqual(JSON.parse(text), {
    name: 'there',
    dependencies: { '@microts/core': '^1.0.0' },
    devDependencies: { tsx: '4.0.0', zod: '3.0.0' },
  })
  assert.ok(text.startsWith('{\n\t"name"'))
})

test('addDependencies() refuses a package.json that cannot be read', async () => {
  const folder = await folderWith({ 'package.json': '{ "name": ', 'other.json': '[]' })

  for (const name of ['package.json', 'other.json'])
    await assert.rejects(addDependencies(join(folder, name), { dependencies: { a: '1' }, devDependencies: {} }), {
      reason: 'MANIFEST_UNREADABLE',
    })
})

test('equipService() gives a project what it lacks, and does not ask again', async () => {
  const folder = await folderWith({
    'templates/project/package.json': '{"name":"{{name}}","dependencies":{"zod":"4.6.7"},"devDependencies":{"tsx":"4.0.0"}}',
    'templates/project/tsconfig.json': '{}',
    'there/package.json': '{"scripts":{"test":"mocha"},"dependencies":{"zod":"3.0.0"}}',
    'there/node_modules/tsx/package.json': '{}',
    'bare/micro.yml': '',
    'repository/.git/config': '',
    'repository/node_modules/zod/package.json': '{}',
    'repository/node_modules/@microts/core/package.json': '{}',
    'repository/node_modules/@microts/cli/package.json': '{}',
    'repository/shop/package.json': '{"devDependencies":{"tsx":"4.0.0"}}',
  })
  const own = installation({ templates: join(folder, 'templates') })

  const there = await equipService({ installation: own, folder: join(folder, 'there'), name: 'stock', tell: tellNobody })
  const bare = await equipService({ installation: own, folder: join(folder, 'bare'), name: 'stock', tell: tellNobody })

  assert.deepEqual(there, { added: ['@microts/core', '@microts/cli'], testScript: 'mocha' })
  assert.deepEqual([...bare.added].sort(), ['@microts/cli', '@microts/core', 'tsx', 'zod'])
  assert.deepEqual(await readdir(join(folder, 'bare')), ['micro.yml', 'package.json', 'tsconfig.json'])
  for (const name of ['there', 'bare', 'repository/shop'])
    assert.deepEqual(
      (await equipService({ installation: own, folder: join(folder, name), name: 'more', tell: tellNobody })).added,
      [],
      name,
    )
})

test('nameServices() tells folders of one name apart', () => {
  assert.deepEqual(nameServices(['apps/a/orders', 'apps/b/orders', 'My Mail', '', 'x/service']), [
    { name: 'apps-a-orders', path: './apps/a/orders' },
    { name: 'apps-b-orders', path: './apps/b/orders' },
    { name: 'my-mail', path: './My Mail' },
    { name: 'service', path: '.' },
    { name: 'x-service', path: './x/service' },
  ])
})

test('projectText() is YAML whatever folders are called', async () => {
  const { parse } = await import('yaml')
  const services = nameServices(['a, b: {c} #d', "it's", 'plain'])

  const { services: read } = parse(projectText('shop', services)) as { services: Record<string, { path: string }> }

  assert.deepEqual(
    Object.values(read).map(({ path }) => path),
    ['./a, b: {c} #d', "./it's", './plain'],
  )
})
