import { readFile, readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { MicroError, type Place } from '@microts/core/base'
import { manifestsOfEntry } from '../manifest/folder.js'
import { mergeManifests } from '../manifest/merge.js'
import { canonicalKey } from '../reference/format.js'
import { parseReference } from '../reference/parse.js'
import { type Tree, readTree } from '../yaml/tree.js'
import { listLock } from './list.js'
import { type Context, type SourceOptions, contextOf } from './options.js'
import { readLock } from './settle.js'

/** A line that asks for a plugin. */
export interface Asking {
  /** As it is written there. */
  readonly reference: string
  /** `services.smtp.plugin` of micro.yml, `plugin` of a plugins.ts, the key of a plugin whose manifest names it. */
  readonly by: string
  readonly place: Place
}

/** Why a project has a plugin. */
export interface Reasons {
  readonly key: string
  /** Revisions that the lock names. */
  readonly locked: readonly string[]
  /** What asks for it, in the order of the files. Files are named from the project. */
  readonly asking: readonly Asking[]
}

const projectFiles = ['micro.yml', '.lando.yml']
const mostBytes = 1024 * 1024
const skipped = ['node_modules', 'plugins', 'dist']
const deepest = 8

/**
 * The lines of a project that ask for a plugin: in its micro.yml, in the plugins.ts of its services, and in the manifests of plugins that it has. A repository is asked for by whoever asks for a
 * folder of it. Reads only.
 */
export async function why(text: string, options: SourceOptions): Promise<Reasons> {
  const context = contextOf(options)
  const key = canonicalKey(parseReference(text))
  const lock = await readLock(context)
  const all = [...(await inProjectFiles(context)), ...(await inLists(context)), ...(await inManifests(context))]
  const asking = all.filter(({ reference }) => isAbout(reference, key))
  const own = [...lock.plugins].filter(([other]) => other === key || other.startsWith(`${key}//`))
  return { key, locked: own.flatMap(([, { requested }]) => [...requested.keys()]), asking }
}

function isAbout(reference: string, key: string): boolean {
  try {
    const found = canonicalKey(parseReference(reference))
    return found === key || found.startsWith(`${key}//`)
  } catch (error) {
    // No reference: whoever uses the file says so.
    if (MicroError.is(error)) return false
    throw error
  }
}

async function inProjectFiles({ project }: Context): Promise<Asking[]> {
  const found: Asking[] = []
  for (const file of projectFiles) {
    const text = await readFile(join(project, file), 'utf8').catch(() => undefined)
    if (text === undefined) continue
    const { tree } = readTree(text, file, { mostBytes, author: 'user' })
    collect(tree, '', (asking) => found.push(asking))
  }
  return found
}

/** Each `plugin`, wherever it stands, and each word of a list `plugins`. */
function collect(tree: Tree | undefined, path: string, found: (asking: Asking) => void): void {
  const at = (name: string) => (path === '' ? name : `${path}.${name}`)
  if (tree?.is === 'list') for (const [index, item] of tree.items.entries()) collect(item, `${path}[${index}]`, found)
  if (tree?.is !== 'map') return
  for (const { key, value } of tree.entries) {
    if (key === 'plugin' && value.is === 'leaf') found({ reference: value.text, by: at(key), place: value.place })
    else if (key === 'plugins' && value.is === 'list')
      for (const [index, item] of value.items.entries())
        if (item.is === 'leaf') found({ reference: item.text, by: `${at(key)}[${index}]`, place: item.place })
        else collect(item, `${at(key)}[${index}]`, found)
    else collect(value, at(key), found)
  }
}

/** What the header of each plugins.ts says that it was written from. */
async function inLists({ project }: Context): Promise<Asking[]> {
  const found: Asking[] = []
  for (const file of await listsBelow(project, 0)) {
    const lines = (await readFile(file, 'utf8')).split('\n')
    for (const [index, line] of lines.entries()) {
      const reference = /^\/\/ plugin: (.+?)\s*$/.exec(line)?.[1]
      if (reference === undefined) continue
      const place = { file: relative(project, file), line: index + 1, column: '// plugin: '.length + 1 }
      found.push({ reference, by: 'plugin', place })
    }
  }
  return found
}

async function listsBelow(folder: string, depth: number): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const found = await Promise.all(
    entries.map(async (entry) => {
      const isFolder = entry.isDirectory() && depth < deepest && !entry.name.startsWith('.') && !skipped.includes(entry.name)
      if (isFolder) return listsBelow(join(folder, entry.name), depth + 1)
      return entry.isFile() && entry.name === 'plugins.ts' ? [join(folder, entry.name)] : []
    }),
  )
  return found.flat().sort()
}

async function inManifests(context: Context): Promise<Asking[]> {
  const plugins = listLock(await readLock(context), context).filter(({ isPresent, h1 }) => isPresent && h1 !== '')
  const found = await Promise.all(
    plugins.map(async ({ key, root, link }) => {
      const [repository = key, folder] = key.split('//')
      const { pointers } = mergeManifests(await manifestsOfEntry(root, folder), { key, repository, folder })
      const shown = relative(context.project, link)
      return pointers.map(({ uri, place }): Asking => ({ reference: uri, by: key, place: { ...place, file: join(shown, place.file) } }))
    }),
  )
  return found.flat()
}
