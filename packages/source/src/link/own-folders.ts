import { readFileSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import type { LinkPlan, PlannedLink } from './plan.js'

/** Folders of the user's own that stand in the place of plugins in one checkout, by canonical key; all absolute. */
export type OwnFolders = ReadonlyMap<string, string>

/**
 * Reads which plugins of a project the user has put a folder in the place of. The file lies in the user's own data and not in the project: what a cloned
 * repository brings along must not say what is loaded. One that is missing or broken says nothing.
 */
export function readOwnFolders(file: string): OwnFolders {
  try {
    const data = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
    return new Map(
      Object.entries(data).flatMap(([key, path]) => (typeof path === 'string' && isAbsolute(path) ? [[key, path] as const] : [])),
    )
  } catch {
    return new Map() // none: most projects have none
  }
}

/** The text of the file, sorted. */
export function formatOwnFolders(folders: OwnFolders): string {
  return `${JSON.stringify(Object.fromEntries([...folders].sort(([a], [b]) => (a < b ? -1 : 1))), null, 2)}\n`
}

/** The folder that stands in the place of a plugin: of itself, or of the repository that it is a folder of. `folder`: where in it the plugin is. */
export function ownFolderOf(folders: OwnFolders, key: string): { readonly root: string; readonly folder?: string } | undefined {
  const own = folders.get(key)
  if (own !== undefined) return { root: own }
  const [repository = key, folder] = key.split('//')
  const whole = folder === undefined ? undefined : folders.get(repository)
  return whole === undefined || folder === undefined ? undefined : { root: whole, folder }
}

/** The plan with links to the user's folders where they stand in the place of plugins. What is seen through another link keeps it. */
export function withOwnFolders({ links, plugins }: LinkPlan, folders: OwnFolders): LinkPlan {
  const byPath = new Map(links.map((link) => [link.path, link]))
  const paths = [...byPath.keys()]
  for (const [key, at] of folders) {
    const planned = plugins.filter((plugin) => plugin.key === key).map(({ path }) => path)
    const bare = key.replace('//', '/')
    const isBelowAnother = paths.some((path) => bare.startsWith(`${path}/`) || path.startsWith(`${bare}/`))
    for (const path of planned) if (byPath.has(path)) byPath.set(path, { path, to: { at } })
    if (planned.length === 0 && !isBelowAnother) byPath.set(bare, { path: bare, to: { at } })
  }
  return { links: [...byPath.values()].sort((a: PlannedLink, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path))), plugins }
}
