import { pluginErrors, type Kind, type PluginEntry, type PluginManifest } from '../plugin/index.js'
import { defaultNames } from './builtins.js'
import type { Settings } from './settings.js'

/** Which implementation of an interface a service uses, and why. */
export interface Choice {
  readonly kind: Kind
  readonly manifest: PluginManifest
  /** Who said so: `--broker`, `MICRO_BROKER`, `micro.yml:4`, `plugins.ts`, `default`. */
  readonly why: string
  readonly address: string | undefined
  readonly options: unknown
}

/**
 * The implementation of `kind`, the first that is said: flag, environment (into which a runner turns micro.yml), the only one of that kind in
 * plugins.ts, the default. What a program hands over in code is not asked for here.
 *
 * @throws AMBIGUOUS_PLUGIN when two are listed and none is named, PLUGIN_NOT_LISTED when the named one is in neither list
 */
export function choose(kind: Kind, settings: Settings, plugins: readonly PluginEntry[], builtins: readonly PluginEntry[]): Choice {
  const listed = plugins.map((entry) => entry.manifest).filter((manifest) => manifest.kind === kind)
  const builtin = builtins.map((entry) => entry.manifest).filter((manifest) => manifest.kind === kind)
  const said = settings.implementation(kind)
  const rest = { kind, address: settings.address(kind), options: settings.options(kind) }

  if (said !== undefined) {
    const manifest = [...listed, ...builtin].find((one) => one.name === said.value || one.reference === said.value)
    if (manifest === undefined)
      throw pluginErrors.notListed(
        kind,
        said.value,
        said.why,
        [...listed, ...builtin].map((one) => one.name),
      )
    return { ...rest, manifest, why: said.why }
  }
  if (listed.length > 1)
    throw pluginErrors.ambiguous(
      kind,
      listed.map((one) => one.reference),
    )
  if (listed[0] !== undefined) return { ...rest, manifest: listed[0], why: 'plugins.ts' }
  return { ...rest, manifest: builtin.find((one) => one.name === defaultNames[kind]) as PluginManifest, why: 'default' }
}
