import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

const bin = fileURLToPath(new URL('../packages/create/bin/create.js', import.meta.url))

async function create(t: TestContext, ...args: string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'micro-create-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  return new Promise<{ folder: string; code: number; text: string }>((resolve) => {
    execFile(process.execPath, [bin, ...args], { cwd: folder, env }, (error, stdout, stderr) => {
      resolve({ folder, code: error === null ? 0 : Number(error.code), text: stdout + stderr })
    })
  })
}

test('npm create @microts makes the project that `micro new` makes', async (t) => {
  const { folder, code, text } = await create(t, 'shop', '--yes')

  assert.equal(code, 0, text)
  assert.equal((JSON.parse(await readFile(join(folder, 'shop/package.json'), 'utf8')) as { name: string }).name, 'shop')
  assert.ok(existsSync(join(folder, 'shop/micro.yml')))
})

test('npm create @microts exits as `micro new` does when the name is missing or refused', async (t) => {
  assert.equal((await create(t, '../outside', '--yes')).code, 2)
})
