import { MicroError, type Place } from '@microts/core/base'
import { interfaceKinds } from '../project/project.js'
import type { Environment } from '../project/find.js'
import type { Catalog } from '../types/manifest.js'
import { findErrors } from './errors.js'
import type { FetchOptions } from './fetch-options.js'
import { findOwn, knownPlugins } from './find-own.js'
import type { FoundPlugin, FoundPlugins } from './found-plugin.js'
import { lookAtReference } from './written.js'

/** A plugin that somebody wants. */
export interface WantedReference {
  readonly reference: string
  /** Where it is written, if it is in a file. */
  readonly place?: Place
}

/** What finding plugins takes. */
export interface FindOptions {
  /** The folder of the project. */
  readonly folder: string
  /** What core has: the types and implementations that come with Micro. */
  readonly catalog: Catalog
  /** Where the packages of Micro's own plugins are looked for, in this order, each with the folders above it. */
  readonly packageFolders: readonly string[]
  readonly env: Environment
  readonly fetching?: FetchOptions
}

/**
 * What references lead to. None of a plugin's code runs. What is not on this machine is fetched, all at once and with one question of trust.
 * A reference that stands twice is looked for once.
 *
 * All of it or nothing: of several that fail the first is told, with its place.
 *
 * @throws MicroError `PLUGIN_REFERENCE`, `UNKNOWN_PLUGIN`, `PLUGIN_NOT_INSTALLED`, `PLUGIN_NOT_IN_MANIFEST`, `INVALID_MANIFEST`, and those of `resolve` of `@microts/source`
 */
export async function findPlugins(wanted: readonly WantedReference[], options: FindOptions): Promise<FoundPlugins> {
  const unique = wanted.filter(({ reference }, index) => wanted.findIndex((other) => other.reference === reference) === index)
  const found = new Map<string, FoundPlugin>()
  const elsewhere: WantedReference[] = []
  for (const one of unique) {
    const plugin = withPlace(one, () => findHere(one.reference, options))
    if (plugin === undefined) elsewhere.push(one)
    else found.set(one.reference, plugin)
  }
  if (elsewhere.length === 0) return found
  // It knows git, and most projects have no use for it.
  const { findElsewhere } = await import('./find-elsewhere.js')
  for (const plugin of await findElsewhere(elsewhere, options)) found.set(plugin.reference, plugin)
  return found
}

/** What needs nobody's help to be found; undefined for a place elsewhere. */
function findHere(reference: string, { catalog, packageFolders }: FindOptions): FoundPlugin | undefined {
  const written = lookAtReference(reference)
  switch (written.is) {
    case 'core':
      return { reference, from: 'core', key: 'micro', catalog }
    case 'own': {
      const kind = interfaceKinds.find((known) => known === written.kind)
      if (kind === undefined) throw findErrors.unknownKind(reference, written.kind, interfaceKinds)
      return findOwn(reference, kind, written.name, { catalog, packageFolders })
    }
    case 'word':
      throw findErrors.noPlace(reference, knownPlugins(catalog))
    case 'elsewhere':
      return undefined
  }
}

/** What `work` gives. An error of it that has no place gets the one of what is wanted. @throws MicroError */
export function withPlace<T>({ place }: { readonly place?: Place }, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw place !== undefined && MicroError.is(error) && error.place === undefined ? findErrors.at(error, place) : error
  }
}
