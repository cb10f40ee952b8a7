import type { ConfigSource } from '../config.js'
import { configErrors } from '../errors.js'
import { assemble } from './assemble.js'
import { textValue } from './text-value.js'

/** Which variables are settings. */
export interface EnvSourceOptions {
  /** What their names begin with; it is taken off. Not empty, since that would make settings of everything in the environment. @default "MICRO_" */
  readonly prefix?: string
  /** @default "env" */
  readonly name?: string
}

/**
 * Settings from environment variables, `process.env` or any map like it.
 *
 * Names: after the prefix, `__` divides steps, and a step in capitals becomes camelCase: `MICRO_DATABASE__POOL_SIZE` is `database.poolSize`,
 * `MICRO_BROKER` is `broker` and `MICRO_BROKER_ADDRESS` is `brokerAddress`. A step with a small letter in it is taken as it is written.
 * When one variable's path is the beginning of another's, neither is lost: `MICRO_DATABASE` stands in the map `database` under `_`.
 * Values: JSON where they are exactly JSON, else text ({@link textValue} has the rule): `8080` is a number, `007` is text.
 *
 * The environment is read at each `load` and never watched. Reading: `failed_precondition`/`CONFIG_INVALID` for a name with an empty step, and for two
 * variables that mean one setting.
 */
export function envSource(env: Readonly<Record<string, string | undefined>>, options: EnvSourceOptions = {}): ConfigSource {
  const { prefix = 'MICRO_', name = 'env' } = options
  if (prefix === '') throw new TypeError('The prefix of an environment source is empty, wanted something like "SHOP_"')

  return {
    name,
    async load() {
      const entries = Object.entries(env)
        .filter((entry): entry is [string, string] => entry[0].startsWith(prefix) && entry[1] !== undefined)
        .map(([variable, text]) => ({ steps: stepsOf(variable, prefix, name), value: textValue(text), origin: variable }))
      return assemble(entries, (path, [one, other]) => configErrors.sourceInvalid(name, `${one} and ${other} both set "${path}"`))
    },
  }
}

function stepsOf(variable: string, prefix: string, source: string): readonly string[] {
  const steps = variable.slice(prefix.length).split('__').map(keyOf)
  if (steps.includes('')) throw configErrors.sourceInvalid(source, `${variable} has an empty step, wanted ${prefix}STEP__STEP`)
  return steps
}

const keyOf = (step: string) =>
  /[a-z]/.test(step)
    ? step
    : step.toLowerCase().replace(/([a-z0-9])_+([a-z0-9])/g, (_, before: string, after: string) => before + after.toUpperCase())
