import { randomUUID } from 'node:crypto'
import { chmod, copyFile, lstat, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { markOfThisProcess } from '../machine/process-mark.js'
import { nearestManifests, manifestNames } from '../manifest/find.js'
import { storeErrors } from '../store/errors.js'
import { type HashedFile, h1Of, hashFolder } from '../store/h1.js'
import { folderOf, isInStore } from '../store/store.js'
import { linkErrors } from './errors.js'

/** A plugin in a project as real files: those of its entry in the store, at the same paths below `base`. */
export interface VendorPlace {
  /** The project's `plugins/`. */
  readonly plugins: string
  /** Below `plugins/`: where the root of its repository is. */
  readonly base: string
  /** The plugin's own folder below `base`. */
  readonly folder: string | undefined
}

/** Where a plugin is vendored that is seen at `path` below `plugins/`. */
export function vendorPlace(plugins: string, path: string, folder: string | undefined): VendorPlace {
  return { plugins, base: folder === undefined ? path : path.slice(0, -(folder.length + 1)), folder }
}

/** The files of a vendored plugin; undefined when there is no folder of real files in its place. */
export async function vendoredFiles({ plugins, base, folder }: VendorPlace): Promise<readonly HashedFile[] | undefined> {
  const path = folder === undefined ? base : `${base}/${folder}`
  if (!(await isRealFolder(plugins, path))) return undefined
  const root = join(plugins, base)
  const own = await hashFolder(root, folder ?? '')
  if (folder === undefined) return own
  const parts = folder.split('/')
  const chain = [...parts.map((_, index) => parts.slice(0, parts.length - index).join('/')), '']
  const there = await Promise.all(
    chain
      .flatMap((at) => manifestNames.map((name) => (at === '' ? name : `${at}/${name}`)))
      .map(async (file) => ((await isFile(join(root, file))) ? [file] : [])),
  )
  const above = nearestManifests(there.flat(), chain).filter((file) => !file.startsWith(`${folder}/`))
  const outside = await Promise.all(
    above.map(async (file) => (await hashFolder(root, dirname(file) === '.' ? '' : dirname(file))).filter(({ path: at }) => at === file)),
  )
  return [...own, ...outside.flat()]
}

/** The hash of a vendored plugin; undefined when there is none. */
export async function vendoredH1(place: VendorPlace): Promise<string | undefined> {
  const files = await vendoredFiles(place)
  return files === undefined ? undefined : h1Of(files)
}

/**
 * Puts the files of an entry of the store in the place of a plugin, as a person's own files are: writable, and with nothing that leads elsewhere. What was vendored
 * there before is replaced, if it is a content that the store has. Gives whether anything changed.
 *
 * @throws MicroError `HASH_MISMATCH` for a vendored plugin that somebody edited, `LINK_BLOCKED` for something else
 */
export async function writeVendored(place: VendorPlace, h1: string, store: string): Promise<boolean> {
  const { plugins, base, folder } = place
  const target = join(plugins, base, folder ?? '')
  const found = await vendoredH1(place)
  if (found === h1) return false
  await refuseEdited(place, h1, found, store)
  const entry = folderOf(store, h1)
  const files = await hashFolder(entry)
  const fresh = join(dirname(target), `.new-${markOfThisProcess()}.${randomUUID()}`)
  const isInside = ({ path }: HashedFile) => folder === undefined || path.startsWith(`${folder}/`)
  try {
    for (const file of files.filter(isInside))
      await copy(entry, file, join(fresh, folder === undefined ? file.path : file.path.slice(folder.length + 1)))
    await rm(target, { recursive: true, force: true })
    await rename(fresh, target)
  } catch (error) {
    await rm(fresh, { recursive: true, force: true })
    throw error
  }
  for (const file of files.filter((one) => !isInside(one))) await copy(entry, file, join(plugins, base, file.path))
  return true
}

/**
 * Lets nothing be replaced that cannot be had again: a vendored plugin whose content the store does not have was edited.
 *
 * @throws MicroError `HASH_MISMATCH`, `LINK_BLOCKED`
 */
export async function refuseEdited(place: VendorPlace, wanted: string, found: string | undefined, store: string): Promise<void> {
  if (found === undefined || isInStore(store, found)) return
  const { plugins, base, folder } = place
  const at = join(plugins, base, folder ?? '')
  const manifests = [...new Set([at, join(plugins, base)])].flatMap((parent) => manifestNames.map((name) => join(parent, name)))
  const isPlugin = (await Promise.all(manifests.map(isFile))).some(Boolean)
  throw isPlugin
    ? storeErrors.changed(folder === undefined ? base : `${base}/${folder}`, at, wanted, found)
    : linkErrors.blocked(at, 'a folder')
}

async function copy(entry: string, { path, mode }: HashedFile, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  await rm(to, { force: true })
  await copyFile(join(entry, path), to)
  await chmod(to, mode === '100755' ? 0o755 : 0o644)
}

/** Whether each part of the path is a folder and no link. */
async function isRealFolder(root: string, path: string): Promise<boolean> {
  let at = root
  for (const part of path.split('/')) {
    at = join(at, part)
    if ((await lstat(at).catch(() => undefined))?.isDirectory() !== true) return false
  }
  return true
}

async function isFile(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined))?.isFile() === true
}
