import type { InterfaceKind, Project, ServiceDefinition } from '../project/project.js'
import type { Catalog, ImplementationManifest, Provides, ServiceTypeManifest } from '../types/manifest.js'
import type { FoundPlugins } from './found-plugin.js'

/** What a component is looked up in: the plugin that it names, or core. Undefined when that plugin was not found. */
export function catalogFor(plugin: string | undefined, found: FoundPlugins, core: Catalog): Catalog | undefined {
  return plugin === undefined ? core : found.get(plugin)?.catalog
}

/** The type of a service, looked up in the plugin that the service names and nowhere else. Undefined for a service of ours. */
export function typeOf(
  { type, plugin }: Pick<ServiceDefinition, 'type' | 'plugin'>,
  found: FoundPlugins,
  core: Catalog,
): ServiceTypeManifest | undefined {
  return catalogFor(plugin, found, core)?.types.find((candidate) => candidate.type === type)
}

/** An implementation that a catalog has. */
export function implementationIn(catalog: Catalog | undefined, kind: InterfaceKind, name: string): ImplementationManifest | undefined {
  return catalog?.implementations.find((candidate) => candidate.kind === kind && candidate.word === name)
}

/** What a service of the project provides to ours. */
export interface Provided extends Provides {
  /** Whose implementation reaches it: that of the plugin that the type is from, if it has one, else Micro's own. */
  readonly plugin?: string
}

/** What a service of the project provides, by its type. */
export function providedBy(service: ServiceDefinition, { found }: Pick<Project, 'found'>, core: Catalog): Provided | undefined {
  const provides = typeOf(service, found, core)?.provides
  if (provides === undefined) return undefined
  const { plugin } = service
  const isOfPlugin = plugin !== undefined && implementationIn(found.get(plugin)?.catalog, provides.kind, provides.name) !== undefined
  return { ...provides, ...(isOfPlugin && { plugin }) }
}
