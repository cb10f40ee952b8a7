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

  /** `known`: what there is of the same interface, as `broker/nats`. */
  notInstalled: (reference: string, packageName: string, known: readonly string[]) => {
    const near = capital(didYouMean(reference, known))
    const install = `Type: npm install ${packageName}`
    return new MicroError('failed_precondition', `Cannot use "${reference}": the package ${packageName} is not installed`, {
      reason: 'PLUGIN_NOT_INSTALLED',
      hint: near === undefined ? `${install}. Known: ${known.join(', ')}.` : `${near} ${install}`,
      details: { reference, known },
    })
  },
}

const capital = (text: string | undefined) => (text === undefined ? undefined : text.charAt(0).toUpperCase() + text.slice(1))
