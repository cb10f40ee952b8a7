import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { Installation } from '../installation.js'

/** What a new project depends on: for each of our packages, what goes into its package.json. */
export interface OurDependencies {
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

/**
 * The dependencies that make a new project run with what this command was installed from: a released version by its number; tarballs (of a checkout,
 * or those that this command itself was installed from) by their files, and then also the packages that they need of each other, which no registry has.
 */
export async function ourDependencies(installation: Installation): Promise<OurDependencies> {
  const files = installation.checkout === undefined ? installedTarballs(installation) : await packedTarballs(installation.checkout)
  if (files === undefined)
    return {
      dependencies: { '@microts/core': `^${installation.version}` },
      devDependencies: { '@microts/cli': `^${installation.version}` },
    }
  const { '@microts/core': core, ...others } = files
  const needed = Object.entries(others).filter(([name]) => name === '@microts/cli' || name.startsWith('@microts/service-'))
  return { dependencies: { '@microts/core': core ?? `^${installation.version}` }, devDependencies: Object.fromEntries(needed) }
}

async function packedTarballs(checkout: string): Promise<Readonly<Record<string, string>>> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(checkout, 'scripts/pack.mjs'), '--json'], {
    cwd: checkout,
    maxBuffer: 1 << 24,
  })
  const packed = JSON.parse(stdout) as readonly { readonly name: string; readonly file: string }[]
  return Object.fromEntries(packed.map(({ name, file }) => [name, `file:${resolve(checkout, file)}`]))
}

// npm notes beside the packages where each came from.
function installedTarballs(installation: Installation): Readonly<Record<string, string>> | undefined {
  const modules = dirname(dirname(installation.folder))
  const note = join(modules, '.package-lock.json')
  if (!existsSync(note)) return undefined
  const { packages } = JSON.parse(readFileSync(note, 'utf8')) as { packages: Readonly<Record<string, { readonly resolved?: string }>> }
  const files = Object.entries(packages).flatMap(([path, { resolved }]) =>
    path.startsWith('node_modules/@microts/') && resolved?.startsWith('file:') === true
      ? [[path.slice('node_modules/'.length), `file:${resolve(dirname(modules), resolved.slice('file:'.length))}`]]
      : [],
  )
  return files.length === 0 ? undefined : (Object.fromEntries(files) as Record<string, string>)
}
