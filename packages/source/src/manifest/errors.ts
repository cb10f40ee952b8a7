import { MicroError, type Place, didYouMean } from '@microts/core/base'
import { shown } from '../reference/errors.js'
import { type Mistake, describeMistakes } from '../yaml/mistake.js'

const mistake = (reason: string, message: string, place: Place, hint?: string): Mistake => ({
  code: 'invalid_argument',
  reason,
  message,
  place,
  ...(hint !== undefined && { hint }),
})

/** What can be wrong with an entry of a manifest. */
export const declarationMistakes = {
  wrongType: (place: Place, path: string, wanted: string) =>
    mistake('WRONG_TYPE', `"${path}" must be ${wanted}: found something else`, place),

  missingKey: (place: Place, path: string, key: string) => mistake('MISSING_KEY', `"${key}" is missing in "${path}"`, place),

  unknownKey: (place: Place, path: string, key: string, known: readonly string[]) =>
    mistake('UNKNOWN_KEY', `"${shown(key)}" is not known in "${path}": found a key that nothing reads`, place, didYouMean(key, known)),

  tooMany: (place: Place, what: string, most: number) => mistake('MANIFEST_LIMIT', `There are more than ${most} ${what}`, place),

  badUri: (place: Place, uri: string, why: string) => mistake('BAD_URI', `"uri" cannot be ${shown(uri)}: ${why}`, place),
}

/** What can be wrong with the manifests of a plugin. `key`: the plugin. */
export const manifestErrors = {
  invalid: (key: string, mistakes: readonly Mistake[]) =>
    new MicroError('invalid_argument', `Cannot read the manifest of ${key}: ${describeMistakes(mistakes)}`, {
      reason: 'INVALID_MANIFEST',
      hint: 'Its author has to mend it.',
      ...(mistakes[0] !== undefined && { place: mistakes[0].place }),
      details: { key, mistakes },
    }),

  none: (key: string, names: readonly string[]) =>
    new MicroError('failed_precondition', `Cannot use ${key}: it has no manifest (looked for ${names.join(' and ')}, six folders deep)`, {
      reason: 'NO_MANIFEST',
      hint: `It needs a ${names[0]}, for example:\nplugins:\n  - uri: ${key}\n    name: ${nameOf(key)}\n    description: What it is, in one line\n    api: ^1\n    service:\n      type: ${nameOf(key)}\n      drivers: { docker: { image: "${nameOf(key)}" } }`,
      details: { key, names },
    }),

  notDeclared: (key: string, known: readonly string[]) =>
    new MicroError('not_found', `Cannot find ${key}: the manifest there declares ${known.map(shown).join(', ') || 'nothing'}`, {
      reason: 'NOT_IN_MANIFEST',
      hint: [didYouMean(key, known), 'Name one of those.'].filter(Boolean).join(' '),
      details: { key, known },
    }),

  uriMismatch: (key: string, uri: string, wanted: string, place: Place) =>
    new MicroError('invalid_argument', `Cannot use ${key}: its manifest says it is "${shown(uri)}", which is another place`, {
      reason: 'URI_MISMATCH',
      hint: `An entry with "service" or "implementation" names the place where it stands: ${wanted}`,
      place,
      details: { key, uri, wanted },
    }),

  uriTwice: (key: string, uri: string, place: Place, other: Place) =>
    new MicroError(
      'invalid_argument',
      `Cannot use ${key}: "${shown(uri)}" is declared in ${place.file}${at(place)} and in ${other.file}${at(other)}`,
      {
        reason: 'URI_TWICE',
        hint: 'Its author has to take one of the two out.',
        place,
        details: { key, uri, files: [other.file, place.file] },
      },
    ),
}

const at = ({ line }: Place) => (line === undefined ? '' : ` line ${line}`)
const nameOf = (key: string) => key.split('/').at(-1) ?? key
