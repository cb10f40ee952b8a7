import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { identifyProject } from './project.js'

function temporary(t: TestContext): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'micro-project-')))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

test('identifyProject() takes the nearest folder upwards that has a project file', (t) => {
  const root = temporary(t)
  const inner = join(root, 'shop')
  mkdirSync(join(inner, 'services', 'orders'), { recursive: true })
  writeFileSync(join(root, 'micro.yml'), '')
  writeFileSync(join(inner, '.lando.yml'), '')

  assert.equal(identifyProject({}, join(inner, 'services', 'orders')).folder, inner)
  assert.equal(identifyProject({}, root).folder, root)
})

test('identifyProject() takes the folder itself when there is no project file', (t) => {
  const folder = temporary(t)

  assert.equal(identifyProject({}, folder).folder, folder)
})

test('identifyProject() tells two checkouts apart, and knows one by whatever path', (t) => {
  const root = temporary(t)
  const [one, two, link] = ['one', 'two', 'link'].map((name) => join(root, name)) as [string, string, string]
  for (const folder of [one, two]) {
    mkdirSync(folder)
    writeFileSync(join(folder, 'micro.yml'), '')
  }
  symlinkSync(one, link)

  const id = identifyProject({}, one).id

  assert.match(id, /^[0-9a-f]{64}$/)
  assert.notEqual(identifyProject({}, two).id, id)
  assert.equal(identifyProject({}, link).id, id)
})

test('identifyProject() takes id and folder from the environment', (t) => {
  const folder = temporary(t)

  const { id, folder: found } = identifyProject({ MICRO_PROJECT: 'shop', MICRO_PROJECT_DIR: folder }, '/')

  assert.deepEqual([id, found], ['shop', folder])
})

test('identifyProject() refuses a MICRO_PROJECT_DIR that is not there', (t) => {
  const folder = temporary(t)

  assert.throws(() => identifyProject({ MICRO_PROJECT_DIR: join(folder, 'gone') }, '/'), { reason: 'ENVIRONMENT_INVALID' })
})
