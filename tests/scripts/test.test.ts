import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('../../scripts/test.mjs', import.meta.url))

/** A repository of test files in a temporary folder, and what `npm test` says of it. */
async function runTests(t: TestContext, files: Record<string, string>, args: string[] = [], env: Record<string, string> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'micro-test-script-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  for (const [path, text] of Object.entries({ 'package.json': '{ "type": "module" }', ...files })) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  const { NODE_TEST_CONTEXT: _, CI: __, MICRO_TEST_INSTALL: ___, ...inherited } = process.env
  return new Promise<{ code: number; lines: string[]; text: string }>((resolve) => {
    execFile(process.execPath, [script, '--root', folder, ...args], { env: { ...inherited, ...env } }, (error, stdout, stderr) => {
      const lines = stdout.trimEnd().split('\n')
      resolve({ code: error === null ? 0 : Number(error.code), lines, text: stdout + stderr })
    })
  })
}

/** A process that was killed is listed until its new parent has read its end, so this asks for a while. */
async function isGone(pid: number) {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    try {
      process.kill(pid, 0)
    } catch {
      return true // no such process any more
    }
    await setTimeout(20)
  }
  return false
}

const passing = `import { test } from 'node:test'\ntest('one passes', () => {})\n`
const failing = `import { test } from 'node:test'\nimport assert from 'node:assert/strict'\ntest('two fails', () => assert.equal(1, 2 as number))\n`
const skipping = `import { test } from 'node:test'\ntest('it runs', () => {})\ntest('it is not run', { skip: 'needs: strace' }, () => {})\n`

test('npm test ends with the counts and 0 when all pass', async (t) => {
  const { code, lines } = await runTests(t, { 'packages/a/src/a.test.ts': passing, 'plugins/x/y/b.test.ts': passing })

  assert.equal(lines.at(-1), '2 passed, 0 failed')
  assert.equal(code, 0)
})

test('npm test exits with 1 and shows the assertion when a test fails', async (t) => {
  const { code, lines, text } = await runTests(t, { 'packages/a/a.test.ts': passing, 'tests/b.test.ts': failing })

  assert.equal(lines.at(-1), '1 passed, 1 failed')
  assert.equal(code, 1)
  assert.match(text, /tests\/b\.test\.ts: two fails/)
  assert.match(text, /1 !== 2/)
})

test('npm test counts a failed subtest once, and not its parents', async (t) => {
  const file = `import { describe, it, test } from 'node:test'
describe('a suite', () => { it('fails', () => { throw new Error('no') }) })
test('a parent', async (t) => { await t.test('passes', () => {}); await t.test('fails', () => { throw new Error('no') }) })\n`

  const { lines, text } = await runTests(t, { 'packages/a.test.ts': file })

  assert.equal(lines.at(-1), '1 passed, 2 failed')
  assert.match(text, /a suite > fails/)
})

test('npm test reports a file that does not load, and one without tests', async (t) => {
  const { code, lines, text } = await runTests(t, { 'packages/a.test.ts': `import './absent.js'\n`, 'packages/b.test.ts': 'export {}\n' })

  assert.equal(lines.at(-1), '0 passed, 2 failed')
  assert.equal(code, 1)
  assert.match(text, /absent\.js/)
})

test('npm test ends a file that leaves a handle open, with what it started', async (t) => {
  const file = `import { spawn } from 'node:child_process'
import { test } from 'node:test'
test('it passes', () => { const { pid } = spawn('sleep', ['300']); console.log('pid=' + pid + ';'); setInterval(() => {}, 1000) })\n`

  const { code, lines, text } = await runTests(t, { 'packages/a.test.ts': file }, ['--timeout', '3000'])

  assert.equal(lines.at(-1), '1 passed, 1 failed')
  assert.equal(code, 1)
  const pid = Number(/pid=(\d+);/.exec(text)?.[1])
  assert.equal(await isGone(pid), true)
})

test('npm test runs only what its arguments name', async (t) => {
  const files = { 'packages/store/a.test.ts': passing, 'packages/broker/b.test.ts': failing }

  assert.equal((await runTests(t, files, ['store'])).lines.at(-1), '1 passed, 0 failed')
  assert.equal((await runTests(t, files, ['--not', 'broker'])).lines.at(-1), '1 passed, 0 failed')
  assert.equal((await runTests(t, files, ['nothing'])).code, 1)
})

test('npm test names what was not run, and what installs it', async (t) => {
  const { code, lines } = await runTests(t, { 'packages/a.test.ts': skipping })

  assert.equal(lines.at(-1), '1 passed, 0 failed')
  assert.equal(code, 0)
  assert.match(lines.at(-2) ?? '', /not run: 1 test, needs: strace; `MICRO_TEST_INSTALL=1 npm test` installs strace/)
})

test('npm test refuses a skip that does not say what it needs', async (t) => {
  const { code } = await runTests(t, { 'packages/a.test.ts': skipping.replace('needs: strace', 'flaky') })

  assert.equal(code, 1)
})

test('npm test in CI fails for what was not run, unless it is listed, and for what is listed and ran', async (t) => {
  const ci = { CI: 'true' }
  const list = (entries: Record<string, string>) => ({ 'packages/a.test.ts': skipping, 'tests/not-run.json': JSON.stringify(entries) })
  const listed = { 'packages/a.test.ts > it is not run': 'no tracing in this container' }

  assert.equal((await runTests(t, list({}), [], ci)).lines.at(-1), '1 passed, 1 failed')
  assert.equal((await runTests(t, list(listed), [], ci)).lines.at(-1), '1 passed, 0 failed')
  assert.equal((await runTests(t, list({ ...listed, 'packages/a.test.ts > it runs': 'x' }), [], ci)).lines.at(-1), '1 passed, 1 failed')
})
