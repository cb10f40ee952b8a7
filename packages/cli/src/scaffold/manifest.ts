import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import type { OurDependencies } from './dependencies.js'
import { scaffoldErrors } from './errors.js'
import { writeWhole } from './write-whole.js'

/** What is read of a package.json. */
export interface Manifest extends Partial<OurDependencies> {
  readonly scripts?: Readonly<Record<string, string>>
}

/** Reads a package.json. @throws `invalid_argument`/`MANIFEST_UNREADABLE` */
export async function readManifest(file: string): Promise<Manifest> {
  try {
    const value = JSON.parse(await readFile(file, 'utf8')) as unknown
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
    throw new SyntaxError('it is no JSON object')
  } catch (error) {
    if (error instanceof SyntaxError) throw scaffoldErrors.manifestUnreadable(file, error)
    throw error
  }
}

/**
 * Adds dependencies to a package.json; what it names already, of either sort, stays as it is, and so does its indentation. Gives the names that it lacked.
 * When it lacked none, nothing is written.
 */
export async function addDependencies(file: string, wanted: OurDependencies): Promise<string[]> {
  const manifest = await readManifest(file)
  const there = new Set(Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }))
  const added: string[] = []
  const merge = (have: Readonly<Record<string, string>> | undefined, want: Readonly<Record<string, string>>) => {
    const missing = Object.entries(want).filter(([name]) => !there.has(name))
    added.push(...missing.map(([name]) => name))
    if (missing.length === 0) return have
    return Object.fromEntries([...Object.entries(have ?? {}), ...missing].sort(([a], [b]) => (a < b ? -1 : 1)))
  }
  const changed: Manifest = { ...manifest }
  const dependencies = merge(manifest.dependencies, wanted.dependencies)
  const devDependencies = merge(manifest.devDependencies, wanted.devDependencies)
  if (added.length === 0) return added
  const text = await readFile(file, 'utf8')
  const indent = /^\{\r?\n([ \t]+)/.exec(text)?.[1] ?? '  '
  const all = { ...changed, ...(dependencies && { dependencies }), ...(devDependencies && { devDependencies }) }
  await writeWhole(file, `${JSON.stringify(all, null, indent)}\n`)
  return added
}

/** Writes a file that is not there yet; gives whether it was written. */
export async function writeNew(file: string, text: string): Promise<boolean> {
  if (existsSync(file)) return false
  await writeFile(file, text, { flag: 'wx' })
  return true
}
