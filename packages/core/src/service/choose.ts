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
 * It is named by its word or by its reference. A word that is in plugins.ts and in core means the one in plugins.ts.
 *
 * @throws AMBIGUOUS_PLUGIN when several are listed and none is named, or several have the name; PLUGIN_NOT_LISTED when none has it
 */
export function choose(kind: Kind, settings: Settings, plugins: readonly PluginEntry[], builtins: readonly PluginEntry[]): Choice {
  const listed = ofKind(kind, plugins)
  const builtin = ofKind(kind, builtins)
  const rest = { kind, address: settings.address(kind), options: settings.options(kind) }

  const said = settings.implementation(kind)
  if (said === undefined) {
    const only = one(kind, listed)
    if (only !== undefined) return { ...rest, manifest: only, why: 'plugins.ts' }
    return { ...rest, manifest: builtin.find(({ name }) => name === defaultNames[kind]) as PluginManifest, why: 'default' }
  }
  const all = [...listed, ...builtin]
  const byName = (manifests: readonly PluginManifest[]) => manifests.filter(({ name }) => name === said.value)
  const found = all.find(({ reference }) => reference === said.value) ?? one(kind, byName(listed)) ?? byName(builtin)[0]
  if (found !== undefined) return { ...rest, manifest: found, why: said.why }
  const known = [...new Set(all.map(({ name }) => name))]
  throw pluginErrors.notListed(kind, said.value, said.why, known)
}

function ofKind(kind: Kind, entries: readonly PluginEntry[]): readonly PluginManifest[] {
  return entries.map((entry) => entry.manifest).filter((manifest) => manifest.kind === kind)
}

function one(kind: Kind, manifests: readonly PluginManifest[]): PluginManifest | undefined {
  if (manifests.length < 2) return manifests[0]
  const references = manifests.map((manifest) => manifest.reference)
  throw pluginErrors.ambiguous(kind, references)
}
