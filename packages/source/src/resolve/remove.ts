import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { planLinks } from '../link/plan.js'
import { vendorPlace, vendoredH1 } from '../link/vendored.js'
import { writeLinks } from '../link/write.js'
import { lockErrors } from '../lock/errors.js'
import { formatLock } from '../lock/format.js'
import { type Lock, withoutRevision } from '../lock/lock.js'
import { replaceFile } from '../machine/replace-file.js'
import { type Context, type SourceOptions, contextOf } from './options.js'
import { linksOf, readLock, takeProjectTurn } from './settle.js'
import { lockedWishes } from './wishes.js'

/** A revision that the lock named. */
export interface RemovedPlugin {
  readonly key: string
  /** As it was written; `''` for none. */
  readonly revision: string
  readonly commit: string
  /** A vendored folder that stays, absolute: somebody edited it. */
  readonly left?: string
}

/**
 * Takes plugins out of the lock, and their links and vendored files out of the project. A reference without a revision means all revisions. What they were
 * stays in the store, for other projects and for another day.
 *
 * @throws MicroError `PLUGIN_NOT_LOCKED`, `LOCK_FROZEN`
 */
export async function remove(references: readonly string[], options: SourceOptions): Promise<readonly RemovedPlugin[]> {
  const context = contextOf(options)
  if (references.length === 0) return []
  const leave = await takeProjectTurn(context)
  try {
    const before = await readLock(context)
    const wishes = lockedWishes(before, references)
    const [first] = wishes
    if (context.frozen && first !== undefined) throw lockErrors.frozen(first.key, first.revision, 'it would name it no more')
    const after = wishes.reduce((lock, { key, revision }) => withoutRevision(lock, key, revision), before)
    // First the lock: what it names is there at any moment.
    await replaceFile(context.lockFile, formatLock(after))
    const left = await removeVendored(before, after, context)
    await writeLinks(linksOf(after, context), { folder: context.linkFolder, store: context.folders.store })
    return wishes.map(({ key, revision }) => {
      const commit = before.plugins.get(key)?.requested.get(revision) as string
      const folder = left.get(`${key} ${commit}`)
      return { key, revision, commit, ...(folder !== undefined && { left: folder }) }
    })
  } finally {
    await leave()
  }
}

/** Of commits that no revision means any more. Gives the folders that were edited, and stay. */
async function removeVendored(before: Lock, after: Lock, { linkFolder }: Context): Promise<ReadonlyMap<string, string>> {
  const left = new Map<string, string>()
  for (const { key, commit, path } of planLinks(before).plugins) {
    if (after.plugins.get(key)?.commits.has(commit) === true) continue
    const found = await vendoredH1(vendorPlace(linkFolder, path, key.split('//')[1]))
    if (found === undefined) continue
    if (found === before.plugins.get(key)?.commits.get(commit)?.h1) await rm(join(linkFolder, path), { recursive: true })
    else left.set(`${key} ${commit}`, join(linkFolder, path))
  }
  return left
}
