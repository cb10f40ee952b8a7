import { MicroError } from '@microts/core/base'
import { gitErrors } from '../git/errors.js'
import { type History, type LoggedCommit, type Relation, openHistory } from '../git/history.js'
import { type LockedCommit, lockedFor } from '../lock/lock.js'
import { keyOf } from '../reference/format.js'
import { folderOf } from '../store/store.js'
import { readUserConfig } from '../trust/user-config.js'
import { decideTrust, refuseHopeless, trustOf } from './decide-trust.js'
import { type Content, type ContentDifference, differenceOf } from './difference.js'
import type { SourceEvent } from './events.js'
import { inParallel } from './in-parallel.js'
import { type Known, type Obtained, askOnce, obtain, obtainLocked } from './obtain.js'
import { type Context, type SourceOptions, contextOf } from './options.js'
import { readLock, settle } from './settle.js'
import { lockedWishes, sayingOf } from './wishes.js'

/** A plugin of the lock whose revision means another commit now, and all that is to be known before it is taken. */
export interface PluginUpdate extends ContentDifference {
  readonly key: string
  /** As it is written; `''` for none. */
  readonly revision: string
  readonly from: { readonly commit: string; readonly ref?: string; readonly api?: string }
  readonly to: { readonly commit: string; readonly ref?: string; readonly api?: string; readonly h1: string }
  /** `unknown`: its server does not say, and the user said that this is no reason to refuse it. */
  readonly relation: Exclude<Relation, 'unrelated'> | 'unknown'
  /** The commits that it has more, newest first, at most 50. Nothing in them is to be shown as it is. */
  readonly log: readonly LoggedCommit[]
  /** How long ago the new commit was made, as its author says. */
  readonly ageMs?: number
  /** Whether what the lock names was here, or to be had, to compare with. Without it all counts as added. */
  readonly isCompared: boolean
}

/** What {@link update} takes besides. */
export interface UpdateOptions extends SourceOptions {
  /** Asked once, with all that would change, before anything does. Left out: it is changed. */
  readonly confirm?: (updates: readonly PluginUpdate[]) => boolean | Promise<boolean>
}

/** What came of an update. */
export interface Updated {
  /** What another commit was found for, in the order of the lock. */
  readonly updates: readonly PluginUpdate[]
  /** How many revisions were asked for. */
  readonly asked: number
  /** Whether the lock was changed. */
  readonly isDone: boolean
  readonly events: readonly SourceEvent[]
}

const mostLogged = 50

/**
 * Asks the remotes of what the lock names, each once, and moves the lock to what the revisions mean now: all of them or, when one fails, none.
 * References name what is updated; none means all. Nothing is fetched of what did not move.
 *
 * @throws MicroError `PLUGIN_NOT_LOCKED`; `TAG_MOVED`; `HISTORY_UNRELATED` for a commit that shares no history with the locked one; `UNREACHABLE_COMMIT` when the server does not say, unless `allowUnreachable`; and those of `add`
 */
export async function update(references: readonly string[], options: UpdateOptions): Promise<Updated> {
  const context = contextOf(options)
  const { events } = context
  const [lock, config] = await Promise.all([readLock(context), readUserConfig(context.folders.configFile)])
  const trust = trustOf(config, lock, context)
  const wishes = lockedWishes(lock, references)
  refuseHopeless(wishes, trust, context)
  const known: Known = { lock, mirrors: config.mirrors, listings: new Map() }
  const discard = async (some: readonly Obtained[]) => {
    for (const { prepared } of some) await prepared?.discard()
  }
  const obtained = await inParallel(wishes, (wish) => obtain(wish, known, context, true).catch(sayingOf(wish.text)), discard)
  const moved = obtained.filter(({ wish, commit }) => lock.plugins.get(wish.key)?.requested.get(wish.revision) !== commit)
  const histories = new Map<string, Promise<History | undefined>>()
  const nothing = () => Promise.resolve()
  try {
    const updates = await inParallel(
      moved,
      (one) => compareWithLock(one, histories, known, context).catch(sayingOf(one.wish.text)),
      nothing,
    )
    const isWanted = updates.length > 0 && (await (options.confirm ?? (() => true))(updates))
    if (!isWanted) await discard(obtained)
    else {
      await decideTrust(moved, trust, context)
      await settle(moved, context)
    }
    return { updates, asked: wishes.length, isDone: isWanted, events }
  } catch (error) {
    await discard(obtained)
    throw error
  } finally {
    for (const history of histories.values()) await (await history.catch(() => undefined))?.close()
  }
}

async function compareWithLock(
  obtained: Obtained,
  histories: Map<string, Promise<History | undefined>>,
  known: Known,
  context: Context,
): Promise<PluginUpdate> {
  const { wish, commit, ref, h1, catalog, committedAt } = obtained
  const { key, revision } = wish
  const locked = lockedFor(known.lock, key, revision) as NonNullable<ReturnType<typeof lockedFor>>
  const { relation, log } = await relate(obtained, locked.commit, histories, known, context)
  const root = obtained.prepared?.folder ?? folderOf(context.folders.store, h1)
  const before = await obtainLocked(wish, locked, known, context).catch((error: unknown) => {
    // It is gone at its remote, and not here either: there is nothing to compare with, which the caller is told.
    if (MicroError.is(error) && error.reason !== 'HASH_MISMATCH' && error.code !== 'canceled') return undefined
    throw error
  })
  try {
    const was: Content | undefined = before && {
      root: before.prepared?.folder ?? folderOf(context.folders.store, before.h1),
      folder: wish.reference.folder,
      catalog: before.catalog,
    }
    const difference = await differenceOf(was, { root, folder: wish.reference.folder, catalog })
    return {
      key,
      revision,
      from: { commit: locked.commit, ...facts(locked.known) },
      to: { commit, ...facts({ ref, api: catalog.plugins[0]?.api }), h1 },
      relation,
      log,
      ...(committedAt !== undefined && { ageMs: context.clock.now() - committedAt }),
      isCompared: was !== undefined,
      ...difference,
    }
  } finally {
    await before?.prepared?.discard()
  }
}

function facts({ ref, api }: { readonly [name in keyof Pick<LockedCommit, 'ref' | 'api'>]?: string | undefined }) {
  return { ...(ref !== undefined && { ref }), ...(api !== undefined && { api }) }
}

async function relate(
  { wish, commit }: Obtained,
  from: string,
  histories: Map<string, Promise<History | undefined>>,
  known: Known,
  context: Context,
): Promise<Pick<PluginUpdate, 'relation' | 'log'>> {
  const { key, revision, reference } = wish
  const repository = keyOf(reference)
  const { remote } = await askOnce(wish, known, context)
  const opened = histories.get(repository) ?? openHistory(remote, commit, context.git)
  histories.set(repository, opened)
  const history = await opened
  if (history === undefined) {
    if (context.options.allowUnreachable === true) return { relation: 'unknown', log: [] }
    throw gitErrors.unreachableCommit(key, commit, `whether it grew from ${from}, its server does not say`)
  }
  const relation = await history.relation(from, commit)
  if (relation === 'unrelated') throw gitErrors.unrelated(key, revision, from, commit)
  return { relation, log: await history.log(from, commit, mostLogged) }
}
