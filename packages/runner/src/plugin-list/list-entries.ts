import { existsSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { manifestOf, moduleOf } from '../build/added-plugins.js'
import type { FoundPlugin } from '../plugins/found-plugin.js'
import type { ImplementationManifest } from '../types/manifest.js'
import { pluginListErrors } from './errors.js'
import type { ListEntry } from './list-text.js'

/**
 * What a plugin puts into the list of the service in `folder`: each of its implementations, in the order of its manifest.
 *
 * @throws MicroError `failed_precondition`: PLUGIN_KIND_MISMATCH for a plugin without implementations, PLUGIN_ENTRY_MISSING
 */
export function listEntries(found: FoundPlugin, folder: string): readonly ListEntry[] {
  const { implementations, types } = found.catalog
  if (implementations.length === 0) {
    const [type] = types
    throw type === undefined ? pluginListErrors.noImplementation(found.reference) : pluginListErrors.serviceType(found.reference, type.type)
  }
  return implementations.map((implementation) => ({
    manifest: manifestOf(found, implementation),
    specifier: specifierOf(found, implementation, folder),
    hasTypes: hasTypes(found, implementation),
  }))
}

/** What `plugins.ts` imports of a plugin from git, by the absolute path that the import leads to: the file that stands behind it, in the store. */
export function storeFiles(found: FoundPlugin): readonly (readonly [shown: string, file: string])[] {
  return found.catalog.implementations.map((implementation) => [shownFile(found, implementation), moduleOf(found, implementation)] as const)
}

function specifierOf(found: FoundPlugin, implementation: ImplementationManifest, folder: string): string {
  if (found.from === 'own') return `@microts/${implementation.kind}-${implementation.word}`
  if (!existsSync(moduleOf(found, implementation))) throw pluginListErrors.entryMissing(found.reference, shownFile(found, implementation))
  if (found.from === 'npm') {
    const name = found.key.slice('npm:'.length)
    return found.catalog.implementations.length === 1 ? name : `${name}/${implementation.entry}`
  }
  const path = relative(folder, shownFile(found, implementation)).replaceAll('\\', '/')
  // As TypeScript wants it: the name that the file has once it is built.
  return (path.startsWith('../') ? path : `./${path}`).replace(/\.(m?)ts$/, '.$1js')
}

/** Where the project shows the module of an implementation: for git below its link, which every machine has in the same place. */
function shownFile(found: FoundPlugin, implementation: ImplementationManifest): string {
  const file = moduleOf(found, implementation)
  return found.link === undefined || found.folder === undefined ? file : join(found.link, relative(found.folder, file))
}

function hasTypes(found: FoundPlugin, implementation: ImplementationManifest): boolean {
  switch (found.from) {
    case 'core':
    case 'own':
      return true
    case 'path': {
      const file = moduleOf(found, implementation)
      return /\.m?ts$/.test(file) || ['.d.ts', '.ts'].some((suffix) => existsSync(file.replace(/\.m?js$/, suffix)))
    }
    case 'npm':
      return /"(types|typings)"\s*:/.test(readFileSync(join(found.folder ?? '', 'package.json'), 'utf8'))
    // It is fetched when it is needed, which may be after the types are checked.
    case 'git':
      return false
  }
}
