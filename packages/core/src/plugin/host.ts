import { baseErrors, type MicroError } from '../base/index.js'
import { apiFits } from './api-range.js'
import { checkOptions } from './check-options.js'
import { checkOptionsSchema } from './check-schema.js'
import { pluginErrors } from './errors.js'
import type { Kind, Kinds } from './kinds.js'
import type { OptionsSchema } from './options.js'
import { pluginApi, type Plugin, type PluginContext, type PluginEntry, type PluginManifest } from './plugin.js'
import { showValue } from './show-value.js'

/** Creates plugins of a list, each at most once, and closes them. One that fails leaves the others as they are. */
export interface PluginHost {
  /** What the list has of `kind`. */
  listed(kind: Kind): readonly PluginManifest[]
  /**
   * Creates the entry of `manifest`, which must be of `kind`. Kind, API and options are checked before any code of it runs. A second call for one entry gives
   * the first one's result, also a failure.
   *
   * @throws a MicroError that names the plugin and its revision: PLUGIN_KIND_MISMATCH, PLUGIN_API_MISMATCH, PLUGIN_SCHEMA_INVALID, PLUGIN_OPTIONS_INVALID, PLUGIN_LOAD_FAILED,
   * PLUGIN_INVALID, PLUGIN_MANIFEST_MISMATCH, PLUGIN_CREATE_FAILED, or with code, reason and hint of the MicroError that its `create` has thrown
   * @throws `failed_precondition`/`CLOSED` after `close`
   * @throws TypeError when no entry has this manifest
   */
  create<K extends Kind>(kind: K, manifest: PluginManifest, options: unknown, context: PluginContext): Promise<Kinds[K]>
  /**
   * Closes what was created, the last one first; what is being created is closed as soon as it is there. One that fails to close does not keep the others open.
   * Twice is once.
   *
   * @throws a MicroError that names each plugin that has failed: PLUGIN_CLOSE_FAILED, or with code and reason of the MicroError that the only one has thrown
   */
  close(): Promise<void>
}

/** A host for the entries of a `plugins.ts`. Nothing is loaded until it is asked for. */
export function pluginHost(entries: readonly PluginEntry[]): PluginHost {
  const created = new Map<PluginManifest, Promise<unknown>>()
  const open: (() => Promise<void>)[] = []
  let closing: Promise<void> | undefined

  const createOnce = async (entry: PluginEntry, given: unknown, context: PluginContext): Promise<unknown> => {
    const { manifest } = entry
    const options = checkBefore(manifest, given)
    const plugin = checkAfter(manifest, await load(entry))
    const made = await make(plugin, manifest, options, context)
    const close = closerOf(manifest, made)
    if (closing === undefined) open.push(close)
    else {
      await close()
      throw baseErrors.closed('plugin host')
    }
    return made
  }

  return {
    listed: (kind) => entries.map((entry) => entry.manifest).filter((manifest) => manifest.kind === kind),
    async create<K extends Kind>(kind: K, manifest: PluginManifest, options: unknown, context: PluginContext) {
      const entry = entries.find((one) => one.manifest === manifest)
      if (entry === undefined) throw new TypeError(`"${manifest.reference}" is not in the list of this host`)
      if (closing !== undefined) throw baseErrors.closed('plugin host')
      if (manifest.kind !== kind) throw pluginErrors.kindMismatch(manifest, kind, manifest.kind)
      const creating = created.get(manifest) ?? createOnce(entry, options, context)
      created.set(manifest, creating)
      return creating as Promise<Kinds[K]>
    },
    close: () => (closing ??= closeAll(open)),
  }
}

async function closeAll(open: readonly (() => Promise<void>)[]): Promise<void> {
  const failures: MicroError[] = []
  for (const close of open.toReversed()) await close().catch((error: unknown) => failures.push(error as MicroError))
  const [first, second] = failures
  if (first !== undefined) throw second === undefined ? first : pluginErrors.severalNotClosed(failures)
}

function checkBefore(manifest: PluginManifest, given: unknown): Readonly<Record<string, unknown>> {
  if (!apiFits(manifest.api, pluginApi)) throw pluginErrors.apiMismatch(manifest, manifest.api, pluginApi)
  const outside = manifest.options === undefined ? [] : checkOptionsSchema(manifest.options)
  if (outside.length > 0) {
    const issues = outside.map(({ path, problem }) => `"${path.join('.')}" ${problem}`)
    throw pluginErrors.schemaInvalid(manifest, issues)
  }
  const checked = checkOptions(manifest.options, given)
  if (checked.issues !== undefined) throw pluginErrors.optionsInvalid(manifest, checked.issues)
  return checked.options
}

async function load(entry: PluginEntry): Promise<unknown> {
  try {
    return (await entry.load()).default
  } catch (cause) {
    throw pluginErrors.loadFailed(entry.manifest, cause)
  }
}

function checkAfter(manifest: PluginManifest, found: unknown): Plugin {
  const plugin = found as Plugin | null | undefined
  if (typeof plugin?.create !== 'function') throw pluginErrors.notAPlugin(manifest, found === null ? 'null' : typeof found)
  for (const field of ['kind', 'name'] as const) {
    if (plugin[field] !== manifest[field])
      throw pluginErrors.manifestMismatch(manifest, field, showValue(manifest[field]), showValue(plugin[field]))
  }
  if (!apiFits(plugin.api, pluginApi)) throw pluginErrors.apiMismatch(manifest, showValue(plugin.api), pluginApi)
  const [said, wanted] = [asRules(plugin.options ?? manifest.options), asRules(manifest.options)]
  if (said !== wanted) throw pluginErrors.manifestMismatch(manifest, 'options', wanted.slice(0, 200), said.slice(0, 200))
  return plugin
}

// Texts for people may differ, and so may the order of the keys.
function asRules(schema: OptionsSchema | undefined): string {
  const ordered = (_key: string, value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    const entries = Object.entries(value).filter(
      ([key, one]) => typeof one !== 'string' || !['$schema', 'title', 'description'].includes(key),
    )
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
  }
  return JSON.stringify(schema ?? { type: 'object', properties: {} }, ordered)
}

async function make(plugin: Plugin, manifest: PluginManifest, options: unknown, context: PluginContext): Promise<object> {
  let made: unknown
  try {
    made = await plugin.create(options, context)
  } catch (cause) {
    throw pluginErrors.createFailed(manifest, cause)
  }
  if (typeof made === 'object' && made !== null) return made
  throw pluginErrors.nothingCreated(manifest, manifest.kind, showValue(made))
}

function closerOf(manifest: PluginManifest, made: object): () => Promise<void> {
  return async () => {
    try {
      // Selectors and codecs hold nothing, and have no close.
      await (made as { close?(): Promise<void> }).close?.()
    } catch (cause) {
      throw pluginErrors.closeFailed(manifest, cause)
    }
  }
}
