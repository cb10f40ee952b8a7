import { openHistory } from '../git/history.js'
import { lockErrors } from '../lock/errors.js'
import { formatLock } from '../lock/format.js'
import type { Lock } from '../lock/lock.js'
import { type Undecided, mergeLocks, sidesOf, withDecided } from '../lock/merge.js'
import { checkWhole, parseLock, parseLockSide } from '../lock/parse.js'
import { readText, replaceFile } from '../machine/replace-file.js'
import { readUserConfig } from '../trust/user-config.js'
import { refuseHopeless, trustOf } from './decide-trust.js'
import { askOnce } from './obtain.js'
import { type Context, type SourceOptions, contextOf } from './options.js'
import { takeProjectTurn } from './settle.js'
import { lockedWishes } from './wishes.js'

/** What {@link mergeLock} takes besides. */
export interface MergeLockOptions extends SourceOptions {
  /** Which side counts where both moved a revision. Left out: the commit that grew from the other. */
  readonly prefer?: 'ours' | 'theirs'
}

/** A revision that both sides had moved, and what it is now. */
export interface DecidedRevision extends Undecided {
  readonly commit: string
}

/** What came of a merge. */
export interface MergedLock {
  /** Whether there was anything to resolve. */
  readonly wasConflict: boolean
  /** How many plugins the lock names. */
  readonly plugins: number
  readonly decided: readonly DecidedRevision[]
}

/**
 * Makes a lock of one with the marks of a merge: all that either side names. Of a revision that both moved, the commit counts that grew from the other, which its remote
 * is asked for; a tag has only one commit.
 *
 * @throws MicroError `LOCK_UNDECIDED`; `TAG_MOVED`; `HASH_MISMATCH` when the sides have two contents for one commit; `LOCK_INVALID`; `LOCK_INCOMPLETE`; `UNTRUSTED_SOURCE`
 */
export async function mergeLock(options: MergeLockOptions): Promise<MergedLock> {
  const context = contextOf(options)
  const { lockFile: file } = context
  const leave = await takeProjectTurn(context)
  try {
    const text = (await readText(file)) ?? ''
    const sides = sidesOf(text)
    if (sides === undefined) return { wasConflict: false, plugins: parseLock(text, file).plugins.size, decided: [] }
    // Refuses it with its line: a frozen lock is resolved by nobody.
    if (context.frozen) parseLock(text, file)
    const [ours, theirs] = [parseLockSide(sides.ours, file), parseLockSide(sides.theirs, file)]
    const { lock, undecided } = mergeLocks(ours, theirs, file)
    checkWhole(lock, file)
    const decided = await decide(undecided, lock, context, options.prefer)
    await replaceFile(file, formatLock(withDecided(lock, decided)))
    return { wasConflict: true, plugins: lock.plugins.size, decided }
  } finally {
    await leave()
  }
}

async function decide(
  undecided: readonly Undecided[],
  lock: Lock,
  context: Context,
  prefer: MergeLockOptions['prefer'],
): Promise<readonly DecidedRevision[]> {
  if (prefer !== undefined) return undecided.map((one) => ({ ...one, commit: one[prefer] }))
  const decided: DecidedRevision[] = []
  for (const one of undecided) {
    checkTag(one, lock)
    const commit = context.offline ? undefined : await grownFromTheOther(one, lock, context)
    if (commit !== undefined) decided.push({ ...one, commit })
  }
  const open = undecided.filter(({ key, revision }) => !decided.some((one) => one.key === key && one.revision === revision))
  if (open.length > 0) throw lockErrors.undecided(context.lockFile, open)
  return decided
}

/** Two people who saw one tag at two commits saw it move. */
function checkTag({ key, ours, theirs }: Undecided, lock: Lock): void {
  const commits = lock.plugins.get(key)?.commits
  const [ref, other] = [commits?.get(ours)?.ref, commits?.get(theirs)?.ref]
  if (ref !== undefined && ref === other && ref.startsWith('refs/tags/')) throw lockErrors.tagMoved(key, ref, ours, theirs)
}

async function grownFromTheOther({ key, revision, ours, theirs }: Undecided, lock: Lock, context: Context): Promise<string | undefined> {
  const config = await readUserConfig(context.folders.configFile)
  const wishes = lockedWishes(lock).filter((wish) => wish.key === key && wish.revision === revision)
  const [wish] = wishes
  if (wish === undefined) return undefined
  refuseHopeless(wishes, trustOf(config, lock, context), context)
  const { remote } = await askOnce(wish, { lock, mirrors: config.mirrors, listings: new Map() }, context)
  const history = await openHistory(remote, ours, context.git)
  try {
    const relation = await history?.relation(ours, theirs)
    if (relation === 'ahead') return theirs
    return relation === 'behind' ? ours : undefined
  } finally {
    await history?.close()
  }
}
