import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const folder = new URL('./', import.meta.url)
const core = new URL('../../packages/core/src/', import.meta.url)

const examples = readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
const contracts = readdirSync(core).filter(
  (name) => existsSync(new URL(`${name}/${name}.ts`, core)) && existsSync(new URL(`${name}/conformance.ts`, core)),
)

for (const name of examples) {
  test(`docs/examples/${name} runs to its end, and finds what it says`, async () => {
    const args = ['--conditions=@microts/source', '--import', 'tsx', fileURLToPath(new URL(name, folder))]
    const { NODE_TEST_CONTEXT: _, ...env } = process.env

    const { code, text } = await new Promise<{ code: number | string; text: string }>((resolve) => {
      execFile(process.execPath, args, { env, timeout: 60_000 }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : (error.code ?? String(error.signal)), text: stdout + stderr })
      })
    })

    assert.equal(code, 0, text)
  })
}

test('every contract has an example', () => {
  const missing = contracts.filter((kind) => !examples.includes(`${kind}.ts`))

  assert.deepEqual(missing, [])
})
