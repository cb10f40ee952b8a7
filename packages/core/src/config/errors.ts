import { MicroError, type Place } from '../base/index.js'

/** What can go wrong with a configuration, each made in one place. No message carries a value: it may be a secret. */
export const configErrors = {
  /** A path that leads nowhere by its form. */
  pathInvalid: (path: unknown, why: string) =>
    new MicroError('invalid_argument', `Cannot use the path ${JSON.stringify(path) ?? String(path)}: ${why}`, {
      reason: 'PATH_INVALID',
      hint: 'Write steps with dots between them ("database.host"), or a list of steps where a step holds a dot.',
    }),

  /** A value that is not JSON. `at`: the path of the part that is not. */
  valueInvalid: (at: string, why: string) =>
    new MicroError('invalid_argument', `Cannot set "${at}": ${why}`, {
      reason: 'VALUE_INVALID',
      hint: 'Give null, booleans, finite numbers, strings, lists and plain objects of these.',
      details: { path: at },
    }),

  /** A source whose content is wrong. It stays wrong until someone changes it, so it is not worth a retry. */
  sourceInvalid: (source: string, why: string, place?: Place) =>
    new MicroError('failed_precondition', `Cannot read the configuration from "${sourceAt(source, place)}": ${why}`, {
      reason: 'CONFIG_INVALID',
      hint: `Mend ${place === undefined ? `"${source}"` : `line ${place.line} of "${place.file}"`}; until then its last good content counts.`,
      details: { source },
      ...(place === undefined ? {} : { place }),
    }),

  /** A source that could not be asked. */
  sourceUnavailable: (source: string, cause: unknown) =>
    new MicroError(
      'unavailable',
      `Cannot read the configuration from "${source}": ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        reason: 'CONFIG_UNAVAILABLE',
        hint: `See that "${source}" can be reached and read.`,
        details: { source },
        cause,
      },
    ),

  /** An argument of the command line that is no flag. Only its name is shown: what follows `=` may be a secret. */
  flagInvalid: (argument: string, why: string) =>
    new MicroError('invalid_argument', `Cannot use the argument "${argument}": ${why}`, {
      reason: 'FLAG_INVALID',
      hint: 'Write `--database.host=value`, `--verbose` or `--no-verbose`.',
    }),

  /** No source has a value that is needed. */
  missing: (path: string) =>
    new MicroError('failed_precondition', `Cannot read the setting "${path}": no source has it`, {
      reason: 'CONFIG_MISSING',
      hint: `Put "${path}" into one of the sources, or read it with a default.`,
      details: { path },
    }),

  /** A value that does not fit its schema. `issues`: one line each, with path and source. */
  mismatch: (path: string, issues: readonly string[]) =>
    new MicroError('failed_precondition', `Cannot read the setting "${path}": ${issues.join('; ')}`, {
      reason: 'CONFIG_MISMATCH',
      hint: 'Correct it in the source that is named. In variables and flags, a number that is meant as text has quotes of its own: \'"123"\'.',
      details: { path, issues },
    }),
}

const sourceAt = (source: string, place: Place | undefined) =>
  place === undefined ? source : `${place.file}:${place.line ?? 1}:${place.column ?? 1}`
