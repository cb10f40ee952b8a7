import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

test('bench names a bench that is not there, and those that are', async () => {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const root = fileURLToPath(new URL('..', import.meta.url))

  const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
    execFile(
      process.execPath,
      ['--import', 'tsx', 'bench/run.ts', 'nothing'],
      { cwd: root, env, timeout: 30_000 },
      (error, _out, stderr) => {
        resolve({ code: error?.code ?? 0, stderr })
      },
    )
  })

  assert.equal(code, 2)
  assert.match(stderr, /there are: .*\brpc\b/)
})
