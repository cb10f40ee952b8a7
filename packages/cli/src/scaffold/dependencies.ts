import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { Installation } from '../installation.js'
import { scaffoldErrors } from './errors.js'

/** What a new project depends on: for each of our packages, what goes into its package.json. */
export interface OurDependencies {
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

// Whoever waits longer than this is told what for.
const silentMs = 1000

/**
 * The dependencies that make a new project run with what this command was installed from: a released version by its number; tarballs (of a checkout,
 * or those that this command itself was installed from) by their files, and then also the packages that they need of each other, which no registry has.
 *
 * `plugins`: the packages of plugins of ours that it is to have besides.
 *
 * Packing a checkout takes a while when something in it has changed; `tell` gets a line for people when it does.
 *
 * @throws `failed_precondition`/`PACK_FAILED` or `TARBALL_GONE`
 */
export async function ourDependencies(
  installation: Installation,
  tell: (line: string) => void,
  plugins: readonly string[] = [],
): Promise<OurDependencies> {
  const files = installation.checkout === undefined ? installedTarballs(installation.folder) : await packed(installation.checkout, tell)
  const version = `^${installation.version}`
  const used = Object.fromEntries(['@microts/core', ...plugins].map((name) => [name, files?.[name] ?? version]))
  if (files === undefined) return { dependencies: used, devDependencies: { '@microts/cli': version } }
  const isNeeded = (name: string) => used[name] === undefined && (name === '@microts/cli' || installation.needs.includes(name))
  return { dependencies: used, devDependencies: Object.fromEntries(Object.entries(files).filter(([name]) => isNeeded(name))) }
}

async function packed(checkout: string, tell: (line: string) => void): Promise<Readonly<Record<string, string>>> {
  const startedMs = performance.now()
  let isTold = false
  const timer = setTimeout(() => {
    isTold = true
    tell(`Packing ${checkout}, for the project to depend on. This takes some 20 s, and again only when something in it has changed ...`)
  }, silentMs)
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [join(checkout, 'scripts/pack.mjs'), '--json'], {
      cwd: checkout,
      maxBuffer: 1 << 24,
    })
    if (isTold) tell(`✓ packed in ${Math.round((performance.now() - startedMs) / 1000)} s`)
    const tarballs = JSON.parse(stdout) as readonly { readonly name: string; readonly file: string }[]
    return Object.fromEntries(tarballs.map(({ name, file }) => [name, `file:${resolve(checkout, file)}`]))
  } catch (error) {
    const complaint = ((error as { readonly stderr?: string }).stderr ?? '').trim() || (error as Error).message
    throw scaffoldErrors.packFailed(checkout, complaint, error)
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Which of our packages npm installed beside the one in `folder` from files, as `file:` and an absolute path; undefined when it has none.
 * npm notes beside the packages where each came from.
 */
export function installedTarballs(folder: string): Readonly<Record<string, string>> | undefined {
  const modules = dirname(dirname(folder))
  const note = join(modules, '.package-lock.json')
  if (!existsSync(note)) return undefined
  const { packages = {} } = JSON.parse(readFileSync(note, 'utf8')) as {
    packages?: Readonly<Record<string, { readonly resolved?: string }>>
  }
  const found: Record<string, string> = {}
  for (const [path, { resolved }] of Object.entries(packages)) {
    if (!path.startsWith('node_modules/@microts/') || resolved?.startsWith('file:') !== true) continue
    const name = path.slice('node_modules/'.length)
    const file = resolve(dirname(modules), resolved.slice('file:'.length))
    if (!existsSync(file)) throw scaffoldErrors.tarballGone(file, name)
    found[name] = `file:${file}`
  }
  return Object.keys(found).length === 0 ? undefined : found
}
