import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { MicroError } from '@microts/core/base'
import { findWrongLinks } from '../link/write.js'
import type { Lock, LockedCommit } from '../lock/lock.js'
import { type OwnFolders, ownFolderOf, readOwnFolders } from '../link/own-folders.js'
import { planLinks } from '../link/plan.js'
import { storeErrors } from '../store/errors.js'
import { checkContent, folderOf, isInStore } from '../store/store.js'
import { resolveErrors } from './errors.js'
import { type Context, type SourceOptions, contextOf } from './options.js'
import { linksOf, readLock } from './settle.js'

/** A plugin of the lock, in one commit. */
export interface ListedPlugin extends LockedCommit {
  readonly key: string
  readonly url: string
  readonly commit: string
  /** The revisions that mean this commit, as they are written; `''` for none. Sorted. */
  readonly revisions: readonly string[]
  /** Whether it is on this machine. */
  readonly isPresent: boolean
  /** Where its content is, or would be. */
  readonly root: string
  /** Where the project shows it. */
  readonly link: string
  /** The folder of the user's that stands in its place in this checkout, absolute. */
  readonly linkedTo?: string
  /** The project has it as real files. */
  readonly isVendored: boolean
}

/** The plugins that the lock names, sorted by key. Reads nothing but the lock. */
export async function list(options: SourceOptions): Promise<readonly ListedPlugin[]> {
  const context = contextOf(options)
  return listLock(await readLock(context), context)
}

/** A plugin, or a link, that is not what the lock names. */
export interface Problem {
  readonly key: string
  readonly error: MicroError
}

/** What `verify` found. */
export interface Verification {
  /** How many plugins were read to the last byte. */
  readonly checked: number
  readonly problems: readonly Problem[]
}

/**
 * Reads every byte of what the lock names and compares it with the lock's hash; looks at the links. Needs no network, and changes nothing.
 * What is wrong is data: `PLUGIN_NOT_FETCHED`, `HASH_MISMATCH`, `LINK_WRONG`.
 */
export async function verify(options: SourceOptions): Promise<Verification> {
  const context = contextOf(options)
  const lock = await readLock(context)
  const plugins = listLock(lock, context)
  const problems: Problem[] = []
  for (const { key, commit, h1, isPresent } of plugins) {
    // A folder of the user's own is what it is.
    if (h1 === '') continue
    if (!isPresent) problems.push({ key, error: resolveErrors.notInstalled(key, commit) })
    else
      await checkContent(context.folders.store, key, h1).catch((error: unknown) => {
        problems.push({ key, error: MicroError.from(error) })
      })
  }
  const wrong = await findWrongLinks(linksOf(lock, context), { folder: context.linkFolder, store: context.folders.store })
  for (const { path, wanted, found } of wrong) {
    const isEdited = wanted !== undefined && found !== undefined
    const error = isEdited ? storeErrors.changed(path, join(context.linkFolder, path), wanted, found) : resolveErrors.linkWrong(path)
    problems.push({ key: path, error })
  }
  return { checked: plugins.filter(({ isPresent, h1 }) => isPresent && h1 !== '').length, problems }
}

/** The plugins of a lock, sorted by key. */
export function listLock(lock: Lock, { folders, linkFolder, ownFoldersFile }: Context): readonly ListedPlugin[] {
  const plan = planLinks(lock)
  const own = readOwnFolders(ownFoldersFile)
  const listed = [...lock.plugins].flatMap(([key, { url, requested, commits }]) =>
    [...commits].map(([commit, known]): ListedPlugin => {
      const path = plan.plugins.find((plugin) => plugin.key === key && plugin.commit === commit)?.path ?? key
      const revisions = [...requested].filter(([, meant]) => meant === commit).map(([revision]) => revision)
      const isPresent = isInStore(folders.store, known.h1)
      return {
        ...known,
        key,
        url,
        commit,
        revisions: revisions.sort(),
        isPresent,
        root: folderOf(folders.store, known.h1),
        link: join(linkFolder, path),
        ...linkedTo(own, key),
        isVendored: lstatSync(join(linkFolder, path), { throwIfNoEntry: false })?.isDirectory() === true,
      }
    }),
  )
  for (const [key, root] of own) if (!lock.plugins.has(key)) listed.push(unlocked(key, root, linkFolder))
  const sortedBy = ({ key, commit }: ListedPlugin) => `${key} ${commit}`
  return listed.sort((a, b) => (sortedBy(a) < sortedBy(b) ? -1 : 1))
}

function linkedTo(own: OwnFolders, key: string): { readonly linkedTo?: string } {
  const found = ownFolderOf(own, key)
  return found === undefined ? {} : { linkedTo: join(found.root, found.folder ?? '') }
}

/** A folder of the user's in the place of a plugin that the lock does not name. */
function unlocked(key: string, root: string, linkFolder: string): ListedPlugin {
  const link = join(linkFolder, key.replace('//', '/'))
  const nothing = { h1: '', files: 0, bytes: 0, types: [], implementations: [] }
  return { ...nothing, key, url: '', commit: 'linked', revisions: [], isPresent: true, root, link, linkedTo: root, isVendored: false }
}
