import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { MicroError } from '@microts/core/base'
import type { Advertised } from '../git/advertised.js'
import { type Chosen, chooseRevision } from '../git/choose.js'
import { fetchCommit } from '../git/fetch.js'
import { readObjects } from '../git/objects.js'
import { withRepository } from '../git/repository.js'
import { listTree } from '../git/tree.js'
import { lockErrors } from '../lock/errors.js'
import { readText, replaceFile } from '../machine/replace-file.js'
import { manifestsAmong } from '../manifest/find.js'
import { manifestsOfEntry } from '../manifest/folder.js'
import type { Declaration, ManifestText } from '../manifest/manifest.js'
import { mergeManifests } from '../manifest/merge.js'
import { canonicalKey, keyOf } from '../reference/format.js'
import { parseReference } from '../reference/parse.js'
import { trustErrors } from '../trust/errors.js'
import { readUserConfig } from '../trust/user-config.js'
import { inParallel } from './in-parallel.js'
import { listLock } from './list.js'
import { type Known, type Wish, askOnce } from './obtain.js'
import { type Context, type SourceOptions, contextOf } from './options.js'
import { readLock } from './settle.js'

/** A plugin that could be used. */
export interface AvailablePlugin {
  /** As its manifest has it. */
  readonly uri: string
  readonly key: string
  readonly name: string
  readonly description: string
  readonly from: 'core' | 'installed' | 'index'
  /** The plugin or index whose manifest says so. */
  readonly source: string
}

/** What {@link listAvailable} takes besides. */
export interface AvailableOptions extends SourceOptions {
  /** Micro's own manifests. */
  readonly core?: readonly ManifestText[]
  /** `kept`: what an index said the last time is enough; only one that was never asked is. @default ask */
  readonly indexes?: 'ask' | 'kept'
}

/**
 * The single list of what there is: core's manifests, those of what is installed, and those of the repositories under `indexes` in the user's
 * file, merged and sorted by key. Of two entries for one key the first of these counts.
 *
 * An index is only read: what it names is neither fetched nor trusted. One that cannot be asked counts with what it said the last time.
 *
 * @throws MicroError of a manifest that cannot be read, and of an index that cannot be asked and never was; `OFFLINE` when it may not be asked
 */
export async function listAvailable(options: AvailableOptions): Promise<readonly AvailablePlugin[]> {
  const context = contextOf(options)
  const { indexes, mirrors } = await readUserConfig(context.folders.configFile)
  const lock = await readLock(context)
  const core = options.core === undefined ? [] : entriesOf(mergeManifests(options.core, { key: 'micro' }), 'core', 'micro')
  const installed = await Promise.all(
    listLock(lock, context)
      .filter(({ isPresent, h1 }) => isPresent && h1 !== '')
      .map(async ({ key, root }) => {
        const [repository = key, folder] = key.split('//')
        return entriesOf(mergeManifests(await manifestsOfEntry(root, folder), { key, repository, folder }), 'installed', key)
      }),
  )
  const known: Known = { lock, mirrors, listings: new Map() }
  const indexed = await inParallel(
    indexes,
    (index) => readIndex(index, known, context, options.indexes === 'kept'),
    () => Promise.resolve(),
  )
  const merged = new Map<string, AvailablePlugin>()
  for (const entry of [core, ...installed, ...indexed].flat()) if (!merged.has(entry.key)) merged.set(entry.key, entry)
  return [...merged.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
}

/** The list as a manifest in the form of Lando's document: `uri`, `name` and `description` of each. */
export function formatAvailable(plugins: readonly AvailablePlugin[]): string {
  if (plugins.length === 0) return 'plugins: []\n'
  const texts = plugins.map(
    ({ uri, name, description }) => `  - uri: ${scalar(uri)}\n    name: ${scalar(name)}\n    description: ${scalar(description)}\n`,
  )
  return `plugins:\n${texts.join('')}`
}

/** Plain when every reader of YAML takes it for the same text. */
function scalar(text: string): string {
  const isPlain =
    /^[A-Za-z][A-Za-z0-9 ._/@'-]*(:[A-Za-z0-9._/-]+)?$/.test(text) &&
    !text.endsWith(' ') &&
    !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text)
  return isPlain ? text : JSON.stringify(text)
}

function entriesOf(
  { plugins, pointers }: { plugins: readonly Declaration[]; pointers: readonly Declaration[] },
  from: AvailablePlugin['from'],
  source: string,
): AvailablePlugin[] {
  return [...plugins, ...pointers].map(({ uri, key, name, description }) => ({ uri, key, name, description, from, source }))
}

/** What an index said. */
interface KeptIndex {
  readonly commit: string
  readonly entries: readonly AvailablePlugin[]
}

async function readIndex(text: string, known: Known, context: Context, keptIsEnough: boolean): Promise<readonly AvailablePlugin[]> {
  const reference = parseReference(text)
  if (reference.from !== 'git') throw trustErrors.notASource(text, 'an index is a repository')
  const wish: Wish = { text, reference, key: canonicalKey(reference), revision: reference.revision?.text ?? '' }
  const file = join(context.folders.cache, 'indexes', `${createHash('sha256').update(`${wish.key} ${wish.revision}`).digest('hex')}.json`)
  const kept = parseKept(await readText(file))
  if ((context.offline || keptIsEnough) && kept !== undefined) return kept.entries
  if (context.offline) throw lockErrors.offline(wish.key, wish.revision)
  try {
    const fresh = await askIndex(wish, kept, known, context)
    await replaceFile(file, JSON.stringify(fresh))
    return fresh.entries
  } catch (error) {
    const isAway = MicroError.is(error) && ['unavailable', 'deadline_exceeded'].includes(error.code)
    if (!isAway || kept === undefined) throw error
    context.emit({ is: 'index-stale', key: wish.key, why: error.message })
    return kept.entries
  }
}

async function askIndex(wish: Wish, kept: KeptIndex | undefined, known: Known, context: Context): Promise<KeptIndex> {
  const { key, reference } = wish
  const { commit, manifests } = await readRemoteManifests(wish, known, context, kept?.commit)
  if (manifests === undefined) return kept as KeptIndex
  return {
    commit,
    entries: entriesOf(mergeManifests(manifests, { key, repository: keyOf(reference), folder: reference.folder }), 'index', key),
  }
}

/**
 * What a revision means at a remote now, and the manifests there; not those when it is the commit `unless`. Nothing but them is read, and nothing is kept in the store.
 *
 * @throws MicroError of the remote, and those of `chooseRevision()`
 */
export async function readRemoteManifests(
  wish: Wish,
  known: Known,
  context: Context,
  unless?: string,
): Promise<Chosen & { readonly advertised: Advertised; readonly manifests: readonly ManifestText[] | undefined }> {
  const { key, reference } = wish
  const { git } = context
  const { remote, advertised } = await askOnce(wish, known, context)
  const chosen = chooseRevision(advertised, { key, ...reference })
  const { commit, ref } = chosen
  if (unless === commit) return { ...chosen, advertised, manifests: undefined }
  const manifests = await withRepository(remote, commit, git, async (repository): Promise<ManifestText[]> => {
    await fetchCommit(repository, { key, commit, ref }, git)
    const entries = await listTree(repository, { key, commit, paths: [] }, git)
    const isFile = ({ mode, path }: (typeof entries)[number]) => mode.startsWith('100') && path !== undefined
    const files = manifestsAmong(entries.filter(isFile).map(({ path }) => path as string))
    const ids = new Map(entries.map(({ path, id }) => [path, id]))
    const found: ManifestText[] = []
    const onObject = (index: number, _: string, bytes: Buffer) => found.push({ file: files[index] as string, text: bytes.toString('utf8') })
    const wanted = files.map((file) => ids.get(file) as string)
    await readObjects(repository, { key, ids: wanted, maxBytes: git.limits.totalBytes, onObject }, git)
    return found
  })
  return { ...chosen, advertised, manifests }
}

function parseKept(text: string | undefined): KeptIndex | undefined {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as KeptIndex)
  } catch {
    return undefined // half a file of a full disk: it is asked for again
  }
}
