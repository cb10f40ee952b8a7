import type { Place } from '@microts/core/base'
import type { FoundPlugins } from '../plugins/found-plugin.js'
import type { DriverName } from '../types/manifest.js'

/** The interfaces that a project file can choose an implementation of. */
export const interfaceKinds = ['auth', 'broker', 'config', 'registry', 'selector', 'store', 'transport'] as const

/** One of {@link interfaceKinds}. */
export type InterfaceKind = (typeof interfaceKinds)[number]

/** The implementation that a project file chooses for an interface: `store: file`. */
export interface InterfaceChoice {
  readonly kind: InterfaceKind
  /** The implementation's word, `file`. Absent when `service` names a service that provides it. */
  readonly name?: string
  /** The service of the project that provides the implementation: `broker: { service: bus }`. */
  readonly service?: string
  /** Where the implementation comes from, as it is written; left out when that is Micro itself. See {@link Project.found}. */
  readonly plugin?: string
  readonly options: Readonly<Record<string, unknown>>
  readonly address?: string
  /** Where the choice is written. */
  readonly place: Place
}

/** What a project chooses, by interface. */
export type InterfaceChoices = Readonly<Partial<Record<InterfaceKind, InterfaceChoice>>>

/** A plugin whose implementations the top of the file adds to each of our services: `plugins: [store/file, ./plugins/mailer]`. */
export interface PluginUse {
  /** As it is written. See {@link Project.found}. */
  readonly reference: string
  readonly place: Place
}

/** One entry of `services:`. */
export interface ServiceDefinition {
  readonly name: string
  /** `node` for a service of ours, else a type of the catalog, or of the plugin that is named. */
  readonly type: string
  /** Where the type comes from, as it is written; left out when that is Micro itself. See {@link Project.found}. */
  readonly plugin?: string
  /** The version that is written after the type's colon. */
  readonly version?: string
  /** The absolute folder that holds `main.ts`; for type `node` only. */
  readonly folder?: string
  /** Names of services that are ready before this one starts. */
  readonly needs: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly driver?: DriverName
  /** Ports that are written, by the type's name for them. For type `node`: `http`. */
  readonly ports: Readonly<Record<string, number>>
  /** Whether the service's data outlives a run (`data: keep`). */
  readonly keepsData: boolean
  /** What this service chooses for itself; the project's own choices are in {@link Project.interfaces}. */
  readonly interfaces: InterfaceChoices
  readonly place: Place
}

/** A project file as data: all of it has been checked, nothing has been started. */
export interface Project {
  readonly name: string
  /** The real, absolute path of the project's folder. */
  readonly folder: string
  /** The absolute path of `micro.yml` or `.lando.yml`; undefined for a folder that `run` treats as a project without a file. */
  readonly file?: string
  /** Tells two checkouts apart: `MICRO_PROJECT`, else 64 hex digits, the SHA-256 of `folder`. */
  readonly id: string
  /** In the order of the file. */
  readonly services: readonly ServiceDefinition[]
  readonly interfaces: InterfaceChoices
  readonly plugins: readonly PluginUse[]
  /** What all references of the file lead to. */
  readonly found: FoundPlugins
  /** The driver to try first. */
  readonly prefer?: DriverName
  /** Keys of a `.lando.yml` that mean nothing here, as `services.web.scanner`. */
  readonly passedOver: readonly string[]
}
