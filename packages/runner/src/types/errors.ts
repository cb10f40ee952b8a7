import { MicroError, type Place } from '@microts/core/base'
import type { Mistake } from '@microts/source/yaml'

const mistake = (reason: string, message: string, place: Place): Mistake => ({ code: 'invalid_argument', reason, message, place })

/** What can be wrong with the meaning of a manifest. */
export const manifestMistakes = {
  unknownPort: (place: Place, path: string, port: string, known: readonly string[]) =>
    mistake('UNKNOWN_PORT', `"${path}" must name a port of the type (${known.join(', ') || 'it has none'}): found "${port}"`, place),

  portOfNoDriver: (place: Place, port: string, driver: string, known: readonly string[]) =>
    mistake('UNKNOWN_DRIVER', `"drivers" of port ${port} must name drivers of the type (${known.join(', ')}): found "${driver}"`, place),

  unknownVersion: (place: Place, path: string, version: string, known: readonly string[]) =>
    mistake('UNKNOWN_VERSION', `"${path}" must be one of "versions" (${known.join(', ')}): found "${version}"`, place),

  noDriver: (place: Place, type: string) =>
    mistake('DRIVER_MISSING', `"drivers" of ${type} must name at least one way to run it: found none`, place),

  badExpression: (place: Place, expression: string) =>
    mistake('BAD_EXPRESSION', `"version.match" must be a regular expression with a group: found "${expression}"`, place),

  badProvides: (place: Place, type: string) =>
    mistake('BAD_PROVIDES', `"provides" of ${type} must name one interface and an "address": found something else`, place),

  badOptions: (place: Place, found: string, why: string) =>
    mistake('BAD_OPTIONS', `"options" must be a JSON Schema or a file with one: found ${found}: ${why}`, place),

  unknownPlaceholder: (place: Place, found: string, known: readonly string[]) =>
    mistake('UNKNOWN_PLACEHOLDER', `"${found}" cannot be filled in: known are ${known.join(', ')}`, place),

  outside: (place: Place, found: string) =>
    mistake('PATH_OUTSIDE', `A manifest can name only files of its own plugin: found "${found}"`, place),

  typeTwice: (place: Place, type: string, other: string) =>
    mistake('TYPE_TWICE', `The type "${type}" stands in two manifests: the other is ${other}`, place),
}

/** The failures of choosing how to run a service. */
export const typeErrors = {
  /** All mistakes of a manifest as one error. `mistakes` has at least one. */
  invalidManifest: (file: string, mistakes: readonly Mistake[]) => {
    const [first] = mistakes as readonly [Mistake]
    return new MicroError('invalid_argument', `Cannot use the manifest ${file}: ${first.message}`, {
      reason: 'INVALID_MANIFEST',
      place: first.place,
      ...(first.hint !== undefined && { hint: first.hint }),
      details: { mistakes },
    })
  },

  /** `refusals`: a line for each driver of the type. */
  noDriver: (service: string, wanted: string, refusals: readonly string[], place: Place) =>
    new MicroError('failed_precondition', `Cannot run "${service}" (${wanted}): ${refusals.join('; ')}`, {
      reason: 'NO_DRIVER',
      hint: 'Name another version or driver, or install what is missing.',
      place,
    }),

  /**
   * `refusals`: a line for each driver that was tried; `others`: the type's drivers but docker; `works`: those of them that can run what is wanted
   * and were not asked to.
   */
  dockerUnsupported: (
    service: string,
    found: {
      readonly wanted: string
      readonly type: string
      readonly refusals: readonly string[]
      readonly others: readonly string[]
      readonly works: readonly string[]
    },
    place: Place,
  ) => {
    const { wanted, type, refusals, others, works } = found
    const another =
      others.length > 0 ? `Write no version and no driver: type: ${type}` : `Run ${type} yourself and pass its address in \`env\`.`
    return new MicroError('unimplemented', `Cannot run "${service}" (${wanted}): ${refusals.join('; ')}`, {
      reason: 'DRIVER_UNSUPPORTED',
      hint: works.length > 0 ? `Write: driver: ${works[0]}` : another,
      place,
      details: { works },
    })
  },

  /** A port is written that the chosen driver does not have. */
  portNotOfDriver: (service: string, port: string, driver: string, drivers: readonly string[], place: Place) =>
    new MicroError(
      'invalid_argument',
      `Cannot give port "${port}" to "${service}": driver ${driver} does not have it, ${drivers.join(' and ')} do`,
      {
        reason: 'PORT_NOT_OF_DRIVER',
        hint: `Leave \`${port}\` out of \`ports\`, or write: driver: ${drivers[0] ?? ''}`,
        place,
      },
    ),

  /** `owner`: `1234 (node main.js)`, where the system tells. */
  portTaken: (
    service: string,
    port: string,
    number: number,
    owner: { readonly pid: number; readonly command: string } | undefined,
    place?: Place,
  ) =>
    new MicroError(
      'unavailable',
      `Cannot give port ${number} to "${service}" (${port}): ${owner === undefined ? 'another process' : `process ${owner.pid} (${owner.command})`} has it`,
      {
        reason: 'PORT_TAKEN',
        hint:
          owner === undefined
            ? 'End that process, or leave the port out of `ports`.'
            : `Type: kill ${owner.pid}, or leave the port out of \`ports\`.`,
        ...(place !== undefined && { place }),
        details: { port: number, ...(owner !== undefined && { pid: owner.pid, command: owner.command }) },
      },
    ),

  noFreePort: (service: string, port: string) =>
    new MicroError('resource_exhausted', `Cannot find a free port for "${service}" (${port}): all that were tried are taken`, {
      reason: 'NO_FREE_PORT',
      hint: `Write one: ports: { ${port}: <number> }`,
    }),

  notReady: (service: string, timeoutMs: number, why: string) =>
    new MicroError('deadline_exceeded', `Gave up waiting for "${service}": ${why} within ${timeoutMs} ms`, {
      reason: 'NOT_READY',
      hint: `Type: micro logs ${service}`,
      details: { timeoutMs },
    }),
}
