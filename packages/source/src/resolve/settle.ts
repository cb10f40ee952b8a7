import { join } from 'node:path'
import { writeLinks } from '../link/write.js'
import { readOwnFolders, withOwnFolders } from '../link/own-folders.js'
import { type LinkPlan, planLinks } from '../link/plan.js'
import { canonicalUrl } from '../git/remote.js'
import { lockErrors } from '../lock/errors.js'
import { formatLock } from '../lock/format.js'
import { type Lock, type LockedCommit, withPlugin } from '../lock/lock.js'
import { parseLock } from '../lock/parse.js'
import { projectName } from '../machine/project-name.js'
import { readText, replaceFile } from '../machine/replace-file.js'
import { takeTurn } from '../machine/turn.js'
import { providedBy } from '../manifest/merge.js'
import { isInStore } from '../store/store.js'
import type { Obtained } from './obtain.js'
import type { Context } from './options.js'

/** The project's lock; one that is missing names nothing. */
export async function readLock({ lockFile }: Context): Promise<Lock> {
  return parseLock((await readText(lockFile)) ?? '', lockFile)
}

/**
 * Puts what was obtained in place: into the store, into `plugins/`, and into the lock, in this order, so that a lock never names what is not
 * there. The lock is read again: another micro may have added to it meanwhile.
 *
 * @throws MicroError `LOCK_FROZEN`, `CASE_COLLISION`, `LINK_BLOCKED`
 */
export async function settle(all: readonly Obtained[], context: Context): Promise<LinkPlan> {
  const { emit, folders, lockFile, project } = context
  const leave = await takeProjectTurn(context)
  try {
    // What is in the store is kept as long as a project that is known here names it.
    await replaceFile(join(folders.data, 'projects', projectName(project)), `${project}\n`)
    const before = await readLock(context)
    const lock = all.reduce(withObtained, before)
    const isSame = formatLock(lock) === formatLock(before)
    const [first] = all
    if (!isSame && context.frozen && first !== undefined) throw lockErrors.frozen(first.wish.key, first.wish.revision, 'it would change')
    checkCases(lock)
    for (const { wish, commit, h1, prepared } of all) {
      await prepared?.place()
      emit({ is: 'ready', key: wish.key, commit, h1 })
    }
    const plan = linksOf(lock, context)
    const linked = await writeLinks(plan, { folder: context.linkFolder, store: folders.store })
    for (const path of linked) emit({ is: 'linked', path })
    if (!isSame) {
      await replaceFile(lockFile, formatLock(lock))
      emit({ is: 'locked', file: lockFile })
    }
    return plan
  } finally {
    await leave()
  }
}

/** Waits until no other micro changes this project's lock or links, and gives what ends that. */
export function takeProjectTurn({ folders, project, git }: Context): Promise<() => Promise<void>> {
  return takeTurn(join(folders.cache, 'projects', `${projectName(project)}.turns`), git)
}

/** The links of a lock, and of what the user put in a plugin's place; without those to what is not on this machine. */
export function linksOf(lock: Lock, { folders, ownFoldersFile }: Context): LinkPlan {
  const plan = withOwnFolders(planLinks(lock), readOwnFolders(ownFoldersFile))
  return { ...plan, links: plan.links.filter(({ to }) => !('h1' in to) || isInStore(folders.store, to.h1)) }
}

function withObtained(lock: Lock, obtained: Obtained): Lock {
  const { wish, commit } = obtained
  const before = lock.plugins.get(wish.key)?.commits.get(commit)
  const known = before?.h1 === obtained.h1 ? before : lockedOf(obtained)
  return withPlugin(lock, { key: wish.key, url: canonicalUrl(wish.reference), revision: wish.revision, commit, known })
}

function lockedOf({ ref, tagObject, h1, files, bytes, catalog }: Obtained): LockedCommit {
  const apis = [...new Set(catalog.plugins.map(({ api }) => api))]
  const [api] = apis
  return {
    ...(ref !== undefined && { ref }),
    ...(tagObject !== undefined && { tagObject }),
    h1,
    files,
    bytes,
    ...(apis.length === 1 && api !== undefined && { api }),
    ...providedBy(catalog),
  }
}

function checkCases({ plugins }: Lock): void {
  const spellings = new Map<string, string>()
  for (const key of plugins.keys()) {
    const folded = key.toLowerCase()
    const other = spellings.get(folded)
    if (other !== undefined) throw lockErrors.caseCollision(key, other)
    spellings.set(folded, key)
  }
}
