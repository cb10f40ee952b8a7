import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { builtIn } from '../build/added-plugins.js'
import { buildErrors } from '../build/errors.js'
import { findPackage } from '../build/packages.js'
import { type InterfaceKind, interfaceKinds } from '../project/project.js'
import { type Catalog, emptyCatalog } from '../types/manifest.js'
import { readCatalog } from '../types/parse.js'
import { findErrors } from './errors.js'
import type { FoundPlugin } from './found-plugin.js'

/**
 * One of Micro's own implementations: built into core, or the package `@microts/<kind>-<name>`.
 *
 * @throws MicroError `UNKNOWN_PLUGIN`, `PLUGIN_NOT_INSTALLED`, `PLUGIN_NOT_IN_MANIFEST`, `INVALID_MANIFEST`
 */
export function findOwn(
  reference: string,
  kind: InterfaceKind,
  name: string,
  { catalog, packageFolders }: { readonly catalog: Catalog; readonly packageFolders: readonly string[] },
): FoundPlugin {
  if (builtIn[kind].includes(name)) return { reference, from: 'core', key: reference, catalog: emptyCatalog }
  const packageName = `@microts/${kind}-${name}`
  const installed = findPackage(packageName, packageFolders)
  if (installed === undefined) {
    const known = knownPlugins(catalog, kind)
    throw known.includes(reference) ? findErrors.notInstalled(reference, packageName) : findErrors.unknownPlugin(reference, known)
  }
  const file = join(installed.folder, 'micro.plugin.yml')
  const declared = existsSync(file) ? readCatalog([file]).implementations : []
  const implementations = declared.filter((one) => one.kind === kind && one.word === name)
  if (implementations.length === 0) throw buildErrors.manifestMissesPlugin(file, kind, name)
  return {
    reference,
    from: 'own',
    key: reference,
    revision: installed.version,
    catalog: { types: [], implementations },
    folder: installed.folder,
  }
}

/** Micro's own implementations, of one interface or of all: `broker/nats`. */
export function knownPlugins({ implementations }: Catalog, kind?: InterfaceKind): readonly string[] {
  const kinds = kind === undefined ? interfaceKinds : [kind]
  return kinds.flatMap((one) => {
    const words = implementations.flatMap((implementation) => (implementation.kind === one ? [implementation.word] : []))
    return [...new Set([...builtIn[one], ...words])].map((word) => `${one}/${word}`)
  })
}
