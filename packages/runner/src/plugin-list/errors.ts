import { MicroError } from '@microts/core/base'

/** What can be wrong about `--plugins`, and about a service's `plugins.ts`. */
export const pluginListErrors = {
  words: (found: string, why: string) =>
    new MicroError('invalid_argument', `Cannot use --plugins=${found}: ${why}`, {
      reason: 'PLUGIN_WORDS_INVALID',
      hint: 'Write --plugins=<references>, with commas between them, or --plugins=none.',
      details: { found },
    }),

  builtIn: (reference: string, kind: string, name: string) =>
    new MicroError('invalid_argument', `Cannot add "${reference}" to a service: it is part of core, and needs no plugin`, {
      reason: 'PLUGIN_BUILT_IN',
      hint: `Type micro run --${kind}=${name}, or write in micro.yml: ${kind}: ${name}`,
      details: { reference },
    }),

  core: (reference: string) =>
    new MicroError('invalid_argument', `Cannot add "${reference}" to a service: it means core, which every service has`, {
      reason: 'PLUGIN_BUILT_IN',
      hint: 'Leave it out, or write --plugins=none for a service that has nothing else.',
      details: { reference },
    }),

  noImplementation: (reference: string) =>
    new MicroError('failed_precondition', `Cannot add "${reference}" to a service: it has no implementation of an interface`, {
      reason: 'PLUGIN_KIND_MISMATCH',
      hint: 'Name the folder of the repository that has one: host/owner/repository//folder.',
      details: { reference },
    }),

  serviceType: (reference: string, type: string) =>
    new MicroError(
      'failed_precondition',
      `Cannot add "${reference}" to a service: it is a type of service, not an implementation of an interface`,
      {
        reason: 'PLUGIN_KIND_MISMATCH',
        hint: `Write it in micro.yml, under services: \`${type}: { type: ${type}${reference === type ? '' : `, plugin: ${JSON.stringify(reference)}`} }\``,
        details: { reference, type },
      },
    ),

  entryMissing: (reference: string, file: string) =>
    new MicroError('failed_precondition', `Cannot add "${reference}" to a service: its module ${file} is not there`, {
      reason: 'PLUGIN_ENTRY_MISSING',
      hint: 'Build the plugin, or mend `entry` in its micro.plugin.yml.',
      details: { reference, file },
    }),

  notImported: (service: string, main: string, references: readonly string[]) =>
    new MicroError('failed_precondition', `Cannot add ${references.join(', ')} to "${service}": its main.ts does not import ./plugins.js`, {
      reason: 'PLUGINS_NOT_IMPORTED',
      hint: "Add to it: import { plugins } from './plugins.js', and hand them over: run({ plugins })",
      place: { file: main },
    }),

  /** `difference`: lines that begin with "-" for what is there, "+" for what would be. */
  edited: (file: string, why: string, difference: readonly string[]) => {
    const shown = difference.map((line) => `\n    ${line}`).join('')
    return new MicroError('failed_precondition', `Cannot write ${file}: ${why}${shown}`, {
      reason: 'PLUGINS_EDITED',
      hint: '--force writes it all the same. Without --plugins it is used as it is.',
      place: { file },
      details: { file, difference },
    })
  },

  unwritable: (file: string, cause: NodeJS.ErrnoException) =>
    new MicroError('failed_precondition', `Cannot write ${file}: ${cause.message}`, {
      reason: 'PLUGINS_UNWRITABLE',
      hint: `\`ls -ld ${file}\` shows who may write it.`,
      place: { file },
      cause,
    }),
}
