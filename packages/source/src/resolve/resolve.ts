import { stat } from 'node:fs/promises'
import { dirname, join, resolve as resolvePath } from 'node:path'
import type { LinkPlan } from '../link/plan.js'
import { canonicalKey } from '../reference/format.js'
import { parseReference } from '../reference/parse.js'
import type { NpmReference, PathReference } from '../reference/reference.js'
import { manifestsBelow } from '../manifest/folder.js'
import { mergeManifests } from '../manifest/merge.js'
import { folderOf } from '../store/store.js'
import { isTrusted } from '../trust/trust.js'
import { type UserConfig, readUserConfig } from '../trust/user-config.js'
import { decideTrust, refuseHopeless, trustOf } from './decide-trust.js'
import { resolveErrors } from './errors.js'
import type { SourceEvent } from './events.js'
import { inParallel } from './in-parallel.js'
import { type Obtained, type Wish, obtain } from './obtain.js'
import { type Context, type SourceOptions, contextOf } from './options.js'
import type { FolderPlugin, GitPlugin, ResolvedPlugin } from './plugin.js'
import { type ReceivedPlugin, readReceipt, writeReceipt } from './receipt.js'
import { openOwnFolders } from './own-folder.js'
import { readLock, settle } from './settle.js'
import { lockedWishes, sayingOf, toWish } from './wishes.js'

/** What came of references. */
export interface Resolved {
  /** In the order of the references. */
  readonly plugins: readonly ResolvedPlugin[]
  /** What happened, in order: what `onEvent` was told. */
  readonly events: readonly SourceEvent[]
}

/**
 * From references to folders with their manifests. No code of a plugin runs. What the lock does not name is fetched, trusted and locked; all of it
 * or, when one fails, nothing: no lock, no link and no entry of the store is left of the others.
 *
 * With everything present no process is started and no remote is asked.
 *
 * @throws MicroError of the reference, the remote, the manifest, the lock, the store or the trust that is wrong
 */
export async function resolve(references: readonly string[], options: SourceOptions): Promise<Resolved> {
  const context = contextOf(options)
  return { plugins: await resolveIn(references, context, false), events: context.events }
}

/**
 * As {@link resolve}, but asks the remotes what the revisions mean now: a branch and a range may move, a tag may not.
 *
 * @throws MicroError `TAG_MOVED` besides
 */
export async function add(references: readonly string[], options: SourceOptions): Promise<Resolved> {
  const context = contextOf(options)
  return { plugins: await resolveIn(references, context, true), events: context.events }
}

/** Puts all that the lock names in place, in each of its revisions. The lock stays as it is. */
export async function install(options: SourceOptions): Promise<Resolved> {
  const context = contextOf(options)
  const lock = await readLock(context)
  const references = lockedWishes(lock).map(({ text }) => text)
  return { plugins: await resolveIn(references, context, false), events: context.events }
}

async function resolveIn(texts: readonly string[], context: Context, fresh: boolean): Promise<readonly ResolvedPlugin[]> {
  const references = texts.map((text) => ({ text, reference: parseReference(text) }))
  const all = references.flatMap(({ text, reference }) => toWish(text, reference))
  const linked = all.length === 0 ? [] : await openOwnFolders(all, context)
  const wishes = all.filter(({ text }) => !linked.some(({ reference }) => reference === text))
  const received = fresh ? new Map<string, ReceivedPlugin>() : readReceipt(context)
  const isReceived = wishes.every(({ key, revision }) => received.has(`${key} ${revision}`))
  const found = isReceived ? wishes.map((wish) => fromReceipt(wish, received, context)) : await fetchAll(wishes, context, fresh)
  return Promise.all(
    references.map(async ({ text, reference }): Promise<ResolvedPlugin> => {
      switch (reference.from) {
        case 'git':
          return [...linked, ...found].find((plugin) => plugin.reference === text) as GitPlugin
        case 'path':
        case 'npm':
          return openFolder(text, reference, context).catch(sayingOf(text))
        case 'core':
        case 'own':
          return { from: reference.from, reference: text, key: canonicalKey(reference) }
      }
    }),
  )
}

async function fetchAll(wishes: readonly Wish[], context: Context, fresh: boolean): Promise<readonly GitPlugin[]> {
  const [lock, config] = await Promise.all([readLock(context), readUserConfig(context.folders.configFile)])
  const trust = trustOf(config, lock, context)
  refuseHopeless(wishes, trust, context)
  const known = { lock, mirrors: config.mirrors, listings: new Map() }
  const unique = wishes.filter(
    (wish, index) => wishes.findIndex(({ key, revision }) => key === wish.key && revision === wish.revision) === index,
  )
  const discard = async (some: readonly Obtained[]) => {
    for (const { prepared } of some) await prepared?.discard()
  }
  const obtained = await inParallel(unique, (wish) => obtain(wish, known, context, fresh).catch(sayingOf(wish.text)), discard)
  let plan: LinkPlan
  try {
    await decideTrust(obtained, trust, context)
    plan = await settle(obtained, context)
  } catch (error) {
    await discard(obtained)
    throw error
  }
  await keepReceipt(obtained, plan, context)
  return wishes.map((wish) => {
    const same = obtained.find((one) => one.wish.key === wish.key && one.wish.revision === wish.revision) as Obtained
    return toPlugin(wish, { ...same, link: linkOf(same, plan) }, context)
  })
}

/** Only what the user's file trusts: what was trusted for this run is asked again in the next. */
async function keepReceipt(obtained: readonly Obtained[], plan: LinkPlan, context: Context): Promise<void> {
  const config: UserConfig = await readUserConfig(context.folders.configFile)
  const lasting = obtained.filter(({ wish, commit }) => isTrusted({ entries: config.trust }, wish.key, commit))
  await writeReceipt(
    context,
    lasting.map((one) => {
      const { wish, commit, ref, h1, catalog } = one
      return { key: wish.key, revision: wish.revision, commit, ...(ref !== undefined && { ref }), h1, link: linkOf(one, plan), catalog }
    }),
  )
}

function linkOf({ wish, commit }: Obtained, plan: LinkPlan): string {
  return plan.plugins.find((plugin) => plugin.key === wish.key && plugin.commit === commit)?.path ?? wish.key
}

function fromReceipt(wish: Wish, received: ReadonlyMap<string, ReceivedPlugin>, context: Context): GitPlugin {
  return toPlugin(wish, received.get(`${wish.key} ${wish.revision}`) as ReceivedPlugin, context)
}

type Found = Pick<ReceivedPlugin, 'commit' | 'ref' | 'h1' | 'link' | 'catalog'>

function toPlugin({ text, reference, key, revision }: Wish, { commit, ref, h1, link, catalog }: Found, context: Context): GitPlugin {
  const root = folderOf(context.folders.store, h1)
  return {
    from: 'git',
    reference: text,
    key,
    revision,
    commit,
    ...(ref !== undefined && { ref }),
    h1,
    root,
    folder: join(root, reference.folder ?? ''),
    link: join(context.linkFolder, link),
    catalog,
  }
}

async function openFolder(text: string, reference: PathReference | NpmReference, { project }: Context): Promise<FolderPlugin> {
  const folder = reference.from === 'path' ? resolvePath(project, reference.path) : await findPackage(text, reference.name, project)
  if (!(await isFolder(folder))) throw resolveErrors.folderMissing(text, folder)
  const key = canonicalKey(reference)
  return { from: reference.from, reference: text, key, folder, catalog: mergeManifests(await manifestsBelow(folder), { key }) }
}

async function findPackage(text: string, name: string, project: string): Promise<string> {
  for (let at = project; ; at = dirname(at)) {
    const folder = join(at, 'node_modules', name)
    if (await isFolder(folder)) return folder
    if (dirname(at) === at) throw resolveErrors.packageMissing(text, name, project)
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true
}
