import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, statSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

interface Pack {
  readonly name: string
  readonly version: string
  readonly file: string
}
interface Manifest {
  readonly exports?: Record<string, string | Record<string, string>>
  readonly bin?: Record<string, string>
  readonly dependencies?: Record<string, string>
  readonly devDependencies?: Record<string, string>
  readonly scripts?: Record<string, string>
}

const root = fileURLToPath(new URL('..', import.meta.url))
const packs = JSON.parse(
  execFileSync(process.execPath, [join(root, 'scripts/pack.mjs'), '--json'], { encoding: 'utf8', maxBuffer: 1 << 24 }),
) as Pack[]

const list = ({ file }: Pack) =>
  execFileSync('tar', ['tzf', file], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((path) => path.replace(/^package\//, ''))
const read = ({ file }: Pack, path: string) =>
  execFileSync('tar', ['xzOf', file, `package/${path}`], { encoding: 'utf8', maxBuffer: 1 << 26 })
const manifestOf = (pack: Pack) => JSON.parse(read(pack, 'package.json')) as Manifest

function packOf(name: string): Pack {
  const found = packs.find((pack) => pack.name === name)
  assert.ok(found !== undefined, `there is no tarball of ${name}`)
  return found
}

test('npm run pack lists a package after those of ours that it depends on', () => {
  const place = new Map(packs.map(({ name }, index) => [name, index]))
  for (const pack of packs) {
    const ours = Object.keys(manifestOf(pack).dependencies ?? {}).filter((name) => name.startsWith('@microts/'))
    for (const name of ours) assert.ok((place.get(name) ?? Infinity) < (place.get(pack.name) ?? -1), `${pack.name} stands before ${name}`)
  }
})

test('a tarball has what its package.json points to, a licence and a README, and no test', () => {
  for (const pack of packs) {
    const files = list(pack)
    const { exports = {}, bin = {} } = manifestOf(pack)
    const targets = [
      ...Object.values(exports).flatMap((target) => (typeof target === 'string' ? [target] : Object.values(target))),
      ...Object.values(bin),
    ]

    for (const target of targets) assert.ok(files.includes(target.replace(/^\.\//, '')), `${pack.name} lacks ${target}`)
    assert.ok(files.includes('LICENSE') && files.includes('README.md'), pack.name)
    assert.deepEqual(
      files.filter((file) => /\.test\.(js|d\.ts)$/.test(file)),
      [],
      pack.name,
    )
  }
})

test('a published package.json has no source condition, no development dependency and no script', () => {
  for (const pack of packs) {
    const manifest = manifestOf(pack)

    assert.equal(JSON.stringify(manifest.exports ?? {}).includes('@microts/source'), false, pack.name)
    assert.deepEqual([manifest.devDependencies, manifest.scripts], [undefined, undefined], pack.name)
  }
})

test('no tarball names a folder of the machine that made it', () => {
  for (const pack of packs) {
    const all = execFileSync('tar', ['xzOf', pack.file], { encoding: 'utf8', maxBuffer: 1 << 28 })

    assert.equal(all.includes(root.replace(/\/$/, '')), false, pack.name)
  }
})

test('the CLI ships every file of the templates', () => {
  const templates = join(root, 'templates')
  const wanted = readdirSync(templates, { recursive: true, encoding: 'utf8' })
    .map((path) => relative(root, join(templates, path)))
    .filter((path) => statSync(join(root, path)).isFile() && !/(^|\/)(node_modules|dist|\.micro)\//.test(path))

  const files = list(packOf('@microts/cli'))

  assert.deepEqual(
    wanted.filter((path) => !files.includes(path)),
    [],
  )
})

test('npm run pack makes the same bytes from the same sources', async (t) => {
  const out = await mkdtemp(join(tmpdir(), 'micro-pack-'))
  t.after(() => rm(out, { recursive: true, force: true }))
  execFileSync(process.execPath, [join(root, 'scripts/pack.mjs'), '--out', out])

  const digest = async (file: string) =>
    createHash('sha256')
      .update(await readFile(file))
      .digest('hex')
  for (const { file } of packs) assert.equal(await digest(join(out, basename(file))), await digest(file), basename(file))
})
