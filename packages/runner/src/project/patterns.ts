import { existsSync, readFileSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { projectErrors } from './errors.js'
import { projectFileNames } from './find.js'

/**
 * The folders of the services that patterns name: `./...` all at and below `folder`, `./services/orders` one, `services/...` all below `services`.
 * Absolute and real, sorted, each once.
 *
 * A service is a folder with a `main.ts` that imports `./plugins.js` or has a `plugins.ts` beside it. The search does not enter `node_modules`,
 * hidden folders, what was built (`dist`), other projects, or links.
 *
 * @throws MicroError `not_found`/`NO_SERVICES`, which says what was searched, or `invalid_argument`/`BAD_PATTERN`
 */
export function expandPatterns(patterns: readonly string[], folder: string): string[] {
  const found = new Set<string>()
  for (const pattern of patterns) {
    const isDeep = pattern === '...' || pattern.endsWith('/...')
    const written = isDeep ? pattern.slice(0, -3) : pattern
    if (written.includes('...') || /[*?[\]]/.test(written))
      throw projectErrors.badPattern(pattern, 'only "..." at its end stands for many folders')
    const start = resolve(folder, written === '' ? '.' : written)
    if (!isFolder(start)) throw projectErrors.badPattern(pattern, `${start} is not a folder`)
    const root = realpathSync(start)
    const folders = isDeep ? foldersBelow(root) : [root]
    const services = folders.filter(isService)
    if (services.length === 0) throw projectErrors.noServices([pattern], root, folders.length)
    for (const service of services) found.add(service)
  }
  return [...found].sort()
}

/** Whether a folder holds a service of ours. */
export function isService(folder: string): boolean {
  const main = join(folder, 'main.ts')
  if (!existsSync(main)) return false
  return existsSync(join(folder, 'plugins.ts')) || /from\s*['"]\.\/plugins\.js['"]/.test(readFileSync(main, 'utf8'))
}

function foldersBelow(root: string): string[] {
  const folders: string[] = []
  const visit = (folder: string) => {
    folders.push(folder)
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (!entry.isDirectory() || entry.name.startsWith('.') || entry.name === 'node_modules' || entry.name === 'dist') continue
      const path = join(folder, entry.name)
      if (!projectFileNames.some((name) => existsSync(join(path, name)))) visit(path)
    }
  }
  visit(root)
  return folders
}

const isFolder = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
