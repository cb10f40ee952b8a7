import type { Clock } from '../base/index.js'
import type { Kind, Kinds } from './kinds.js'
import type { OptionsSchema } from './options.js'

/** The version of the contract between core and plugins, of all kinds: an optional member raises the second number, anything else the first. */
export const pluginApi = '1.0'

/** What is known of a plugin before any of its code runs. */
export interface PluginManifest {
  /** How the user wrote it: `store/file`, `github.com/alice/plugins//broker/kafka:v1`. For errors. */
  readonly reference: string
  readonly kind: Kind
  /** The word that chooses it: `file`. */
  readonly name: string
  /** The plugin APIs that it works with: `^1.0`. */
  readonly api: string
  /** What its options must look like. Absent: it takes none. */
  readonly options?: OptionsSchema
  /** The package's version, or the revision that it came from: `develop 3f2c1ab90d12`. For errors. */
  readonly version?: string
}

/** An entry of `plugins.ts`. `load` is called once, after the manifest has been checked. */
export interface PluginEntry {
  readonly manifest: PluginManifest
  readonly load: () => Promise<{ readonly default: unknown }>
}

/** What a plugin's `create` is handed besides its options. */
export interface PluginContext {
  /** `host:port`, a URL, a list with commas: what `MICRO_<KIND>_ADDRESS` says. Undefined: the plugin's own default. */
  readonly address: string | undefined
  readonly clock: Clock
  /** Evenly drawn from 0 (included) to 1 (excluded). */
  readonly random: () => number
  /** The service that it is created in. */
  readonly service: string
  /** Tells two checkouts of one project apart; 64 hex digits, or what `MICRO_PROJECT` says. */
  readonly project: string
  /** An absolute folder for what the plugin keeps between runs: `<project>/.micro/data/<kind>/<service>`. It need not exist yet. */
  readonly dataFolder: string
  /** Something worth telling that is no failure: reconnected, fell back. Goes to the service's log. */
  readonly warn: (message: string, data?: Readonly<Record<string, unknown>>) => void
}

/** An implementation of an interface, as its package's default export. */
export interface Plugin<K extends Kind = Kind, Options = unknown> {
  readonly kind: K
  readonly name: string
  /** The plugin APIs that it works with: `^1.0`. */
  readonly api: string
  /**
   * What its options must look like, for who reads the code. The host goes by the manifest, since it checks options before it loads any code, and
   * refuses a plugin that says something else here.
   */
  readonly options?: OptionsSchema
  /**
   * Makes it. `options` fit the manifest's schema, with defaults filled in. It may connect here or on first use; `close()` of what it gives is the only lifecycle.
   *
   * A MicroError that it throws reaches the user with its code, reason and hint, and the plugin's name before its message; anything else is PLUGIN_CREATE_FAILED.
   */
  create(options: Options, context: PluginContext): Kinds[K] | Promise<Kinds[K]>
}

/** Types a plugin, and does nothing else: it returns what it was given. */
export function definePlugin<K extends Kind, Options = Record<string, never>>(plugin: Plugin<K, Options>): Plugin<K, Options> {
  return plugin
}
