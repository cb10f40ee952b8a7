import type { Chosen } from '../git/choose.js'
import { parseVersion } from '../git/semver.js'
import { lockErrors } from '../lock/errors.js'
import { manifestsBelow, manifestsOfEntry } from '../manifest/folder.js'
import type { Catalog } from '../manifest/manifest.js'
import { mergeManifests } from '../manifest/merge.js'
import { canonicalKey, keyOf } from '../reference/format.js'
import { parseReference } from '../reference/parse.js'
import { readUserConfig } from '../trust/user-config.js'
import { readRemoteManifests } from './available.js'
import { dependenciesOf } from './difference.js'
import { resolveErrors } from './errors.js'
import { type ListedPlugin, listLock } from './list.js'
import { type Wish, originOf } from './obtain.js'
import { type Context, type SourceOptions, contextOf } from './options.js'
import { readLock } from './settle.js'

/** All that is known of a plugin. */
export interface PluginInfo {
  readonly key: string
  /** What its manifest declares; what it says is a stranger's, and not to be shown as it is. */
  readonly catalog: Catalog
  /** What the lock names, a commit each; none when it does not name it. */
  readonly locked: readonly ListedPlugin[]
  /** Packages that its package.json names, and references. Absent when it is not on this machine. */
  readonly dependencies?: readonly string[]
  /** When its remote was asked: what the reference means now, and the tags that are versions, highest last. */
  readonly remote?: Pick<Chosen, 'commit' | 'ref' | 'why'> & { readonly versions: readonly string[] }
}

/**
 * What a plugin is. One that the lock names is read where it lies and nobody is asked; of another only the manifests are fetched, and nothing of it is kept, run or trusted.
 *
 * @throws MicroError `PLUGIN_NOT_FROM_GIT`, `PLUGIN_NOT_FETCHED`, `OFFLINE` for one that is not locked, and those of its remote and its manifest
 */
export async function info(text: string, options: SourceOptions): Promise<PluginInfo> {
  const context = contextOf(options)
  const reference = parseReference(text)
  if (reference.from !== 'git') throw resolveErrors.notFromGit(text)
  const key = canonicalKey(reference)
  const wish: Wish = { text, reference, key, revision: reference.revision?.text ?? '' }
  const lock = await readLock(context)
  const locked = listLock(lock, context).filter(
    (plugin) => plugin.key === key && (reference.revision === undefined || plugin.revisions.includes(wish.revision)),
  )
  const [first] = locked
  return first === undefined ? askInfo(wish, context) : { locked, ...(await readInfo(first, wish)) }
}

async function readInfo(plugin: ListedPlugin, wish: Wish) {
  const { key, commit, isPresent, root, h1 } = plugin
  const { folder } = wish.reference
  if (!isPresent) throw resolveErrors.notInstalled(key, commit)
  const isOwn = h1 === ''
  const found = isOwn ? await manifestsBelow(root) : await manifestsOfEntry(root, folder)
  const catalog = mergeManifests(found, isOwn ? { key } : originOf(wish))
  return { key, catalog, dependencies: await dependenciesOf(root, isOwn ? undefined : folder, catalog) }
}

async function askInfo(wish: Wish, context: Context): Promise<PluginInfo> {
  const { key, reference, revision } = wish
  if (context.offline) throw lockErrors.offline(key, revision)
  const { mirrors } = await readUserConfig(context.folders.configFile)
  const known = { lock: { plugins: new Map() }, mirrors, listings: new Map() }
  const { commit, ref, why, advertised, manifests = [] } = await readRemoteManifests(wish, known, context)
  const prefix = reference.folder === undefined ? '' : `${reference.folder}/`
  const tags = [...advertised.tags.keys()]
  const own = tags.filter((tag) => prefix !== '' && tag.startsWith(prefix) && parseVersion(tag.slice(prefix.length)) !== undefined)
  const versions = own.length > 0 ? own : tags.filter((tag) => parseVersion(tag) !== undefined)
  const catalog = mergeManifests(manifests, { key, repository: keyOf(reference), folder: reference.folder })
  return { key, catalog, locked: [], remote: { commit, ...(ref !== undefined && { ref }), why, versions } }
}
