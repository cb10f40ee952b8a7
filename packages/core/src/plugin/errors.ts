import { MicroError, didYouMean } from '../base/index.js'

/** What a plugin can do wrong, and what can be wrong about choosing one. */
export const pluginErrors = {
  kindMismatch: (reference: string, wanted: string, found: string) =>
    new MicroError('failed_precondition', `Cannot use "${reference}" as a ${wanted}: it is a ${found}`, {
      reason: 'PLUGIN_KIND_MISMATCH',
      hint: `Name a ${wanted} instead, or use it as the ${found} that it is.`,
      details: { reference, wanted, found },
    }),

  apiMismatch: (reference: string, wanted: string, found: string) =>
    new MicroError('failed_precondition', `Cannot load plugin "${reference}": it is made for plugin API ${wanted}, and this is ${found}`, {
      reason: 'PLUGIN_API_MISMATCH',
      hint: 'Update @microts/core, or take the version of the plugin that was made for this API.',
      details: { reference, wanted, found },
    }),

  optionsInvalid: (reference: string, issues: readonly string[]) =>
    new MicroError('invalid_argument', `Cannot create plugin "${reference}": its options do not fit: ${issues.join('; ')}`, {
      reason: 'PLUGIN_OPTIONS_INVALID',
      hint: 'Mend the `options` of that interface in micro.yml, or the environment variable MICRO_<KIND>_OPTIONS.',
      details: { reference, issues },
    }),

  notAPlugin: (reference: string, found: string) =>
    new MicroError('failed_precondition', `Cannot load plugin "${reference}": its default export is no plugin but ${found}`, {
      reason: 'PLUGIN_INVALID',
      hint: "A plugin's module ends with `export default definePlugin({ kind, name, api, create })`.",
    }),

  manifestMismatch: (reference: string, field: string, manifest: string, code: string) =>
    new MicroError(
      'failed_precondition',
      `Cannot load plugin "${reference}": its manifest says ${field} "${manifest}" and its code says "${code}"`,
      {
        reason: 'PLUGIN_MANIFEST_MISMATCH',
        hint: 'The author of the plugin has to make the two say the same.',
      },
    ),

  loadFailed: (reference: string, cause: unknown) =>
    new MicroError('failed_precondition', `Cannot load plugin "${reference}": ${cause instanceof Error ? cause.message : String(cause)}`, {
      reason: 'PLUGIN_LOAD_FAILED',
      hint: 'Its module could not be imported; the cause says why. Is it installed whole?',
      cause,
    }),

  createFailed: (reference: string, cause: unknown) =>
    new MicroError('unavailable', `Cannot create plugin "${reference}": ${cause instanceof Error ? cause.message : String(cause)}`, {
      reason: 'PLUGIN_CREATE_FAILED',
      cause,
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
