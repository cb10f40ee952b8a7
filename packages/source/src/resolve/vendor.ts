import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type LinkedPlugin, planLinks } from '../link/plan.js'
import { refuseEdited, vendorPlace, vendoredH1, writeVendored } from '../link/vendored.js'
import { makeFolders, writeLinks } from '../link/write.js'
import type { Lock } from '../lock/lock.js'
import { type Context, type SourceOptions, contextOf } from './options.js'
import { resolve } from './resolve.js'
import { linksOf, readLock, takeProjectTurn } from './settle.js'
import { lockedWishes } from './wishes.js'

/** A plugin that the project has as real files. */
export interface VendoredPlugin {
  readonly key: string
  readonly commit: string
  readonly h1: string
  /** Absolute. */
  readonly folder: string
  /** Whether it was not so before. */
  readonly isNew: boolean
}

/**
 * Makes real files of plugins that the lock names, all or some, in the place of their links: to be committed with the project, which needs no network then on
 * any machine. They are still compared with the lock's hash, and what is loaded is the store's copy. What is not on this machine is fetched first.
 *
 * @throws MicroError `PLUGIN_NOT_LOCKED`; `HASH_MISMATCH` for one that was vendored and then edited; `LINK_BLOCKED`; those of `resolve`
 */
export async function vendor(references: readonly string[], options: SourceOptions): Promise<readonly VendoredPlugin[]> {
  const context = contextOf(options)
  const wishes = lockedWishes(await readLock(context), references)
  await resolve(
    wishes.map(({ text }) => text),
    options,
  )
  return inTurn(references, context, async (lock, plugins) => {
    const vendored: VendoredPlugin[] = []
    for (const { key, commit, path } of plugins) {
      const h1 = lock.plugins.get(key)?.commits.get(commit)?.h1 as string
      await makeFolders(path, { folder: context.linkFolder })
      const place = vendorPlace(context.linkFolder, path, key.split('//')[1])
      const isNew = await writeVendored(place, h1, context.folders.store)
      vendored.push({ key, commit, h1, folder: join(context.linkFolder, path), isNew })
    }
    return vendored
  })
}

/**
 * Puts links in the place of vendored plugins again. Gives the plugins that were vendored.
 *
 * @throws MicroError as {@link vendor}
 */
export async function unvendor(references: readonly string[], options: SourceOptions): Promise<readonly VendoredPlugin[]> {
  const context = contextOf(options)
  await resolve(
    lockedWishes(await readLock(context), references).map(({ text }) => text),
    options,
  )
  return inTurn(references, context, async (lock, plugins) => {
    const undone: VendoredPlugin[] = []
    for (const { key, commit, path } of plugins) {
      const place = vendorPlace(context.linkFolder, path, key.split('//')[1])
      const found = await vendoredH1(place)
      if (found === undefined) continue
      const h1 = lock.plugins.get(key)?.commits.get(commit)?.h1 as string
      await refuseEdited(place, h1, found, context.folders.store)
      await rm(join(context.linkFolder, path), { recursive: true })
      undone.push({ key, commit, h1, folder: join(context.linkFolder, path), isNew: false })
    }
    await writeLinks(linksOf(lock, context), { folder: context.linkFolder, store: context.folders.store })
    return undone
  })
}

/** `use` gets the plugins that are meant, those that show others first. */
async function inTurn<T>(
  references: readonly string[],
  context: Context,
  use: (lock: Lock, plugins: readonly LinkedPlugin[]) => Promise<T>,
): Promise<T> {
  const leave = await takeProjectTurn(context)
  try {
    const lock = await readLock(context)
    const meant = lockedWishes(lock, references).map(
      ({ key, revision }) => `${key} ${lock.plugins.get(key)?.requested.get(revision) ?? ''}`,
    )
    const { links, plugins } = planLinks(lock)
    const isShown = ({ path }: LinkedPlugin) => links.some((link) => link.path === path && 'h1' in link.to)
    const wanted = plugins.filter(({ key, commit }) => meant.includes(`${key} ${commit}`))
    // One that is seen through the link of another is vendored with that.
    const shown = wanted.map((plugin) =>
      isShown(plugin) ? plugin : (plugins.find((other) => isShown(other) && plugin.path.startsWith(`${other.path}/`)) ?? plugin),
    )
    return await use(
      lock,
      shown.filter((plugin, index) => shown.indexOf(plugin) === index),
    )
  } finally {
    await leave()
  }
}
