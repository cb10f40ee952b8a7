import { MicroError, didYouMean } from '../base/index.js'
import type { PluginManifest } from './plugin.js'

/** Which plugin, and of which revision. */
export type PluginName = Pick<PluginManifest, 'reference' | 'version'>

/** What a plugin can do wrong, and what can be wrong about choosing one. */
export const pluginErrors = {
  kindMismatch: (plugin: PluginName, wanted: string, found: string) =>
    new MicroError('failed_precondition', `Cannot use ${named(plugin)} as a ${wanted}: it is a ${found}`, {
      reason: 'PLUGIN_KIND_MISMATCH',
      hint: `Name a ${wanted} instead, or use it as the ${found} that it is.`,
      details: { ...detailsOf(plugin), wanted, found },
    }),

  apiMismatch: (plugin: PluginName, wanted: string, found: string) =>
    new MicroError(
      'failed_precondition',
      `Cannot load plugin ${named(plugin)}: it is made for plugin API ${wanted}, and this is ${found}`,
      {
        reason: 'PLUGIN_API_MISMATCH',
        hint: 'Update @microts/core, or take the version of the plugin that was made for this API.',
        details: { ...detailsOf(plugin), wanted, found },
      },
    ),

  schemaInvalid: (plugin: PluginName, issues: readonly string[]) =>
    new MicroError(
      'failed_precondition',
      `Cannot load plugin ${named(plugin)}: its manifest describes its options in a way that cannot be checked: ${issues.join('; ')}`,
      {
        reason: 'PLUGIN_SCHEMA_INVALID',
        hint: 'The author of the plugin has to keep to the subset of JSON Schema that docs/plugins.md names.',
        details: { ...detailsOf(plugin), issues },
      },
    ),

  optionsInvalid: (plugin: PluginName, issues: readonly string[]) =>
    new MicroError('invalid_argument', `Cannot create plugin ${named(plugin)}: its options do not fit: ${issues.join('; ')}`, {
      reason: 'PLUGIN_OPTIONS_INVALID',
      hint: 'Mend the `options` of that interface in micro.yml, or the environment variable MICRO_<KIND>_OPTIONS.',
      details: { ...detailsOf(plugin), issues },
    }),

  notAPlugin: (plugin: PluginName, found: string) =>
    new MicroError('failed_precondition', `Cannot load plugin ${named(plugin)}: its default export is no plugin but ${found}`, {
      reason: 'PLUGIN_INVALID',
      hint: "A plugin's module ends with `export default definePlugin({ kind, name, api, create })`.",
      details: detailsOf(plugin),
    }),

  nothingCreated: (plugin: PluginName, kind: string, found: string) =>
    new MicroError('failed_precondition', `Cannot create plugin ${named(plugin)}: its create() gave ${found}, wanted a ${kind}`, {
      reason: 'PLUGIN_INVALID',
      hint: 'The author of the plugin has to return the implementation from `create`.',
      details: detailsOf(plugin),
    }),

  manifestMismatch: (plugin: PluginName, field: string, manifest: string, code: string) =>
    new MicroError(
      'failed_precondition',
      `Cannot load plugin ${named(plugin)}: its manifest says ${field} ${manifest} and its code says ${code}`,
      {
        reason: 'PLUGIN_MANIFEST_MISMATCH',
        hint: 'The author of the plugin has to make the two say the same.',
        details: { ...detailsOf(plugin), field, manifest, code },
      },
    ),

  loadFailed: (plugin: PluginName, cause: unknown) =>
    new MicroError('failed_precondition', `Cannot load plugin ${named(plugin)}: ${textOf(cause)}`, {
      reason: 'PLUGIN_LOAD_FAILED',
      hint: 'Its module could not be imported; the cause says why. Is it installed whole?',
      details: detailsOf(plugin),
      cause,
    }),

  createFailed: (plugin: PluginName, cause: unknown) =>
    ownFailure(cause, plugin, 'create') ??
    new MicroError('unavailable', `Cannot create plugin ${named(plugin)}: ${textOf(cause)}`, {
      reason: 'PLUGIN_CREATE_FAILED',
      details: detailsOf(plugin),
      cause,
    }),

  closeFailed: (plugin: PluginName, cause: unknown) =>
    ownFailure(cause, plugin, 'close') ??
    new MicroError('internal', `Cannot close plugin ${named(plugin)}: ${textOf(cause)}`, {
      reason: 'PLUGIN_CLOSE_FAILED',
      details: detailsOf(plugin),
      cause,
    }),

  /** `failures`: what {@link pluginErrors.closeFailed} made, two or more. */
  severalNotClosed: (failures: readonly MicroError[]) =>
    new MicroError('internal', `Cannot close ${failures.length} plugins: ${failures.map(({ message }) => message).join('; ')}`, {
      reason: 'PLUGIN_CLOSE_FAILED',
      details: { plugins: failures.map(({ details, reason }) => ({ ...details, reason })) },
      cause: new AggregateError(failures),
    }),

  ambiguous: (kind: string, references: readonly string[]) =>
    new MicroError('failed_precondition', `Cannot choose a ${kind}: ${references.join(' and ')} are listed and none is named`, {
      reason: 'AMBIGUOUS_PLUGIN',
      hint: `Name one: MICRO_${kind.toUpperCase()}=<name>, or --${kind}=<name>, or \`${kind}: <name>\` in micro.yml.`,
      details: { kind, references },
    }),

  notListed: (kind: string, name: string, why: string, known: readonly string[]) =>
    new MicroError(
      'failed_precondition',
      `Cannot use "${name}" as the ${kind} (${why}): there is no such implementation in this build, only ${known.join(', ')}`,
      {
        reason: 'PLUGIN_NOT_LISTED',
        hint: [didYouMean(name, known), `Name it in micro.yml (\`${kind}: ${name}\`) or list ${kind}/${name} in the service's plugins.ts.`]
          .filter(Boolean)
          .join(' '),
        details: { kind, name, known },
      },
    ),
}

const named = ({ reference, version }: PluginName) => `"${reference}"${version === undefined ? '' : ` (${version})`}`
const detailsOf = ({ reference, version }: PluginName) => ({ reference, ...(version === undefined ? {} : { version }) })
const textOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause))

/** A failure that the plugin has named itself, which a caller may act on: the same, and told whose it is. */
function ownFailure(cause: unknown, plugin: PluginName, verb: 'create' | 'close'): MicroError | undefined {
  if (!MicroError.is(cause)) return undefined
  const { code, reason, hint, place, details } = cause
  return new MicroError(code, `Cannot ${verb} plugin ${named(plugin)}: ${cause.message}`, {
    reason,
    ...(hint === undefined ? {} : { hint }),
    ...(place === undefined ? {} : { place }),
    details: { ...details, ...detailsOf(plugin) },
    cause,
  })
}
