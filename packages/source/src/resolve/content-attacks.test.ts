/** What strangers put into a repository. Each is refused, and that nothing was run or written is looked at. The numbers are those of a list of attacks. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { MicroError } from '@microts/core/base'
import { refused } from '../testing/refused.js'
import { manifestOf, world } from '../testing/world.js'
import type { GitPlugin } from './plugin.js'
import { resolve } from './resolve.js'

const key = 'github.com/alice/mailhog'
const manifest = manifestOf(key, 'mailhog')
const files = { 'micro.plugin.yml': manifest, data: 'x' }

test('7, 8, 9: a tree with .., .git or one of its aliases, or a name that Windows has for itself, is refused, whoever notices first', async (context) => {
  const here = await world(context)
  const repository = here.repository(key)
  const blob = repository.blob('x')
  const own = `100644 blob ${repository.blob(manifest)}\tmicro.plugin.yml`
  const inside = (name: string) => `040000 tree ${repository.tree([`100644 blob ${blob}\tx`])}\t${name}`
  for (const [line, reasons] of [
    [inside('..'), ['OBJECTS_REFUSED']],
    [inside('.git'), ['OBJECTS_REFUSED']],
    [inside('.GIT'), ['OBJECTS_REFUSED']],
    [inside('git~1'), ['OBJECTS_REFUSED', 'RESERVED_NAME']],
    [inside('a\\b'), ['PATH_ESCAPE']],
    [`100644 blob ${blob}\tcon.txt`, ['RESERVED_NAME']],
    [inside('AUX'), ['RESERVED_NAME']],
    [`100644 blob ${blob}\tnul.tar.gz`, ['RESERVED_NAME']],
    [`100644 blob ${blob}\tspace `, ['RESERVED_NAME']],
    [`100644 blob ${blob}\ta:b`, ['RESERVED_NAME']],
    [`100644 blob ${blob}\tend.`, ['RESERVED_NAME']],
    [`100644 blob ${blob}\t${'n'.repeat(256)}`, ['FILE_NAME']],
  ] as const) {
    repository.commitTree([own, line])
    const error = await resolve([`${key}:main`], here.options()).catch((thrown: unknown) => MicroError.from(thrown))
    assert.ok(error instanceof Error && (reasons as readonly string[]).includes(error.reason), `${line}: ${String(error)}`)
  }
  assert.deepEqual(here.stored(), [])
})

test('10: two spellings of one path, in a tree or as two sources, are refused', async (context) => {
  const here = await world(context)
  here.repository(key).commit({ ...files, File: '1', file: '2' })
  await refused(here, key, 'CASE_COLLISION')
  here
    .repository('github.com/alice/folders')
    .commit({ 'micro.plugin.yml': manifestOf('github.com/alice/folders', 'x'), 'Dir/a': '1', 'dir/b': '2' })
  await refused(here, 'github.com/alice/folders', 'CASE_COLLISION')
  for (const name of ['Alice', 'alice'])
    here.repository(`example.com/${name}/x`).commit({ 'micro.plugin.yml': manifestOf(`example.com/${name}/x`, 'x') })

  await resolve(['example.com/Alice/x'], here.options())
  await assert.rejects(resolve(['example.com/alice/x'], here.options()), { code: 'invalid_argument', reason: 'CASE_COLLISION' })
})

test('11: a link in a plugin is refused, to whatever it leads', async (context) => {
  const here = await world(context)
  const repository = here.repository(key)
  for (const text of ['/etc/passwd', '../..', 'data']) {
    repository.commit({ ...files, link: { mode: '120000', text } })
    await refused(here, key, 'SYMLINK')
  }
})

test('12: a submodule is refused, and its repository is not asked', async (context) => {
  const here = await world(context)
  const gitmodules = `[submodule "x"]\n\tpath = x\n\turl = ${here.server.url}/github.com/evil/x.git\n\tupdate = !touch ${here.root}/marker\n`
  const repository = here.repository(key)
  repository.commit({ ...files, '.gitmodules': gitmodules, x: { mode: '160000', text: '1234567890123456789012345678901234567890' } })

  // git's own check of objects refuses the command; without one it is our part.
  await refused(here, key, 'OBJECTS_REFUSED')
  repository.git('update-ref', '-d', 'refs/heads/main')
  repository.commit({ ...files, x: { mode: '160000', text: '1234567890123456789012345678901234567890' } })
  await refused(here, key, 'SUBMODULE')

  assert.ok(!here.server.requests.some((line) => line.includes('evil')))
})

test('23: scripts of a package and settings of npm run nothing', async (context) => {
  const here = await world(context)
  const script = `touch ${here.root}/marker`
  const scripts = Object.fromEntries(['preinstall', 'install', 'postinstall', 'prepare', 'prepack'].map((name) => [name, script]))
  here
    .repository(key)
    .commit({ ...files, 'package.json': JSON.stringify({ name: 'x', version: '1.0.0', scripts }), '.npmrc': `git=${here.root}/evil\n` })

  await resolve([key], here.options())

  assert.ok(!existsSync(join(here.root, 'marker')))
})

test('24, 26, 33, 35: a manifest that is more than data, or more than is read, is refused', async (context) => {
  const here = await world(context)
  const entry = `plugins:\n  - uri: ${key}\n    name: n\n    description: d\n`
  const aliases = `plugins:\n  - &a { uri: x, name: n, description: d }\n${'  - *a\n'.repeat(60)}`
  const hostile = [
    entry.replace('name: n', 'name: !!js/function "function(){}"'),
    entry.replace('name: n', 'name: !pwn n'),
    `${entry}# ${'x'.repeat(70 * 1024)}\n`,
    aliases,
    `plugins: ${'['.repeat(5000)}`,
    `plugins:\n${Array.from({ length: 101 }, (_, index) => `  - { uri: x${index}, name: n, description: d }\n`).join('')}`,
    entry.replace('name: n', 'name: "\\e]0;x\\a"'),
    entry.replace('name: n', 'name: "\\u202egpj.exe"'),
    `${entry}    __proto__: { polluted: true }\n`,
    `${entry}    service: { type: x, constructor: { y: 1 } }\n`,
    entry.replace(key, '../../etc'),
    entry.replace(key, 'file:///etc'),
  ]
  const repository = here.repository(key)
  for (const text of hostile) {
    repository.commit({ 'micro.plugin.yml': text })
    await refused(here, key, 'INVALID_MANIFEST')
  }
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined)
})

test('25: a manifest that says it is another place is refused', async (context) => {
  const here = await world(context)
  const bob = here.repository('github.com/bob/x')
  for (const uri of [key, 'mailhog', 'github.com/bob/xx']) {
    bob.commit({ 'micro.plugin.yml': manifestOf(uri, 'mailhog') })
    await refused(here, 'github.com/bob/x', 'URI_MISMATCH')
  }
  bob.commit({ 'a/micro.plugin.yml': manifestOf('github.com/bob/x//b', 'mailhog') })
  await refused(here, 'github.com/bob/x', 'URI_MISMATCH')
  bob.commit({ 'micro.plugin.yml': manifestOf('github.com/bob/x//a', 'a'), 'a/lando.plugin.yml': manifestOf('github.com/bob/x//a', 'a') })
  await refused(here, 'github.com/bob/x', 'URI_TWICE')
})

test('27: a plugin of too many or too large files is refused before a file is written', async (context) => {
  const here = await world(context)
  const repository = here.repository(key)
  const random = Array.from({ length: 3000 }, (_, index) => (index * 2654435761).toString(36)).join('')
  repository.commit({ ...files, large: random })
  await refused(here, key, 'TOO_BIG', { limits: { fileBytes: 1000 } })
  here.server.config = ['uploadpack.allowFilter=false']
  await refused(here, key, 'TOO_BIG', { limits: { fileBytes: 1001 } })
  await refused(here, key, 'TOO_BIG', { limits: { totalBytes: 10_000 } })
  await refused(here, key, 'TOO_BIG', { limits: { files: 2 } })
})

test('27: a tree of a tree of a tree, which has no end, is refused by the length of its listing', async (context) => {
  const here = await world(context)
  const repository = here.repository(key)
  const blob = repository.blob('x')
  let tree = repository.tree(Array.from({ length: 10 }, (_, index) => `100644 blob ${blob}\tf${index}`))
  for (let level = 0; level < 9; level++) tree = repository.tree(Array.from({ length: 10 }, (_, index) => `040000 tree ${tree}\td${index}`))
  repository.commitTree([`040000 tree ${tree}\tbomb`])

  await refused(here, `${key}:main`, 'TOO_BIG', { limits: { listingBytes: 1024 * 1024 } })
})

test('27: a fetch that grows beyond its cap is ended', async (context) => {
  const here = await world(context)
  here.repository(key).commit(files)
  // A pack that never ends: its header says a million objects, and its bytes come slowly.
  here.server.before = (request, response) => {
    if (request.method !== 'POST' || !here.server.requests.some((line, index) => index > 1 && line.startsWith('POST'))) return false
    response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' })
    const line = (bytes: Buffer) => Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, '0')), bytes])
    response.write(line(Buffer.from('packfile\n')))
    response.write(line(Buffer.concat([Buffer.from([1]), Buffer.from('PACK\0\0\0\u0002\0\u000f\u0042\u0040', 'latin1')])))
    // A stored blob of 4 GB: type 3, its size in seven bits a byte, then zlib's stored blocks.
    response.write(line(Buffer.from([1, 0xbf, 0xff, 0xff, 0xff, 0xff, 0x01, 0x78, 0x01])))
    const block = Buffer.concat([Buffer.from([1, 0x00, 0x60, 0xea, 0x9f, 0x15]), Buffer.alloc(0xea60)])
    const send = () => {
      if (!response.destroyed) response.write(line(block), () => setImmediate(send))
    }
    send()
    return true
  }

  const error = await refused(here, `${key}:main`, 'TOO_BIG', { limits: { fetchBytes: 200_000 }, timeoutMs: 20_000 })

  assert.match(error.message, /to fetch/)
})

test('37: attributes change no byte, drop no file, and are not even looked at', async (context) => {
  const here = await world(context)
  const attributes = `* text eol=crlf\nhidden export-ignore\nsubst export-subst\n`
  here.repository(key).commit({ ...files, '.gitattributes': attributes, hidden: 'h\n', subst: '$Format:%H$\n', lines: 'a\nb\n' })

  const { plugins } = await resolve([key], here.options())

  const [{ root }] = plugins as [GitPlugin]
  assert.equal(readFileSync(join(root, 'lines'), 'utf8'), 'a\nb\n')
  assert.equal(readFileSync(join(root, 'hidden'), 'utf8'), 'h\n')
  assert.equal(readFileSync(join(root, 'subst'), 'utf8'), '$Format:%H$\n')
})
