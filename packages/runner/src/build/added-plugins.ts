import { dirname, join } from 'node:path'
import type { Place } from '@microts/core/base'
import type { OptionSchema, OptionsSchema, PluginManifest } from '@microts/core/plugin'
import type { FoundPlugin } from '../plugins/found-plugin.js'
import type { InterfaceKind } from '../project/project.js'
import type { ImplementationManifest } from '../types/manifest.js'
import { fileOfExport, readPackage } from './packages.js'

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
  /** Where it comes from, as it is written. Absent: Micro's own `<kind>/<name>`. */
  readonly plugin?: string
  /** Where it is wanted. */
  readonly place?: Place
}

/** A plugin as it goes into a bundle. */
export interface AddedPlugin {
  readonly manifest: PluginManifest
  /** The module, absolute. */
  readonly file: string
}

/** The reference that leads to a wanted plugin. */
export const referenceOf = ({ kind, name, plugin }: WantedPlugin): string => plugin ?? `${kind}/${name}`

/** The implementation of a plugin as it goes into a bundle; undefined when the plugin has none of that name. */
export function implementationToAdd(found: FoundPlugin, kind: InterfaceKind, name: string): AddedPlugin | undefined {
  const implementation = found.catalog.implementations.find((one) => one.kind === kind && one.word === name)
  return implementation === undefined ? undefined : { manifest: manifestOf(found, implementation), file: moduleOf(found, implementation) }
}

/** What a service is told of an implementation before any of its code runs. Descriptions are for people, who read the plugin's own manifest. */
export function manifestOf(found: FoundPlugin, { kind, word, api, options }: ImplementationManifest): PluginManifest {
  return {
    reference: found.reference,
    kind,
    name: word,
    api,
    ...(found.revision !== undefined && found.revision !== '' && { version: found.revision }),
    ...(options !== undefined && { options: withoutDescriptions(options) }),
  }
}

/** The module of an implementation, absolute, whether it is there or not: in a checkout of ours its source, for git its file in the store. */
export function moduleOf(found: FoundPlugin, { file, entry }: ImplementationManifest): string {
  const own = found.from === 'own' && found.folder !== undefined ? fileOfExport(readPackage(found.folder), '.') : undefined
  return own ?? join(dirname(file), entry)
}

function withoutDescriptions(schema: OptionsSchema): OptionsSchema {
  const properties = Object.entries(schema.properties).map(([name, option]) => [name, optionWithout(option)] as const)
  return { ...schema, properties: Object.fromEntries(properties) }
}

function optionWithout({ description: _description, ...option }: OptionSchema): OptionSchema {
  if (option.type === 'object') return { ...option, properties: withoutDescriptions({ ...option, type: 'object' }).properties }
  if (option.type === 'array') return { ...option, items: optionWithout(option.items) }
  return option
}
