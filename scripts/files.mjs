/** The repository's own files: where it starts, and a walk that never enters what is installed or built. */
import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '')

const passedOver = new Set(['node_modules', 'dist', '.micro', '.packs', '.git', '.data'])

/**
 * Every file below `folder` whose path `wanted` accepts, as paths relative to `from`, with `/`, sorted.
 * A folder that does not exist has no files: the layout names folders that a later change fills. Links are not followed.
 *
 * @param {string} folder absolute
 * @param {(path: string) => boolean} wanted
 * @param {string} [from] absolute; the repository's root when left out
 * @returns {string[]}
 */
export function filesBelow(folder, wanted, from = root) {
  const found = []
  const walk = (path) => {
    let entries
    try {
      entries = readdirSync(path, { withFileTypes: true })
    } catch (error) {
      if (error.code === 'ENOENT') return
      throw error
    }
    for (const entry of entries) {
      const child = join(path, entry.name)
      if (entry.isDirectory()) {
        if (!passedOver.has(entry.name)) walk(child)
      } else if (entry.isFile()) {
        const name = relative(from, child).split(sep).join('/')
        if (wanted(name)) found.push(name)
      }
    }
  }
  walk(folder)
  return found.sort()
}

/**
 * The folders of the workspaces that package.json names, those that exist, relative to the root and sorted.
 *
 * @param {string[]} patterns such as `examples/*`; only a whole segment may be a star
 */
export function workspaceFolders(patterns) {
  const expand = (folders, segment) =>
    folders.flatMap((folder) => {
      if (segment !== '*') return [join(folder, segment)]
      try {
        return readdirSync(join(root, folder), { withFileTypes: true })
          .filter((entry) => entry.isDirectory() && !passedOver.has(entry.name))
          .map((entry) => join(folder, entry.name))
      } catch (error) {
        if (error.code === 'ENOENT') return []
        throw error
      }
    })
  // As npm does: an example that is no package is no workspace.
  const isPackage = (folder) => existsSync(join(root, folder, 'package.json'))
  return patterns.flatMap((pattern) => pattern.split('/').reduce(expand, ['']).filter(isPackage)).sort()
}

/** Writes a file so that a reader finds the old one or the new one, whole. @param {string} path absolute */
export function writeWhole(path, text) {
  mkdirSync(dirname(path), { recursive: true })
  const temporary = `${path}.${process.pid}`
  writeFileSync(temporary, text)
  renameSync(temporary, path)
}
