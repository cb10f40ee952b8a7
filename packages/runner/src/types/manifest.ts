import type { OptionsSchema } from '@microts/core/plugin'
import type { InterfaceKind } from '../project/project.js'

/** How a service of a type is run. */
export const driverNames = ['embedded', 'native', 'docker'] as const

/** One of {@link driverNames}. */
export type DriverName = (typeof driverNames)[number]

/** A JavaScript program in a process of its own. */
export interface EmbeddedDriver {
  /** Relative to the manifest's folder. */
  readonly entry: string
  /** The versions that it can stand for. Absent: all of the type's. */
  readonly versions?: readonly string[]
}

/** A command that the machine has. */
export interface NativeDriver {
  readonly command: string
  /** Further commands that must be there, such as what a shell as the command starts. */
  readonly needs?: readonly string[]
  /** May hold `${port.<name>}` and `${data}`. */
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** How to ask it for its version: its arguments, and an expression whose first group is the version. */
  readonly version?: { readonly args: readonly string[]; readonly match: string }
}

/** A container image. */
export interface DockerDriver {
  /** May hold `${tag}`. */
  readonly image: string
  /** From the type's version to the image's tag. */
  readonly tags: Readonly<Record<string, string>>
}

/** The ways in which a type can be run, in the order of its manifest. */
export interface Drivers {
  readonly embedded?: EmbeddedDriver
  readonly native?: NativeDriver
  readonly docker?: DockerDriver
}

/** When a service of a type counts as ready, besides what it says itself. */
export interface ReadyCheck {
  readonly http?: { readonly port: string; readonly path: string }
  readonly tcp?: { readonly port: string }
  readonly timeoutMs: number
}

/** A port of a type. */
export interface TypePort {
  /** The port that the software has by habit. Projects get another one, so that two of them run side by side. */
  readonly port: number
  /** Whether a browser can open it: its URL is shown. */
  readonly open: boolean
  /** The drivers that have it. Absent: all of the type's. */
  readonly drivers?: readonly DriverName[]
}

/** The interface that a running service of a type implements for ours. */
export interface Provides {
  readonly kind: InterfaceKind
  /** The word of the implementation that reaches it: `nats`. */
  readonly name: string
  /** May hold `${port.<name>}`. */
  readonly address: string
}

/** A type of service to run, as its `micro.plugin.yml` describes it. */
export interface ServiceTypeManifest {
  readonly type: string
  /** Where it lives, as the manifest says: `mailhog`, `github.com/alice/mailhog`. */
  readonly uri: string
  readonly name: string
  readonly description: string
  readonly api?: string
  /** The manifest's own path; `drivers.embedded.entry` is relative to its folder. */
  readonly file: string
  readonly versions: readonly string[]
  /** What is run when no version is written. */
  readonly defaultVersion?: string
  readonly ports: Readonly<Record<string, TypePort>>
  readonly drivers: Drivers
  /** The names of `drivers`, in the manifest's order. */
  readonly driverOrder: readonly DriverName[]
  readonly ready: ReadyCheck
  /** Where the software keeps its data, inside its container. Absent: it keeps none. */
  readonly data?: string
  /** Environment for the services that need it; values may hold `${port.<name>}`. */
  readonly exports: Readonly<Record<string, string>>
  readonly provides?: Provides
}

/** The names of the ports that a type has with `driver`; left out, of those that it has with each of its drivers. */
export function portsOf({ ports, driverOrder }: ServiceTypeManifest, driver?: DriverName): string[] {
  const asked = driver === undefined ? driverOrder : [driver]
  return Object.entries(ports).flatMap(([name, { drivers }]) => (asked.every((one) => drivers?.includes(one) ?? true) ? [name] : []))
}

/** An implementation of an interface, as its `micro.plugin.yml` describes it. */
export interface ImplementationManifest {
  readonly kind: InterfaceKind
  /** The word that chooses it: `file`. */
  readonly word: string
  readonly uri: string
  readonly name: string
  readonly description: string
  readonly api: string
  readonly file: string
  /** The module, relative to the manifest's folder. */
  readonly entry: string
  readonly options?: OptionsSchema
}

/** All that can be named in a project file besides `node` and what core has built in. */
export interface Catalog {
  readonly types: readonly ServiceTypeManifest[]
  readonly implementations: readonly ImplementationManifest[]
}

/** A catalog with nothing in it: `node` is all that can be run. */
export const emptyCatalog: Catalog = { types: [], implementations: [] }
