import { MicroError } from '../base/index.js'
import { apiFits } from './api-range.js'
import { checkOptions } from './check-options.js'
import { pluginErrors } from './errors.js'
import type { Kind, Kinds } from './kinds.js'
import { pluginApi, type Plugin, type PluginContext, type PluginEntry, type PluginManifest } from './plugin.js'

/** Creates plugins of a list, each at most once, and closes them. */
export interface PluginHost {
  /** What the list has of `kind`. */
  listed(kind: Kind): readonly PluginManifest[]
  /**
   * Creates `entry`, which must be of `kind`. Kind, API and options are checked before any code of it runs. A second call for one entry gives the first one's result.
   *
   * @throws a MicroError that names the plugin: PLUGIN_KIND_MISMATCH, PLUGIN_API_MISMATCH, PLUGIN_OPTIONS_INVALID, PLUGIN_LOAD_FAILED, PLUGIN_INVALID,
   * PLUGIN_MANIFEST_MISMATCH, PLUGIN_CREATE_FAILED, or what its `create` has thrown, if that is a MicroError
   */
  create<K extends Kind>(kind: K, manifest: PluginManifest, options: unknown, context: PluginContext): Promise<Kinds[K]>
  /** Closes what was created, the last one first. One that fails to close does not keep the others open; the first failure is thrown at the end. */
  close(): Promise<void>
}

/** A host for the entries of a `plugins.ts`. Nothing is loaded until it is asked for. */
export function pluginHost(entries: readonly PluginEntry[]): PluginHost {
  const created = new Map<PluginManifest, Promise<unknown>>()
  const open: { readonly reference: string; close?(): Promise<void> }[] = []

  const createOnce = async (kind: Kind, entry: PluginEntry, given: unknown, context: PluginContext): Promise<unknown> => {
    const { manifest } = entry
    const options = checkBefore(kind, manifest, given)
    const plugin = checkAfter(manifest, await load(entry))
    const made = await make(plugin, manifest, options, context)
    open.push({ reference: manifest.reference, ...closerOf(made) })
    return made
  }

  return {
    listed: (kind) => entries.map((entry) => entry.manifest).filter((manifest) => manifest.kind === kind),
    create<K extends Kind>(kind: K, manifest: PluginManifest, options: unknown, context: PluginContext) {
      const entry = entries.find((one) => one.manifest === manifest)
      if (entry === undefined) throw new TypeError(`"${manifest.reference}" is not in the list of this host`)
      const creating = created.get(manifest) ?? createOnce(kind, entry, options, context)
      created.set(manifest, creating)
      return creating as Promise<Kinds[K]>
    },
    async close() {
      const failures: unknown[] = []
      for (const one of open.splice(0).reverse()) {
        try {
          await one.close?.()
        } catch (error) {
          failures.push(error)
        }
      }
      const [first] = failures
      if (first !== undefined) throw MicroError.from(first)
    },
  }
}

function checkBefore(kind: Kind, manifest: PluginManifest, given: unknown): Readonly<Record<string, unknown>> {
  if (manifest.kind !== kind) throw pluginErrors.kindMismatch(nameOf(manifest), kind, manifest.kind)
  if (!apiFits(manifest.api, pluginApi)) throw pluginErrors.apiMismatch(nameOf(manifest), manifest.api, pluginApi)
  const checked = checkOptions(manifest.options, given)
  if (checked.issues !== undefined) throw pluginErrors.optionsInvalid(nameOf(manifest), checked.issues)
  return checked.options
}

async function load(entry: PluginEntry): Promise<unknown> {
  try {
    return (await entry.load()).default
  } catch (cause) {
    throw pluginErrors.loadFailed(nameOf(entry.manifest), cause)
  }
}

function checkAfter(manifest: PluginManifest, found: unknown): Plugin {
  const plugin = found as Plugin | null | undefined
  if (typeof plugin?.create !== 'function') throw pluginErrors.notAPlugin(nameOf(manifest), typeof found)
  for (const field of ['kind', 'name'] as const) {
    if (plugin[field] !== manifest[field]) throw pluginErrors.manifestMismatch(nameOf(manifest), field, manifest[field], plugin[field])
  }
  if (!apiFits(plugin.api, pluginApi)) throw pluginErrors.apiMismatch(nameOf(manifest), plugin.api, pluginApi)
  return plugin
}

async function make(plugin: Plugin, manifest: PluginManifest, options: unknown, context: PluginContext): Promise<unknown> {
  try {
    return await plugin.create(options, context)
  } catch (cause) {
    if (MicroError.is(cause)) throw cause
    throw pluginErrors.createFailed(nameOf(manifest), cause)
  }
}

function closerOf(made: unknown): { close?(): Promise<void> } {
  const closable = made as { close?(): Promise<void> }
  // Selectors and codecs hold nothing, and have no close.
  return typeof closable.close === 'function' ? { close: () => closable.close?.() ?? Promise.resolve() } : {}
}

const nameOf = (manifest: PluginManifest) =>
  manifest.version === undefined ? manifest.reference : `${manifest.reference}@${manifest.version}`
