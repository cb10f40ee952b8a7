import { join } from 'node:path'
import { MicroError } from '@microts/core/base'
import { type Chosen, chooseRevision, isAdvertised } from '../git/choose.js'
import { gitErrors } from '../git/errors.js'
import { openHistory } from '../git/history.js'
import { type Listing, type Mirrors, listRemote, remotesOf } from '../git/remote.js'
import type { Remote } from '../git/repository.js'
import { planLinks } from '../link/plan.js'
import { vendorPlace, vendoredFiles } from '../link/vendored.js'
import { lockErrors } from '../lock/errors.js'
import { type Lock, lockedFor } from '../lock/lock.js'
import { referenceOf } from '../lock/parse.js'
import { manifestsOfEntry } from '../manifest/folder.js'
import type { Catalog } from '../manifest/manifest.js'
import { mergeManifests } from '../manifest/merge.js'
import { keyOf } from '../reference/format.js'
import type { GitReference } from '../reference/reference.js'
import { storeErrors } from '../store/errors.js'
import { h1Of } from '../store/h1.js'
import { prepareFolder } from '../store/prepare-folder.js'
import { type Prepared, prepare } from '../store/prepare.js'
import { checkContent, folderOf, isInStore } from '../store/store.js'
import type { Context } from './options.js'

/** A plugin of git that is wanted. */
export interface Wish {
  /** As the user wrote it. */
  readonly text: string
  readonly reference: GitReference
  readonly key: string
  /** `''` for none. */
  readonly revision: string
}

/** A plugin whose content is on this machine: in the store, or beside it. */
export interface Obtained {
  readonly wish: Wish
  readonly commit: string
  readonly ref?: string
  readonly tagObject?: string
  readonly h1: string
  readonly files: number
  readonly bytes: number
  readonly catalog: Catalog
  readonly committedAt?: number
  /** Absent: it is in the store already. */
  readonly prepared?: Prepared
}

/** What a run knows beside the context. */
export interface Known {
  readonly lock: Lock
  readonly mirrors: Mirrors
  /** Answers of remotes, by the key of the repository: each is asked once. */
  readonly listings: Map<string, Promise<Listing>>
}

/**
 * Gets the content of a plugin. What the lock names comes from the store, or from the remote by its commit; else the remote is asked what the
 * revision means.
 *
 * `fresh`: asks the remote in any case.
 *
 * @throws MicroError `HASH_MISMATCH`, `LOCK_FROZEN`, `OFFLINE`, `TAG_MOVED`, and all that a remote and a plugin can be refused for
 */
export async function obtain(wish: Wish, known: Known, context: Context, fresh: boolean): Promise<Obtained> {
  const { key, revision } = wish
  const locked = lockedFor(known.lock, key, revision)
  if (locked !== undefined && !fresh) return obtainLocked(wish, locked, known, context)
  if (context.offline) throw lockErrors.offline(key, revision)
  if (context.frozen && locked === undefined) throw lockErrors.frozen(key, revision, 'it does not name this plugin')
  const { remote, advertised } = await askOnce(wish, known, context)
  const chosen = chooseRevision(advertised, { key, ...wish.reference })
  checkTag(wish, chosen, known.lock)
  context.emit({
    is: 'chosen',
    key,
    revision,
    commit: chosen.commit,
    ...(chosen.ref !== undefined && { ref: chosen.ref }),
    why: chosen.why,
  })
  if (locked !== undefined && locked.commit !== chosen.commit) {
    if (context.frozen) throw lockErrors.frozen(key, revision, `it says ${locked.commit}, and the remote ${chosen.commit}`)
    context.emit({ is: 'moved', key, revision, from: locked.commit, to: chosen.commit })
  }
  // Nothing to fetch: what the lock names is what the remote has.
  if (locked !== undefined && locked.commit === chosen.commit) return obtainLocked(wish, locked, known, context)
  if (chosen.ref === undefined && !isAdvertised(advertised, chosen.commit)) await checkReachable(wish, chosen.commit, remote, context)
  const prepared = await prepareFrom([remote], wish, chosen, context)
  return finish(wish, chosen, prepared)
}

/**
 * What the lock names: from the store, or from its remote by its commit.
 *
 * @throws MicroError `HASH_MISMATCH`, `OFFLINE`, `COMMIT_GONE`
 */
export async function obtainLocked(
  wish: Wish,
  { commit, known: expected, url }: NonNullable<ReturnType<typeof lockedFor>>,
  { lock, mirrors }: Known,
  context: Context,
): Promise<Obtained> {
  const { key, reference } = wish
  const { store } = context.folders
  const { ref, tagObject, h1, files, bytes } = expected
  const chosen = { commit, ...(ref !== undefined && { ref }), ...(tagObject !== undefined && { tagObject }), why: 'the lock' }
  if (isInStore(store, h1)) {
    await checkContent(store, key, h1)
    const catalog = mergeManifests(await manifestsOfEntry(folderOf(store, h1), reference.folder), originOf(wish))
    return { wish, ...chosen, h1, files, bytes, catalog }
  }
  const vendored = await prepareVendored({ key, commit, h1 }, lock, context)
  if (vendored !== undefined) return finish(wish, chosen, vendored)
  if (context.offline) throw lockErrors.offline(key, wish.revision)
  const remotes = remotesOf(referenceOf(key, url), mirrors, context.options.allowLocal ?? false)
  const prepared = await prepareFrom(remotes, wish, chosen, context)
  if (prepared.h1 !== h1) {
    await prepared.discard()
    throw storeErrors.fetchedOther(key, commit, h1, prepared.h1)
  }
  return finish(wish, chosen, prepared)
}

async function finish(wish: Wish, chosen: Chosen, prepared: Prepared): Promise<Obtained> {
  const { h1, files, bytes, committedAt, manifests } = prepared
  try {
    const catalog = mergeManifests(manifests, originOf(wish))
    const { why: _, ...where } = chosen
    return { wish, ...where, h1, files, bytes, catalog, ...(committedAt !== undefined && { committedAt }), prepared }
  } catch (error) {
    await prepared.discard()
    throw error
  }
}

/** What its manifests are judged by. */
export function originOf({ key, reference }: Wish) {
  return { key, repository: keyOf(reference), folder: reference.folder }
}

/** Asks the remote of a repository what it has, once in a run. */
export function askOnce({ reference, key }: Wish, known: Known, context: Context): Promise<Listing> {
  const repository = keyOf(reference)
  const before = known.listings.get(repository)
  if (before !== undefined) return before
  const remotes = remotesOf(reference, known.mirrors, context.options.allowLocal ?? false)
  context.emit({ is: 'asking', key, url: remotes[0].url })
  const listing = listRemote(remotes, context.git)
  known.listings.set(repository, listing)
  return listing
}

/** Under the first address that answers, as the list of its branches is asked for. */
async function prepareFrom(remotes: readonly [Remote, ...Remote[]], wish: Wish, chosen: Chosen, context: Context): Promise<Prepared> {
  const { key, reference } = wish
  const { clock, emit, folders, git } = context
  const [remote, ...others] = remotes
  const startedAt = clock.monotonicMs()
  emit({ is: 'fetching', key, commit: chosen.commit, url: remote.url })
  const onBytes = (bytes: number) => emit({ is: 'received', key, bytes })
  try {
    const wanted = { remote, key, folder: reference.folder, commit: chosen.commit, ref: chosen.ref, onBytes }
    const prepared = await prepare(wanted, folders.store, git)
    const { files, bytes } = prepared
    emit({ is: 'fetched', key, commit: chosen.commit, files, bytes, ms: clock.monotonicMs() - startedAt })
    return prepared
  } catch (error) {
    const [next, ...rest] = others
    const isElsewhere = MicroError.is(error) && ['REDIRECT_HOST', 'REPOSITORY_NOT_FOUND'].includes(error.reason)
    if (next === undefined || !isElsewhere) throw error
    return prepareFrom([next, ...rest], wish, chosen, context)
  }
}

/** A tag that the lock knows at another commit was moved, whatever revision is asked for now. */
function checkTag({ key }: Wish, chosen: Chosen, lock: Lock): void {
  if (chosen.ref?.startsWith('refs/tags/') !== true) return
  for (const [commit, { ref }] of lock.plugins.get(key)?.commits ?? [])
    if (ref === chosen.ref && commit !== chosen.commit) throw lockErrors.tagMoved(key, ref, commit, chosen.commit)
}

async function checkReachable({ key }: Wish, commit: string, remote: Remote, context: Context): Promise<void> {
  if (context.options.allowUnreachable === true) return
  const history = await openHistory(remote, commit, context.git)
  if (history === undefined)
    throw gitErrors.unreachableCommit(key, commit, 'whether a branch or tag has it in its history, its server does not say')
  try {
    if (!(await history.contains(commit))) throw gitErrors.unreachableCommit(key, commit, 'no branch or tag has it in its history')
  } finally {
    await history.close()
  }
}

/** Takes the files that the project itself brings along into the store, when they are what the lock names to the last byte. */
async function prepareVendored(
  { key, commit, h1 }: { readonly key: string; readonly commit: string; readonly h1: string },
  lock: Lock,
  { linkFolder, folders }: Context,
): Promise<Prepared | undefined> {
  const path = planLinks(lock).plugins.find((plugin) => plugin.key === key && plugin.commit === commit)?.path
  if (path === undefined) return undefined
  const place = vendorPlace(linkFolder, path, key.split('//')[1])
  const files = await vendoredFiles(place)
  if (files === undefined || h1Of(files) !== h1) return undefined
  return prepareFolder(join(linkFolder, place.base), files, folders.store)
}
