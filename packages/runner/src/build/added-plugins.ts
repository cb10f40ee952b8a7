import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Place } from '@microts/core/base'
import type { PluginManifest } from '@microts/core/plugin'
import type { InterfaceKind } from '../project/project.js'
import { readCatalog } from '../types/parse.js'
import { buildErrors } from './errors.js'
import { fileOfExport, findPackage } from './packages.js'

/** What core itself has of each interface: words that need no plugin. */
export const builtIn: Readonly<Record<InterfaceKind, readonly string[]>> = {
  auth: ['noop', 'none', 'memory'],
  broker: ['memory', 'enats'],
  config: ['memory'],
  registry: ['memory', 'mdns'],
  selector: ['random', 'round-robin', 'least-pending'],
  store: ['memory'],
  transport: ['memory', 'http'],
}

/** A plugin that a service is to have besides those of its own list. */
export interface WantedPlugin {
  readonly kind: InterfaceKind
  readonly name: string
  /** Where it is wanted. */
  readonly place?: Place
}

/** A plugin as it goes into a bundle. */
export interface AddedPlugin {
  readonly manifest: PluginManifest
  /** The module, absolute. */
  readonly file: string
}

/**
 * Finds the package of a plugin of ours, `@microts/<kind>-<name>`, in `folders` and above them, and reads its manifest. None of its code runs.
 *
 * @throws MicroError `failed_precondition`/`PLUGIN_NOT_INSTALLED`, with the command that installs it
 */
export function findPlugin(service: string, wanted: WantedPlugin, folders: readonly string[], known: readonly string[]): AddedPlugin {
  const { kind, name, place } = wanted
  const installed = findPackage(`@microts/${kind}-${name}`, folders)
  const file = installed === undefined ? undefined : fileOfExport(installed, '.')
  if (installed === undefined || file === undefined) {
    const words = [...builtIn[kind], ...known]
    throw buildErrors.pluginNotInstalled(service, kind, name, { known: words, ...(place !== undefined && { place }) })
  }
  const manifestFile = join(installed.folder, 'micro.plugin.yml')
  const listed = existsSync(manifestFile) ? readCatalog([manifestFile]).implementations : []
  const found = listed.find((implementation) => implementation.kind === kind && implementation.word === name)
  if (found === undefined) throw buildErrors.manifestMissesPlugin(manifestFile, kind, name)
  return {
    file,
    manifest: {
      reference: `${kind}/${name}`,
      kind,
      name,
      api: found.api,
      ...(found.options !== undefined && { options: found.options }),
      version: installed.version,
    },
  }
}
