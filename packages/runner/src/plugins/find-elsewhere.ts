import { readFileSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { MicroError } from '@microts/core/base'
import { canonicalKey, type FolderPlugin, type GitPlugin, parseReference, resolve, type ResolvedPlugin } from '@microts/source'
import { findPackage } from '../build/packages.js'
import type { Catalog } from '../types/manifest.js'
import { parseManifest } from '../types/parse.js'
import { findErrors } from './errors.js'
import type { FindOptions, WantedReference } from './find-plugins.js'
import type { FoundPlugin } from './found-plugin.js'

/**
 * What references to git, npm and folders lead to, in their order: one call for all of them, so that there is one question of trust.
 *
 * @throws MicroError of the first that is wrong, with its place
 */
export async function findElsewhere(wanted: readonly WantedReference[], options: FindOptions): Promise<readonly FoundPlugin[]> {
  const { folder, env, fetching } = options
  // Grammar first: nothing is fetched for a list that cannot be right.
  const keyed = wanted.map((one) => ({ ...one, key: keyOf(one) }))
  const { plugins } = await resolve(
    wanted.map(({ reference }) => reference),
    { ...fetching, project: folder, env },
  ).catch((error: unknown) => {
    throw MicroError.is(error) ? placed(error, keyed, folder) : error
  })
  return plugins.flatMap((plugin, index) => {
    const one = wanted[index] as WantedReference
    return 'catalog' in plugin ? [toFound(plugin, one, folder)] : []
  })
}

function keyOf({ reference, place }: WantedReference): string {
  try {
    return canonicalKey(parseReference(reference))
  } catch (error) {
    throw MicroError.is(error) && place !== undefined ? findErrors.at(error, place) : error
  }
}

interface Keyed extends WantedReference {
  readonly key: string
}

/** The failure with the place of the reference that it is about. A mistake in a manifest of the user's own keeps its own place. */
function placed(error: MicroError, wanted: readonly Keyed[], folder: string): MicroError {
  const { details, place } = error
  const [question] = (details?.['questions'] ?? []) as readonly { readonly source: string }[]
  const about = details?.['reference']
  const key = details?.['key'] ?? question?.source
  const one =
    wanted.find(({ reference }) => reference === about) ??
    wanted.find((candidate) => candidate.key === key) ??
    (wanted.length === 1 ? wanted[0] : undefined)
  if (one === undefined) return error
  if (place !== undefined && one.key.startsWith('.') && !isAbsolute(place.file))
    return findErrors.at(error, { ...place, file: join(folder, one.key, place.file) })
  return one.place === undefined ? error : findErrors.at(error, one.place)
}

function toFound(
  plugin: Exclude<ResolvedPlugin, { from: 'core' | 'own' }>,
  { reference, place }: WantedReference,
  project: string,
): FoundPlugin {
  const { key, folder } = plugin
  try {
    return {
      reference,
      from: plugin.from,
      key,
      ...revisionOf(plugin, project),
      catalog: readDeclared(plugin),
      pointers: plugin.catalog.pointers.map(({ uri }) => uri),
      folder,
      ...(plugin.from === 'git' && { link: plugin.link }),
    }
  } catch (error) {
    // The manifest of a folder is the user's own, and its place is where the mistake is.
    throw MicroError.is(error) && place !== undefined && plugin.from !== 'path' ? findErrors.at(error, place) : error
  }
}

function revisionOf(plugin: GitPlugin | FolderPlugin, project: string): { readonly revision?: string } {
  if (plugin.from === 'git') {
    const name = plugin.ref?.replace(/^refs\/(heads|tags)\//, '')
    return { revision: [...(name === undefined ? [] : [name]), plugin.commit.slice(0, 12)].join(' ') }
  }
  const version = plugin.from === 'npm' ? (findPackage(plugin.key.slice('npm:'.length), [project])?.version ?? '') : ''
  return version === '' ? {} : { revision: version }
}

/** What the plugin declares of itself. The files are those of the store, or of the folder; what they hold besides is another plugin's. */
function readDeclared(plugin: GitPlugin | FolderPlugin): Catalog {
  const root = plugin.from === 'git' ? plugin.root : plugin.folder
  const files = [...new Set(plugin.catalog.plugins.map(({ file }) => file))].sort()
  const catalogs = files.map((path) => {
    const file = join(root, path)
    const { types, implementations } = parseManifest(readFileSync(file, 'utf8'), file, root)
    const uris = plugin.catalog.plugins.flatMap((declared) => (declared.file === path ? [declared.uri] : []))
    const isOwn = ({ uri }: { readonly uri: string }) => uris.includes(uri)
    return { types: types.filter(isOwn), implementations: implementations.filter(isOwn) }
  })
  return { types: catalogs.flatMap(({ types }) => types), implementations: catalogs.flatMap(({ implementations }) => implementations) }
}
