import { didYouMean, MicroError, type Place } from '@microts/core/base'

/** The failures of finding plugins. */
export const findErrors = {
  /** The same failure, with the place of the reference that it is about, or a better one. */
  at: (error: MicroError, place: Place) =>
    new MicroError(error.code, error.message, {
      reason: error.reason,
      ...(error.hint !== undefined && { hint: error.hint }),
      place,
      ...(error.details !== undefined && { details: error.details }),
      cause: error.cause ?? error,
    }),

  /** `known`: the interfaces. */
  unknownKind: (reference: string, kind: string, known: readonly string[]) =>
    new MicroError('invalid_argument', `Cannot use "${reference}": "${kind}" is no interface (${known.join(', ')})`, {
      reason: 'PLUGIN_REFERENCE',
      hint: capital(didYouMean(kind, known)) ?? 'Write <interface>/<name>, host/owner/repository, npm:<package> or ./path.',
      details: { reference, known },
    }),

  /** A word alone. `known`: Micro's own plugins, as `broker/nats`. */
  noPlace: (reference: string, known: readonly string[]) => {
    const meant = known.filter((one) => one.endsWith(`/${reference}`))
    return new MicroError('invalid_argument', `Cannot use "${reference}" as a plugin: it names no place`, {
      reason: 'PLUGIN_REFERENCE',
      hint: meant.length > 0 ? `Write ${meant.join(' or ')}.` : 'Write <interface>/<name>, host/owner/repository, npm:<package> or ./path.',
      details: { reference, known },
    })
  },

  /** One that Micro has, and the project has not. */
  notInstalled: (reference: string, packageName: string) =>
    new MicroError('failed_precondition', `Cannot use "${reference}": the package ${packageName} is not installed`, {
      reason: 'PLUGIN_NOT_INSTALLED',
      hint: `Type: npm install ${packageName}`,
      details: { reference, package: packageName },
    }),

  /** `known`: what there is of the same interface, as `broker/nats`. A package of a name that nobody knows is not what to install: it may be anyone's. */
  unknownPlugin: (reference: string, known: readonly string[]) =>
    new MicroError('not_found', `Cannot use "${reference}": Micro has no plugin of that name, and none is installed`, {
      reason: 'UNKNOWN_PLUGIN',
      hint: `${capital(didYouMean(reference, known)) ?? `Known: ${known.join(', ')}.`} Others are npm:<package>, host/owner/repository or ./path.`,
      details: { reference, known },
    }),
}

const capital = (text: string | undefined) => (text === undefined ? undefined : text.charAt(0).toUpperCase() + text.slice(1))
