import { lstat, mkdir, readlink, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve as resolvePath } from 'node:path'
import { type OwnFolders, formatOwnFolders, ownFolderOf, readOwnFolders } from '../link/own-folders.js'
import { writeLinks } from '../link/write.js'
import { replaceFile } from '../machine/replace-file.js'
import { manifestsBelow } from '../manifest/folder.js'
import { mergeManifests } from '../manifest/merge.js'
import { canonicalKey, keyOf } from '../reference/format.js'
import { parseReference } from '../reference/parse.js'
import { resolveErrors } from './errors.js'
import type { Wish } from './obtain.js'
import { type Context, type SourceOptions, contextOf } from './options.js'
import type { GitPlugin } from './plugin.js'
import { linksOf, readLock, takeProjectTurn } from './settle.js'
import { sayingOf } from './wishes.js'

/** A folder of the user's in the place of a plugin. */
export interface LinkedFolder {
  readonly key: string
  /** Absolute. */
  readonly path: string
}

/**
 * Puts a folder of the user's in the place of a plugin, in this checkout only: the lock stays as it is. Of a repository it stands in the place of all of its folders.
 * `path` counts from the project; its manifest must be that plugin's.
 *
 * @throws MicroError `LINKED_WHILE_FROZEN`, `PLUGIN_FOLDER_MISSING`, `NO_MANIFEST`, `INVALID_MANIFEST`, `URI_MISMATCH`, `PLUGIN_NOT_FROM_GIT`
 */
export async function linkFolder(reference: string, path: string, options: SourceOptions): Promise<LinkedFolder> {
  const context = contextOf(options)
  const wish = wishOf(reference)
  const root = resolvePath(context.project, path)
  if (context.frozen) throw resolveErrors.linkedWhileFrozen(wish.key, root)
  await catalogOf(wish, { root }, path)
  await change(context, (before) => new Map(before).set(wish.key, root))
  return { key: wish.key, path: root }
}

/**
 * Takes it out again: from then on the plugin is what the lock names.
 *
 * @throws MicroError `NOT_LINKED`
 */
export async function unlinkFolder(reference: string, options: SourceOptions): Promise<LinkedFolder> {
  const context = contextOf(options)
  const { key } = wishOf(reference)
  let path: string | undefined
  await change(context, (before) => {
    path = before.get(key)
    if (path === undefined) throw resolveErrors.linkedNowhere(key, [...before.keys()])
    return new Map([...before].filter(([other]) => other !== key))
  })
  return { key, path: path as unknown as string }
}

/**
 * Those of the wishes in whose place a folder of the user's stands. Reads one small file when there is none.
 *
 * @throws MicroError `LINKED_WHILE_FROZEN`
 */
export async function openOwnFolders(wishes: readonly Wish[], context: Context): Promise<readonly GitPlugin[]> {
  const folders = readOwnFolders(context.ownFoldersFile)
  if (folders.size === 0) return []
  const found = await Promise.all(
    wishes.map(async (wish): Promise<GitPlugin[]> => {
      const { key, text, revision } = wish
      const own = ownFolderOf(folders, key)
      if (own === undefined) return []
      if (context.frozen) throw resolveErrors.linkedWhileFrozen(key, own.root)
      const catalog = await catalogOf(wish, own, text).catch(sayingOf(text))
      const link = join(context.linkFolder, key.replace('//', '/'))
      const folder = join(own.root, own.folder ?? '')
      return [{ from: 'git', reference: text, key, revision, commit: 'linked', h1: '', root: own.root, folder, link, catalog }]
    }),
  )
  return found.flat()
}

function wishOf(text: string): Wish {
  const reference = parseReference(text)
  if (reference.from !== 'git') throw resolveErrors.notFromGit(text)
  return { text, reference, key: canonicalKey(reference), revision: reference.revision?.text ?? '' }
}

async function catalogOf({ key, reference }: Wish, own: { readonly root: string; readonly folder?: string }, text: string) {
  if ((await stat(own.root).catch(() => undefined))?.isDirectory() !== true) throw resolveErrors.folderMissing(text, own.root)
  // A folder that stands in the place of one in a repository is judged as if it stood there.
  const below = own.folder === undefined && reference.folder !== undefined ? `${reference.folder}/` : ''
  const manifests = await manifestsBelow(own.root)
  const { plugins, pointers } = mergeManifests(
    manifests.map(({ file, text: content }) => ({ file: `${below}${file}`, text: content })),
    { key, repository: keyOf(reference), folder: reference.folder },
  )
  const at = (declaration: (typeof plugins)[number]) => ({ ...declaration, file: declaration.file.slice(below.length) })
  return { plugins: plugins.map(at), pointers: pointers.map(at) }
}

async function change(context: Context, next: (before: OwnFolders) => OwnFolders): Promise<void> {
  const { folders, linkFolder: plugins, ownFoldersFile } = context
  const leave = await takeProjectTurn(context)
  try {
    const after = next(readOwnFolders(ownFoldersFile))
    const lock = await readLock(context)
    await mkdir(dirname(ownFoldersFile), { recursive: true })
    // Links to the folders that were there are ours, which nobody can tell any more once the file has changed.
    for (const { path, to } of linksOf(lock, context).links) if ('at' in to) await removeLinkTo(join(plugins, path), to.at)
    await replaceFile(ownFoldersFile, formatOwnFolders(after))
    await writeLinks(linksOf(lock, context), { folder: plugins, store: folders.store })
  } finally {
    await leave()
  }
}

async function removeLinkTo(at: string, path: string): Promise<void> {
  const found = await lstat(at).catch(() => undefined)
  if (found?.isSymbolicLink() === true && (await readlink(at)) === path) await rm(at)
}
