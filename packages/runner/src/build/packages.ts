import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** A package as it lies in some `node_modules`. */
export interface InstalledPackage {
  readonly folder: string
  readonly version: string
  readonly exports: Readonly<Record<string, unknown>>
}

/** The package that a file in one of `folders` would get for `name`; the folders are tried in order, each with those above it. */
export function findPackage(name: string, folders: readonly string[]): InstalledPackage | undefined {
  for (const start of folders)
    for (let at = start; ; at = dirname(at)) {
      const folder = join(at, 'node_modules', name)
      if (existsSync(join(folder, 'package.json'))) return readPackage(folder)
      if (dirname(at) === at) break
    }
  return undefined
}

/** The package that lies in `folder`. */
export function readPackage(folder: string): InstalledPackage {
  const { version = '', exports = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Partial<InstalledPackage>
  return { folder, version, exports }
}

/**
 * The file behind an export of one of our own packages, absolute: the source where the package lies as a checkout, else what was built from it.
 * (A bundler that is told the condition for sources would look for them in packed packages too, which have none.)
 */
export function fileOfExport(installed: InstalledPackage, subpath: string): string | undefined {
  const target = installed.exports[subpath]
  const conditions = typeof target === 'string' ? [target] : [part(target, '@microts/source'), part(target, 'default')]
  return conditions
    .filter((path) => path !== undefined)
    .map((path) => join(installed.folder, path))
    .find((file) => existsSync(file))
}

function part(target: unknown, condition: string): string | undefined {
  const path = typeof target === 'object' && target !== null ? (target as Record<string, unknown>)[condition] : undefined
  return typeof path === 'string' ? path : undefined
}
