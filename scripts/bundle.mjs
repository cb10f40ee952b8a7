/**
 * `npm run bundle`: the CLI as it ships, in packages/cli/dist, and what service types build for themselves. Does nothing when all
 * is fresh, which the committed bin of the CLI relies on: it asks before each command in a checkout.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { filesBelow, root, writeWhole } from './files.mjs'
import { isFresh, writeStamp } from './stamp.mjs'

const dist = join(root, 'packages/cli/dist')

const entryPoints = {
  main: 'packages/cli/src/main.ts',
  // Programs of their own: `micro up` starts them by file.
  watchdog: 'packages/runner/src/process/watchdog.ts',
  broker: 'packages/runner/src/process/broker.ts',
}

// A command that is running may still import a chunk of the bundle before this one.
const staleAfterMs = 24 * 60 * 60 * 1000

/** Bundles what changed since the last time. @returns {Promise<string[]>} what was built: `cli`, or a service type's folder */
export async function ensureBundle() {
  const built = []
  if (!isFresh(stampOf('cli'), { also: presentEntries().join() })) {
    await bundleInPlace()
    built.push('cli')
  }
  for (const folder of serviceTypes()) {
    if (isFresh(stampOf(folder))) continue
    buildServiceType(folder)
    built.push(folder)
  }
  return built
}

/** For the bin in a checkout: what is wrong in the sources is shown as esbuild shows it, without a stack of its own. */
export async function ensureBundleOrExit() {
  try {
    await ensureBundle()
  } catch (error) {
    // esbuild, or the build of a service type, has written its errors by now.
    console.error(`micro: ${error.message.split('\n')[0]}`)
    process.exit(1)
  }
}

async function bundleInPlace() {
  const { inputs, outputs } = await bundleCli(dist)
  removeStaleChunks(new Set(outputs))
  writeStamp(stampOf('cli'), [...inputs, ...manifestsOf()], { also: presentEntries().join() })
}

/**
 * Names of chunks and paths in source maps are those of packages/cli/dist, wherever it is written: the same sources, the same bytes.
 *
 * @param {string} outdir absolute
 * @returns {Promise<{ inputs: string[], outputs: string[] }>} what it was made from, relative to the root; what was written, absolute
 */
export async function bundleCli(outdir) {
  const { build } = await import('esbuild')
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: presentEntries().map((name) => ({ in: entryPoints[name], out: name })),
    outdir: dist,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: ['@microts/source'],
    external: ['esbuild'],
    chunkNames: 'chunks/[name]-[hash]',
    sourcemap: true,
    sourcesContent: false,
    metafile: true,
    write: false,
    logLevel: 'warning',
  })
  // Chunks before the entries that import them: whoever starts in between finds either bundle whole.
  const outputs = outputFiles.map(({ path, text }) => ({
    path: join(outdir, relative(dist, path)),
    text: path.endsWith('.js') ? withRequire(text) : text,
  }))
  for (const { path, text } of outputs.toReversed()) writeWhole(path, text)
  return { inputs: Object.keys(metafile.inputs), outputs: outputs.map(({ path }) => path) }
}

const presentEntries = () => Object.keys(entryPoints).filter((name) => existsSync(join(root, entryPoints[name])))

/** A CommonJS package in an ES module calls `require` for Node's built-ins. On the same line, so that the source map stays true. */
function withRequire(text) {
  if (!text.includes('Dynamic require of')) return text
  return `import{createRequire as createRequireHere}from'node:module';const require=createRequireHere(import.meta.url);${text}`
}

function removeStaleChunks(current) {
  const folder = join(dist, 'chunks')
  if (!existsSync(folder)) return
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    if (!current.has(path) && Date.now() - statSync(path).mtimeMs > staleAfterMs) rmSync(path)
  }
}

/** Those that build something: a service type that is data only has no build.mjs. */
function serviceTypes() {
  const folder = join(root, 'service-types')
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .map((name) => `service-types/${name}`)
    .filter((path) => existsSync(join(root, path, 'build.mjs')))
    .sort()
}

function buildServiceType(folder) {
  execFileSync(process.execPath, ['build.mjs'], { cwd: join(root, folder), stdio: ['ignore', 'ignore', 'inherit'] })
  const inputs = [folder, 'packages/core/src'].flatMap((path) => filesBelow(join(root, path), (file) => !file.endsWith('.test.ts')))
  writeStamp(stampOf(folder), [...inputs, ...manifestsOf()])
}

/** What decides how an import resolves, beside the sources: versions, exports, and this script. */
function manifestsOf() {
  return [
    'package-lock.json',
    'packages/core/package.json',
    'packages/runner/package.json',
    'packages/cli/package.json',
    'scripts/bundle.mjs',
  ]
}

/** @param {string} name */
function stampOf(name) {
  return join(root, name === 'cli' ? 'packages/cli' : name, 'dist/.stamp.json')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const startedAt = performance.now()
  const built = await ensureBundle()
  const what = built.length === 0 ? 'everything is fresh' : `built ${built.join(', ')}`
  console.log(`${what} (${Math.round(performance.now() - startedAt)} ms)`)
}
