import { randomUUID } from 'node:crypto'
import { lstat, mkdir, readdir, readlink, rename, rm, rmdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { folderOf } from '../store/store.js'
import { linkErrors } from './errors.js'
import type { LinkPlan, PlannedLink } from './plan.js'
import { refuseEdited, vendorPlace, vendoredH1, writeVendored } from './vendored.js'

/** Where links are written. */
export interface LinkPlaces {
  /** The project's `plugins/`. */
  readonly folder: string
  readonly store: string
}

/** A link that does not lead where it should. `found`: the hash of the files that stand in its place, when it is vendored and was edited. */
export interface WrongLink {
  readonly path: string
  readonly wanted?: string
  readonly found?: string
}

/**
 * Makes the links of a plan and removes those into the store that no plan has any more. Gives the paths of links that were made or changed.
 * A folder of the user's, as one that was vendored, is never touched.
 *
 * @throws MicroError `LINK_BLOCKED` when something that is not micro's has the name of a link
 */
export async function writeLinks({ links }: LinkPlan, places: LinkPlaces): Promise<readonly string[]> {
  const wanted = new Map(links.map((link) => [link.path, targetOf(link, places.store)]))
  await removeOthers('', wanted, places)
  const changed: string[] = []
  for (const link of links) if (await writeLink(link, wanted.get(link.path) as string, places)) changed.push(link.path)
  return changed
}

/** The links of a plan that are not there, or lead elsewhere. A vendored plugin is compared with its hash. */
export async function findWrongLinks({ links }: LinkPlan, places: LinkPlaces): Promise<readonly WrongLink[]> {
  const wrong = await Promise.all(
    links.map(async ({ path, to }): Promise<WrongLink[]> => {
      if ((await linkAt(join(places.folder, path))) === targetOf({ path, to }, places.store)) return []
      const found = 'h1' in to ? await vendoredH1(vendorPlace(places.folder, path, to.folder)) : undefined
      if (found === undefined || !('h1' in to)) return [{ path }]
      return found === to.h1 ? [] : [{ path, wanted: to.h1, found }]
    }),
  )
  return wrong.flat()
}

function targetOf({ to }: PlannedLink, store: string): string {
  if ('sibling' in to) return to.sibling
  if ('at' in to) return to.at
  return join(folderOf(store, to.h1), to.folder ?? '')
}

async function writeLink({ path, to }: PlannedLink, target: string, places: LinkPlaces): Promise<boolean> {
  const at = join(places.folder, path)
  await makeFolders(path, places)
  let found = await lstat(at).catch(() => undefined)
  if (found?.isDirectory() === true) {
    const place = vendorPlace(places.folder, path, 'h1' in to ? to.folder : undefined)
    // What is vendored stays vendored, with the content that the lock has now.
    if ('h1' in to) return writeVendored(place, to.h1, places.store)
    await refuseEdited(place, target, await vendoredH1(place), places.store)
    await rm(at, { recursive: true })
    found = undefined
  }
  if (found !== undefined && !found.isSymbolicLink()) throw linkErrors.blocked(at, 'a file')
  if (found !== undefined && (await readlink(at)) === target) return false
  if (found !== undefined && !isOurs(await readlink(at), places)) throw linkErrors.blocked(at, 'a link to somewhere else')
  const fresh = `${at}.${randomUUID()}`
  await symlink(target, fresh)
  await rename(fresh, at)
  return true
}

/**
 * Makes the folders above a link. One on the way that is a link would make us write where it leads.
 *
 * @throws MicroError `LINK_BLOCKED`
 */
export async function makeFolders(path: string, { folder }: Pick<LinkPlaces, 'folder'>): Promise<void> {
  let at = folder
  for (const part of ['', ...path.split('/').slice(0, -1)]) {
    at = join(at, part)
    await mkdir(at, { recursive: part === '' }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
    if (!(await lstat(at)).isDirectory()) throw linkErrors.blocked(at, 'no folder')
  }
}

/** Removes our links that are not wanted, and the folders that are empty then. Gives whether there were any. */
async function removeOthers(below: string, wanted: ReadonlyMap<string, string>, places: LinkPlaces): Promise<boolean> {
  const folder = join(places.folder, below)
  if ((await lstat(folder).catch(() => undefined))?.isDirectory() !== true) return false
  let isAnyGone = false
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    const at = join(places.folder, path)
    if (entry.isSymbolicLink() && !wanted.has(path) && isOurs(await readlink(at), places)) {
      await rm(at)
      isAnyGone = true
    } else if (entry.isDirectory() && (below !== '' || entry.name.includes('.')) && (await removeOthers(path, wanted, places))) {
      isAnyGone = true
      await rmdir(at).catch(() => undefined) // it is not empty
    }
  }
  return isAnyGone
}

// Of another user, or of the same one before XDG_DATA_HOME was set: nothing of a user's own is lost when such a link is written anew.
const inSomeStore = /\/micro\/store\/[0-9a-f]{64}(\/|$)/

/** Into a store, or as the bare name of a plugin with two revisions has it: `mailhog@v1`. */
function isOurs(target: string, { store }: LinkPlaces): boolean {
  return target.startsWith(`${store}/`) || inSomeStore.test(target) || /^(\.\.\/)*[^/]+@[^/]+(\/|$)/.test(target)
}

async function linkAt(path: string): Promise<string | undefined> {
  try {
    return await readlink(path)
  } catch {
    return undefined // there is none
  }
}
