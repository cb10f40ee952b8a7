import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Catalog } from '../manifest/manifest.js'
import { providedBy } from '../manifest/merge.js'
import { type HashedFile, hashFolder } from '../store/h1.js'

/** What one list has and the other has not, both sorted. */
export interface Difference {
  readonly added: readonly string[]
  readonly removed: readonly string[]
}

/** What changed in the files of a plugin, by their paths, sorted. */
export interface FileDifference extends Difference {
  readonly changed: readonly string[]
}

/** A plugin's content on this machine, in the store or beside it. */
export interface Content {
  readonly root: string
  /** The plugin's own folder below `root`. */
  readonly folder: string | undefined
  readonly catalog: Catalog
}

/** What a person has to know before one content takes the place of another. */
export interface ContentDifference {
  readonly files: FileDifference
  /** What it wants to use of the machine. */
  readonly capabilities: Difference
  /** Packages that its package.json names, which its bundle is made of, and what its manifest names of other places. */
  readonly dependencies: Difference
  /** Types of service and implementations. */
  readonly provides: Difference
}

/** Compares two contents of one plugin to the last byte. `before` may be missing: then all is new. */
export async function differenceOf(before: Content | undefined, after: Content): Promise<ContentDifference> {
  const [was, is] = await Promise.all([before === undefined ? undefined : factsOf(before), factsOf(after)])
  return {
    files: compareFiles(was?.files ?? [], is.files),
    capabilities: compare(was?.capabilities ?? [], is.capabilities),
    dependencies: compare(was?.dependencies ?? [], is.dependencies),
    provides: compare(was?.provides ?? [], is.provides),
  }
}

async function factsOf({ root, folder, catalog }: Content) {
  const { types, implementations } = providedBy(catalog)
  return {
    files: await hashFolder(root),
    capabilities: catalog.plugins.flatMap(({ capabilities }) => capabilities),
    dependencies: await dependenciesOf(root, folder, catalog),
    provides: [...types, ...implementations],
  }
}

// As much as a manifest may have; one that is larger names nothing that anybody would read.
const mostBytes = 64 * 1024
const lists = ['dependencies', 'optionalDependencies', 'peerDependencies'] as const

/** Packages as `name@range`, and references to other plugins. */
export async function dependenciesOf(root: string, folder: string | undefined, catalog: Catalog): Promise<readonly string[]> {
  const packages = await packagesOf(join(root, folder ?? '', 'package.json'))
  return [...new Set([...packages, ...catalog.pointers.map(({ uri }) => uri)])].sort()
}

async function packagesOf(file: string): Promise<readonly string[]> {
  try {
    if ((await stat(file)).size > mostBytes) return []
    const data: unknown = JSON.parse(await readFile(file, 'utf8'))
    return lists.flatMap((list) => {
      const named = (data as Record<string, unknown> | null)?.[list]
      if (typeof named !== 'object' || named === null) return []
      return Object.entries(named).map(([name, range]) => `${name}@${String(range)}`)
    })
  } catch {
    return [] // none, or no JSON: then nobody can install from it either
  }
}

function compareFiles(before: readonly HashedFile[], after: readonly HashedFile[]): FileDifference {
  const said = ({ mode, sha256 }: HashedFile) => `${mode} ${sha256}`
  const [old, young] = [before, after].map((files) => new Map(files.map((file) => [file.path, said(file)]))) as [
    Map<string, string>,
    Map<string, string>,
  ]
  const changed = [...young].filter(([path, text]) => old.has(path) && old.get(path) !== text).map(([path]) => path)
  return { ...compare([...old.keys()], [...young.keys()]), changed: changed.sort() }
}

function compare(before: readonly string[], after: readonly string[]): Difference {
  const missing = (from: readonly string[], all: readonly string[]) => {
    const known = new Set(from)
    return [...new Set(all.filter((one) => !known.has(one)))].sort()
  }
  return { added: missing(before, after), removed: missing(after, before) }
}
