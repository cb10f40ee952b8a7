/**
 * `npm run pack [-- --json]`: a tarball of every package that ships, in .packs/, as npm would publish it.
 *
 * Each is made from a staging folder, not from the checkout: there package.json has no source condition, no development dependency and no
 * script, and LICENSE and README are added. The same sources give the same bytes. Does nothing when all is fresh.
 *
 *   --json           prints [{ name, version, file }], dependencies first, and nothing else
 *   --out <folder>   somewhere else than .packs/, and always made anew
 */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { bundleCli } from './bundle.mjs'
import { filesBelow, root, workspaceFolders, writeWhole } from './files.mjs'
import { isFresh, writeStamp } from './stamp.mjs'

const packs = join(root, '.packs')
const stamp = join(packs, 'stamp.json')
const lock = join(packs, 'lock')

// Far longer than it takes: whoever waits this long for another run goes on by itself, which is safe and only slow.
const longestWaitMs = 180_000

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'))

/**
 * @typedef {{ name: string, version: string, folder: string, dependencies: string[] }} Package `folder` relative to the root
 * @returns {Promise<{ name: string, version: string, file: string }[]>} dependencies first; `file` absolute
 */
export async function ensurePacks() {
  const packages = publishedPackages()
  const files = inputs(packages)
  const also = files.join('\n')
  const tarballs = tarballsIn(packs, packages)
  const areFresh = () => isFresh(stamp, { also }) && tarballs.every(({ file }) => existsSync(file))
  if (areFresh()) return tarballs
  const release = await oneAtATime()
  try {
    if (areFresh()) return tarballs
    await makePacks(packages, packs)
    writeStamp(stamp, files, { also })
    return tarballs
  } finally {
    release()
  }
}

const tarballsIn = (out, packages) => packages.map(({ name, version }) => ({ name, version, file: join(out, tarballName(name, version)) }))

/** Several tests ask for the tarballs at once; the first makes them. A lock whose process has ended is taken over. */
async function oneAtATime() {
  mkdirSync(packs, { recursive: true })
  for (let waitedMs = 0; waitedMs < longestWaitMs; waitedMs += 100) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' })
      return () => rmSync(lock, { force: true })
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
      if (!isRunning(lock)) rmSync(lock, { force: true })
    }
    await sleep(100)
  }
  return () => undefined
}

function isRunning(file) {
  try {
    const pid = Number(readFileSync(file, 'utf8'))
    // Created and not yet written: its process is about to.
    if (pid === 0) return true
    process.kill(pid, 0)
    return true
  } catch {
    return false // the lock or its process is gone
  }
}

/** Stages, lints and packs in a folder beside the result, which is put in place when all is well. @param {string} out absolute */
async function makePacks(packages, out) {
  mkdirSync(out, { recursive: true })
  const stage = join(out, `stage-${process.pid}`)
  try {
    await stageAll(packages, stage)
    await lint(packages, stage)
    pack(packages, stage, out)
  } finally {
    rmSync(stage, { recursive: true, force: true })
  }
  return tarballsIn(out, packages)
}

/** Workspaces that are not private, each after those of ours that it depends on. */
export function publishedPackages() {
  const { workspaces } = readJson(join(root, 'package.json'))
  const found = workspaceFolders(workspaces)
    .filter((folder) => existsSync(join(root, folder, 'package.json')))
    .map((folder) => ({ folder, manifest: readJson(join(root, folder, 'package.json')) }))
    .filter(({ manifest }) => manifest.private !== true)
    .map(({ folder, manifest }) => ({
      folder,
      name: manifest.name,
      version: manifest.version,
      dependencies: Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }),
    }))
  const sorted = []
  const add = (each) => {
    if (sorted.includes(each)) return
    for (const other of found) if (each.dependencies.includes(other.name)) add(other)
    sorted.push(each)
  }
  for (const each of found) add(each)
  return sorted
}

function inputs(packages) {
  const folders = [...packages.map(({ folder }) => folder), 'templates']
  const own = folders.flatMap((folder) =>
    filesBelow(join(root, folder), (path) => !path.endsWith('.test.ts') || path.startsWith('templates/')),
  )
  const scripts = ['pack', 'emit', 'bundle'].map((name) => `scripts/${name}.mjs`)
  return [...new Set([...own, ...scripts, 'LICENSE', 'tsconfig.base.json', 'package-lock.json'])].sort()
}

async function stageAll(packages, stage) {
  const compiled = packages.filter(({ folder }) => hasTypes(folder) && !isBundled(folder)).map(({ folder }) => folder)
  const { emitPackages } = await import('./emit.mjs') // it loads the compiler: not when all is fresh
  emitPackages(compiled, stage)
  for (const { folder } of packages) {
    const target = join(stage, folder)
    mkdirSync(target, { recursive: true })
    const { files = [] } = readJson(join(root, folder, 'package.json'))
    if (isBundled(folder)) await stageBundle(folder, target)
    for (const name of files)
      if (name !== 'dist' && existsSync(join(root, folder, name))) cpSync(join(root, folder, name), join(target, name), { recursive: true })
    if (folder === 'packages/cli') stageOwnManifests(packages, target)
    if (files.includes('templates')) cpSync(join(root, 'templates'), join(target, 'templates'), { recursive: true, filter: isTemplate })
    writeWhole(join(target, 'package.json'), `${JSON.stringify(publishedManifest(folder), null, 2)}\n`)
    writeWhole(join(target, 'README.md'), readme(folder))
    cpSync(join(root, 'LICENSE'), join(target, 'LICENSE'))
  }
}

/** They ship a bundle: what they depend on is inside. */
const isBundled = (folder) => folder === 'packages/cli' || hasBuild(folder)

const hasBuild = (folder) => existsSync(join(root, folder, 'build.mjs'))

const hasTypes = (folder) => JSON.stringify(readJson(join(root, folder, 'package.json')).exports ?? {}).includes('"types"')

/** A service type knows how to build itself, types included; the CLI has nothing that is imported, hence no types. */
async function stageBundle(folder, target) {
  const out = join(target, 'dist')
  if (hasBuild(folder))
    execFileSync(process.execPath, ['build.mjs', '--out', out, '--types'], {
      cwd: join(root, folder),
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  else await bundleCli(out)
}

/** The manifests of our implementations, so that the command knows of those that are not installed. */
function stageOwnManifests(packages, target) {
  for (const { folder } of packages.filter((one) => one.folder.startsWith('plugins/')))
    cpSync(join(root, folder, 'micro.plugin.yml'), join(target, folder, 'micro.plugin.yml'))
}

const isTemplate = (path) => !/\/(node_modules|dist|\.micro)(\/|$)/.test(path.slice(root.length))

function publishedManifest(folder) {
  const { devDependencies: _, scripts: __, exports, ...manifest } = readJson(join(root, folder, 'package.json'))
  const repository = process.env.GITHUB_REPOSITORY
  return {
    ...manifest,
    ...(exports === undefined ? {} : { exports: withoutSource(exports) }),
    // Provenance compares it with the repository that the workflow runs in.
    ...(repository === undefined
      ? {}
      : { repository: { type: 'git', url: `git+https://github.com/${repository}.git`, directory: folder } }),
    publishConfig: { access: 'public' },
  }
}

function withoutSource(exports) {
  if (typeof exports !== 'object' || exports === null) return exports
  return Object.fromEntries(
    Object.entries(exports)
      .filter(([condition]) => condition !== '@microts/source')
      .map(([name, target]) => [name, withoutSource(target)])
      // A door that has nothing but sources is for our own tests.
      .filter(([, target]) => typeof target !== 'object' || target === null || Object.keys(target).length > 0),
  )
}

function readme(folder) {
  const own = join(root, folder, 'README.md')
  if (existsSync(own)) return readFileSync(own, 'utf8')
  const { name, description } = readJson(join(root, folder, 'package.json'))
  return `# ${name}\n\n${description}\n\nPart of Micro for TypeScript: services written once against small interfaces, with plugins underneath.\n`
}

async function lint(packages, stage) {
  const { publint } = await import('publint')
  const { formatMessage } = await import('publint/utils')
  const problems = []
  for (const { folder, name } of packages) {
    // The staging folder has what is packed and no more: npm need not be asked for each, which takes most of the time.
    const { messages, pkg } = await publint({ pkgDir: join(stage, folder), strict: true, level: 'warning', pack: false })
    // A template's package.json is to become the root of another package.
    const own = messages.filter(
      ({ code, args }) => code !== 'NESTED_PACKAGE_JSON_FIELD_IGNORED' || !/^(\.\/)?templates\//.test(args.filePath),
    )
    problems.push(...own.map((message) => `${name}: ${formatMessage(message, pkg, { color: false })}`))
  }
  if (problems.length > 0) throw new Error(`publint: ${problems.length} problems\n${problems.join('\n')}`)
}

const tarballName = (name, version) => `${name.replace('@', '').replace('/', '-')}-${version}.tgz`

function pack(packages, stage, out) {
  const made = join(stage, 'tarballs')
  mkdirSync(made)
  const folders = packages.map(({ folder }) => `./${folder}`)
  const args = ['pack', '--silent', '--ignore-scripts', '--workspaces=false', '--pack-destination', made, ...folders]
  execFileSync('npm', args, { cwd: stage, stdio: ['ignore', 'ignore', 'inherit'] })
  for (const name of readdirSync(made)) renameSync(join(made, name), join(out, name))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { json: { type: 'boolean', default: false }, out: { type: 'string' } } })
  try {
    const tarballs = values.out === undefined ? await ensurePacks() : await makePacks(publishedPackages(), resolve(values.out))
    if (values.json) console.log(JSON.stringify(tarballs))
    else for (const { name, version, file } of tarballs) console.log(`${name} ${version} ${file}`)
  } catch (error) {
    console.error(error.message)
    process.exitCode = 1
  }
}
