import assert from 'node:assert/strict'
import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { addService } from './project-file.js'
import { wordsOf, writeTemplate } from './template.js'

let folder: string
before(async () => void (folder = await mkdtemp(join(tmpdir(), 'micro-scaffold-'))))
after(() => rm(folder, { recursive: true }))

test('wordsOf() makes a variable and a handler of a name with hyphens', () => {
  assert.deepEqual(wordsOf('shop-orders'), { name: 'shop-orders', variable: 'shopOrders', Handler: 'ShopOrders' })
})

test('writeTemplate() fills in words in texts and file names, and makes dot files', async () => {
  const template = join(folder, 'template')
  await mkdir(join(template, 'src'), { recursive: true })
  await writeFile(join(template, '_gitignore'), 'node_modules/\n')
  await writeFile(join(template, 'src', '{{name}}.ts'), 'export const {{variable}} = `${{{unknown}}}`\n')

  const written = await writeTemplate(template, join(folder, 'made'), wordsOf('my-shop'))

  assert.deepEqual(written, ['.gitignore', 'src/my-shop.ts'])
  assert.equal(await readFile(join(folder, 'made/src/my-shop.ts'), 'utf8'), 'export const myShop = `${{{unknown}}}`\n')
})

test('writeTemplate() overwrites nothing', async () => {
  const template = join(folder, 'again')
  await mkdir(template)
  await writeFile(join(template, 'a.txt'), 'new')
  await mkdir(join(folder, 'there'))
  await writeFile(join(folder, 'there/a.txt'), 'old')

  await assert.rejects(writeTemplate(template, join(folder, 'there'), {}), { code: 'EEXIST' })

  assert.equal(await readFile(join(folder, 'there/a.txt'), 'utf8'), 'old')
})

test('addService() keeps comments and order', async () => {
  const file = join(folder, 'micro.yml')
  await writeFile(file, '# mine\nname: shop\nservices:\n  # the first\n  orders: { type: node, path: ./services/orders } # good\n')

  await addService(file, 'stock', './services/stock')

  assert.equal(
    await readFile(file, 'utf8'),
    '# mine\nname: shop\nservices:\n  # the first\n  orders: { type: node, path: ./services/orders } # good\n  stock: { type: node, path: ./services/stock }\n',
  )
})
