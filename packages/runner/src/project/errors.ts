import { didYouMean, MicroError, type Place } from '@microts/core/base'
import type { Mistake } from '@microts/source/yaml'

const mistake = (reason: string, message: string, place: Place, hint?: string): Mistake => ({
  code: 'invalid_argument',
  reason,
  message,
  place,
  ...(hint !== undefined && { hint }),
})

/** What can be wrong with the meaning of a project file. */
export const projectMistakes = {
  unknownType: (place: Place, service: string, type: string, known: readonly string[]) =>
    mistake(
      'UNKNOWN_TYPE',
      `"services.${service}.type" must be one of ${known.join(', ')}: found "${type}"`,
      place,
      capital(didYouMean(type, known)),
    ),

  unknownVersion: (place: Place, service: string, type: string, version: string, known: readonly string[]) =>
    mistake(
      'UNKNOWN_VERSION',
      `"services.${service}.type" must name a version of ${type} (${known.join(', ')}): found "${version}"`,
      place,
      capital(didYouMean(version, known)),
    ),

  versionOfOurs: (place: Place, service: string) =>
    mistake(
      'UNKNOWN_VERSION',
      `"services.${service}.type" has a version: a service of ours has none here`,
      place,
      'Write "type: node"; the version is that of its package.json.',
    ),

  unknownNeed: (place: Place, service: string, need: string, known: readonly string[]) =>
    mistake(
      'UNKNOWN_SERVICE',
      `"services.${service}.needs" names "${need}": there is no such service`,
      place,
      capital(didYouMean(need, known)) ?? `Known: ${known.join(', ')}.`,
    ),

  needsItself: (place: Place, cycle: readonly string[]) =>
    mistake(
      'NEEDS_CYCLE',
      `"needs" goes round in a circle: ${cycle.join(' -> ')}`,
      place,
      'None of them could start first; leave one of these needs out.',
    ),

  keyNotForType: (place: Place, service: string, key: string, type: string, wanted: string) =>
    mistake(
      'KEY_NOT_FOR_TYPE',
      `"services.${service}.${key}" cannot be set for type ${type}: it is for ${wanted}`,
      place,
      `Leave "${key}" out.`,
    ),

  unknownPort: (place: Place, service: string, port: string, known: readonly string[]) =>
    mistake(
      'UNKNOWN_PORT',
      `"services.${service}.ports" must name ports of the type (${known.join(', ') || 'it has none'}): found "${port}"`,
      place,
      capital(didYouMean(port, known)),
    ),

  portTwice: (place: Place, port: number, first: string, second: string) =>
    mistake('PORT_TWICE', `Port ${port} stands at two services: ${first} and ${second}`, place, 'Give one of them another port.'),

  driverNotInType: (place: Place, service: string, driver: string, known: readonly string[]) =>
    mistake('UNKNOWN_DRIVER', `"services.${service}.driver" must be one that the type has (${known.join(', ')}): found "${driver}"`, place),

  noPath: (place: Place, service: string) =>
    mistake(
      'MISSING_KEY',
      `"path" is missing in "services.${service}": the folder with its main.ts`,
      place,
      `Write: path: ./services/${service}`,
    ),

  noMain: (place: Place, service: string, folder: string) =>
    mistake(
      'NO_MAIN',
      `"services.${service}.path" must be a folder with a main.ts: found none in ${folder}`,
      place,
      `Type: micro new ${service}, or correct the path.`,
    ),

  outside: (place: Place, service: string, path: string) =>
    mistake('PATH_OUTSIDE', `"services.${service}.path" must lie in the project's folder: found "${path}"`, place),

  emptyChoice: (place: Place, path: string) =>
    mistake('MISSING_KEY', `"${path}" chooses nothing: it needs "type" or "service"`, place, 'Write a word, or { type: <word> }.'),

  doubleChoice: (place: Place, path: string) =>
    mistake('AMBIGUOUS_CHOICE', `"${path}" has both "type" and "service": only one can choose`, place, 'Keep one of the two.'),

  unknownProvider: (place: Place, path: string, service: string, known: readonly string[]) =>
    mistake(
      'UNKNOWN_SERVICE',
      `"${path}" names the service "${service}": there is no such service`,
      place,
      capital(didYouMean(service, known)) ?? `Known: ${known.join(', ')}.`,
    ),

  notProvided: (place: Place, path: string, service: string, kind: string) =>
    mistake('NOT_PROVIDED', `"${path}" names the service "${service}": its type provides no ${kind}`, place),

  ambiguousProvider: (place: Place, service: string, kind: string, providers: readonly string[]) =>
    mistake(
      'AMBIGUOUS_PROVIDER',
      `"services.${service}" does not say which ${kind} it uses: ${providers.join(' and ')} both provide one`,
      place,
      `Add to it: ${kind}: { service: ${providers[0]} }`,
    ),

  badReference: (place: Place, path: string, found: string, kinds: readonly string[]) =>
    mistake(
      'PLUGIN_REFERENCE',
      `"${path}" must name a plugin as <interface>/<name>, host/owner/repository, npm:<package> or ./path: found "${found}"`,
      place,
      `The interfaces are ${kinds.join(', ')}. For example: store/file`,
    ),

  /** `known`: the types of the plugin; `isOfCore`: Micro itself has one of that name. */
  unknownTypeOf: (
    place: Place,
    found: {
      readonly service: string
      readonly type: string
      readonly plugin: string
      readonly known: readonly string[]
      readonly isOfCore: boolean
    },
  ) =>
    mistake(
      'UNKNOWN_TYPE',
      `"services.${found.service}.type" must be a type of ${found.plugin} (${found.known.join(', ')}): found "${found.type}"`,
      place,
      capital(didYouMean(found.type, found.known)) ??
        (found.isOfCore ? `Micro itself has ${found.type}: leave "plugin" out.` : `Write: type: ${found.known[0]}`),
    ),

  /** Several parts of one plugin have it. `what`: "the type mailhog", "broker/kafka"; `uris`: those parts. */
  ambiguousInPlugin: (place: Place, path: string, what: string, uris: readonly string[]) =>
    mistake(
      'AMBIGUOUS_IN_PLUGIN',
      `"${path}" has ${what} more than once: ${uris.join(' and ')}`,
      place,
      `Name one of them: plugin: ${uris[0]}`,
    ),

  /** `wanted`: "a type of service", "a broker"; `has`: what it is instead, as `broker/kafka` or `mailhog`; `hint`: how that is written. */
  wrongKind: (
    place: Place,
    path: string,
    plugin: string,
    found: { readonly wanted: string; readonly has: readonly string[]; readonly hint: string },
  ): Mistake => ({
    code: 'failed_precondition',
    reason: 'PLUGIN_KIND_MISMATCH',
    message: `"${path}" must be a plugin with ${found.wanted}: ${plugin} has ${found.has.length === 0 ? 'nothing' : `only ${found.has.join(', ')}`}`,
    hint: found.hint,
    place,
  }),

  /** `pointers`: the places that its manifest names. */
  onlyPoints: (place: Place, path: string, plugin: string, pointers: readonly string[]) =>
    mistake(
      'PLUGIN_IS_INDEX',
      `"${path}" must be a plugin: ${plugin} has none itself, it only names ${pointers.join(', ')}`,
      place,
      `Name the place that is meant, for example: plugin: ${pointers[0]}`,
    ),

  unknownImplementation: (place: Place, path: string, name: string, plugin: string, known: readonly string[]) =>
    mistake(
      'UNKNOWN_IMPLEMENTATION',
      `"${path}" must be an implementation of ${plugin} (${known.join(', ')}): found "${name}"`,
      place,
      capital(didYouMean(name, known)) ?? `Write: type: ${known[0]}`,
    ),

  apiMismatch: (place: Place, path: string, plugin: string, range: string, api: string): Mistake => ({
    code: 'failed_precondition',
    reason: 'PLUGIN_API_MISMATCH',
    message: `"${path}" must be a plugin for plugin API ${api}: ${plugin} is made for ${range}`,
    hint: 'Name a version of it that was made for this API, or update Micro.',
    place,
  }),

  badOptions: (place: Place, path: string, plugin: string, issues: readonly string[]) =>
    mistake('PLUGIN_OPTIONS_INVALID', `"${path}.options" must be what ${plugin} takes: ${issues.join('; ')}`, place),
}

/** The failures of finding and reading projects. */
export const projectErrors = {
  notFound: (folder: string) =>
    new MicroError('not_found', `Cannot find a project: neither ${folder} nor a folder above it has a micro.yml or .lando.yml`, {
      reason: 'PROJECT_NOT_FOUND',
      hint: 'Type: micro init, or micro new <name>, or go to the folder of the project.',
      details: { folder },
    }),

  noFolder: (folder: string, cause: unknown) =>
    new MicroError('not_found', `Cannot look for a project in ${folder}: there is no such folder`, {
      reason: 'FOLDER_NOT_FOUND',
      hint: 'Check the path.',
      cause,
    }),

  unreadable: (file: string, cause: unknown) =>
    new MicroError('failed_precondition', `Cannot read ${file}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      reason: 'PROJECT_UNREADABLE',
      place: { file },
      cause,
    }),

  /** All mistakes of a file as one error; with only one kind of mistake it has that one's code and reason. `mistakes` has at least one. */
  invalid: (file: string, mistakes: readonly Mistake[]) => {
    const [first] = mistakes as readonly [Mistake]
    const isOneKind = mistakes.every(({ reason }) => reason === first.reason)
    const message = mistakes.length === 1 ? first.message : `Cannot use ${file}: ${mistakes.length} mistakes; the first: ${first.message}`
    return new MicroError(isOneKind ? first.code : 'invalid_argument', message, {
      reason: isOneKind ? first.reason : 'INVALID_PROJECT',
      place: first.place,
      ...(first.hint !== undefined && { hint: first.hint }),
      details: { mistakes },
    })
  },

  noServices: (patterns: readonly string[], folder: string, searched: number) =>
    new MicroError(
      'not_found',
      `Cannot find a service for ${patterns.join(' ')}: of ${searched} ${searched === 1 ? 'folder' : 'folders'} at and below ${folder} none has a main.ts that imports ./plugins.js or has a plugins.ts beside it`,
      { reason: 'NO_SERVICES', hint: 'Type: micro new <name>, or name the folder of a service.', details: { patterns, folder, searched } },
    ),

  badPattern: (pattern: string, why: string) =>
    new MicroError('invalid_argument', `Cannot use the pattern "${pattern}": ${why}`, {
      reason: 'BAD_PATTERN',
      hint: 'Patterns are ./... (all below), ./services/orders (one), services/... (all below services).',
    }),
}

const capital = (text: string | undefined) => (text === undefined ? undefined : text.charAt(0).toUpperCase() + text.slice(1))
