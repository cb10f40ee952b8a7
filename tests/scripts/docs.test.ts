import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'

interface Failure {
  readonly reason: string
  readonly code: string
  readonly message: string
  readonly hint: string
}
const scripts = new URL('../../scripts/', import.meta.url)
const { failuresOf } = (await import(new URL('docs-errors.mjs', scripts).href)) as { failuresOf: (file: string, text: string) => Failure[] }
const { checkLinks } = (await import(new URL('links.mjs', scripts).href)) as {
  checkLinks: (folder: string) => Promise<{ ok: boolean; lines: string[] }>
}

test('failuresOf() reads code, reason, message and hint of an error, with its values as names', () => {
  const text =
    "const errors = { taken: (port: number, by?: string) => new MicroError('unavailable', `Cannot listen on ${port}: ${by ?? 'it'} has it`, { reason: 'PORT_TAKEN', hint: 'Take 0.' }) }"

  const [failure] = failuresOf('errors.ts', text)

  assert.deepEqual(
    { ...failure, file: undefined },
    { file: undefined, reason: 'PORT_TAKEN', code: 'unavailable', message: 'Cannot listen on <port>: it has it', hint: 'Take 0.' },
  )
})

test('failuresOf() follows a function of the file that makes errors from its arguments', () => {
  const text = `
    const mistake = (reason: string, message: string, place: Place, hint?: string): Mistake => ({ code: 'invalid_argument', reason, message, place, ...(hint && { hint }) })
    const mistakes = { twice: (place: Place, key: string) => mistake('DUPLICATE_KEY', \`"\${key}" stands twice\`, place, 'Keep one.') }`

  const failures = failuresOf('errors.ts', text).map(({ reason, code, message, hint }) => ({ reason, code, message, hint }))

  assert.deepEqual(failures, [{ reason: 'DUPLICATE_KEY', code: 'invalid_argument', message: '"<key>" stands twice', hint: 'Keep one.' }])
})

async function pages(t: TestContext, files: Record<string, string>) {
  const folder = await mkdtemp(join(tmpdir(), 'micro-links-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  return checkLinks(folder)
}

test('checkLinks() follows files and headings, and leaves code and the web alone', async (t) => {
  const { ok, lines } = await pages(t, {
    'README.md':
      '# Top\n\n[a](docs/a.md#the-second-part) [b](#top) [c](https://example.com/x) `[d](nowhere.md)`\n\n```md\n[e](nowhere.md)\n```\n',
    'docs/a.md': '# A\n\n## The *second* part!\n\n[up](../README.md)\n',
  })

  assert.ok(ok, lines.join('\n'))
})

test('checkLinks() finds a missing file, a missing heading, and a link out of the repository', async (t) => {
  const { ok, lines } = await pages(t, { 'README.md': '# Top\n[a](absent.md)\n[b](#bottom)\n[c](../../etc/passwd)\n' })

  assert.equal(ok, false)
  assert.deepEqual(
    lines.slice(0, 3).map((line) => line.split(':')[1]),
    ['2', '3', '4'],
  )
})

test('checkLinks() finds a block of code that its file does not have', async (t) => {
  const block = '```ts file=a.ts\nconst a = 1\n```\n'

  assert.equal((await pages(t, { 'README.md': block, 'a.ts': 'const a = 1\nconst b = 2\n' })).ok, true)
  assert.equal((await pages(t, { 'README.md': block, 'a.ts': 'const a = 3\n' })).ok, false)
})
