import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Installation } from '../installation.js'
import { ourDependencies, type OurDependencies } from './dependencies.js'
import { addDependencies, readManifest, writeNew } from './manifest.js'
import { fill, wordsOf } from './template.js'

/** What a project has been given so that a new service of it runs. */
export interface Equipment {
  /** Packages that its package.json lacked, and now names. They are not installed yet. */
  readonly added: readonly string[]
  /** Its `npm test`. */
  readonly testScript: string | undefined
}

/** What {@link equipService} takes. */
export interface EquipOptions {
  readonly installation: Installation
  /** The project's. */
  readonly folder: string
  /** The service's, for a template. */
  readonly name: string
  /** Packages of ours that the service imports besides. @default [] */
  readonly packages?: readonly string[]
  /** Gets a line for people when something takes a while. */
  readonly tell: (line: string) => void
}

/**
 * Sees to it that a project has what a new service imports: nothing to do in one that `micro new` made; in a repository that was there before, its
 * package.json gets what it lacks. What the repository has installed in a folder above counts as there. A project without a package.json gets the template's.
 *
 * @throws `invalid_argument`/`MANIFEST_UNREADABLE`, and those of {@link ourDependencies}
 */
export async function equipService({ installation, folder, name, packages = [], tell }: EquipOptions): Promise<Equipment> {
  const template = await projectTemplate(installation, name)
  const wanted = JSON.parse(template('package.json')) as OurDependencies
  const file = join(folder, 'package.json')
  const manifest = existsSync(file) ? await readManifest(file) : undefined
  const named = { ...manifest?.dependencies, ...manifest?.devDependencies }
  const isMissing = (package_: string) => named[package_] === undefined && !isInstalled(package_, folder)
  const needsOurs = ['@microts/core', '@microts/cli', ...packages].some(isMissing)
  // Only then: they may have to be packed first.
  const ours = needsOurs ? await ourDependencies(installation, tell, packages) : { dependencies: {}, devDependencies: {} }
  const missing = {
    dependencies: onlyIf(isMissing, { ...wanted.dependencies, ...ours.dependencies }),
    devDependencies: onlyIf(isMissing, { ...wanted.devDependencies, ...ours.devDependencies }),
  }
  if (Object.keys({ ...missing.dependencies, ...missing.devDependencies }).length === 0)
    return { added: [], testScript: manifest?.scripts?.['test'] }

  if (manifest === undefined) {
    await writeNew(file, template('package.json'))
    await writeNew(join(folder, 'tsconfig.json'), template('tsconfig.json'))
  }
  const before = manifest === undefined ? Object.keys({ ...wanted.dependencies, ...wanted.devDependencies }) : []
  const added = [...before, ...(await addDependencies(file, missing))]
  return { added, testScript: (await readManifest(file)).scripts?.['test'] }
}

const onlyIf = (isWanted: (name: string) => boolean, packages: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(packages).filter(([name]) => isWanted(name)))

async function projectTemplate(installation: Installation, name: string): Promise<(file: 'package.json' | 'tsconfig.json') => string> {
  const read = async (file: string) => fill(await readFile(join(installation.templates, 'project', file), 'utf8'), wordsOf(name))
  const texts = { 'package.json': await read('package.json'), 'tsconfig.json': await read('tsconfig.json') }
  return (file) => texts[file]
}

/** Whether a file in `folder` finds the package there, or higher up in the same repository. */
function isInstalled(name: string, folder: string): boolean {
  const folders = [folder]
  for (let at = folder; at !== dirname(at); at = dirname(at)) {
    if (existsSync(join(at, '.git'))) {
      for (let up = folder; up !== at; up = dirname(up)) folders.push(dirname(up))
      break
    }
  }
  return folders.some((at) => existsSync(join(at, 'node_modules', name, 'package.json')))
}
