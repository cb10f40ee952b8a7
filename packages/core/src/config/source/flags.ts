import { MicroError } from '../../base/index.js'
import type { ConfigSource, JsonValue } from '../config.js'
import { configErrors } from '../errors.js'
import { parsePath } from '../path.js'
import { assemble } from './assemble.js'
import { textValue } from './text-value.js'

/** Arguments of a command line, sorted. */
export interface ParsedFlags {
  readonly tree: JsonValue
  /** What is no flag, in its order: what does not begin with `--` and is no flag's value, and all that follows a lone `--`. */
  readonly rest: readonly string[]
}

/**
 * The flags among `argv`, which does not hold the program's own name (`process.argv.slice(2)`).
 *
 * `--database.host=x` and `--database.host x` set; `--verbose` is true when another flag or nothing follows it, else write `--verbose=true`; `--no-verbose`
 * is false, whatever follows. What begins with `--` is never a value without `=`.
 * A step with hyphens becomes camelCase: `--pool-size=5` is `poolSize`. A flag that is there several times is a list, in their order.
 * `--database=x --database.host=y` loses neither: `{ database: { _: "x", host: "y" } }`. Values mean what {@link textValue} says.
 *
 * @throws `invalid_argument`/`FLAG_INVALID`: a name with an empty step or `__proto__`, a value after `--no-x`, two flags that mean one setting
 */
export function parseFlags(argv: readonly string[]): ParsedFlags {
  const end = argv.indexOf('--')
  const mine = end === -1 ? argv : argv.slice(0, end)
  const isFlag = (argument: string) => argument.startsWith('--')

  const found = new Map<string, { readonly steps: readonly string[]; readonly origin: string; readonly values: JsonValue[] }>()
  const rest: string[] = []
  for (let index = 0; index < mine.length; index++) {
    const argument = mine[index] as string
    if (!isFlag(argument)) {
      rest.push(argument)
      continue
    }
    const next = mine[index + 1]
    const { flag, steps, value, tookNext } = parseFlag(argument, next === undefined || isFlag(next) ? undefined : next)
    if (tookNext) index++
    const key = JSON.stringify(steps)
    const same = found.get(key)
    if (same === undefined) found.set(key, { steps, origin: flag, values: [value] })
    else same.values.push(value)
  }
  const entries = [...found.values()].map(({ steps, origin, values: [first, ...others] }) => ({
    steps,
    origin,
    value: others.length === 0 ? (first as JsonValue) : [first as JsonValue, ...others],
  }))
  return {
    tree: assemble(entries, (path, [one, other]) => configErrors.flagInvalid(other, `it and "${one}" both set "${path}"`)),
    rest: [...rest, ...(end === -1 ? [] : argv.slice(end + 1))],
  }
}

/**
 * Settings from the command line, as {@link parseFlags} reads them.
 *
 * Reading: `invalid_argument`/`FLAG_INVALID` also for an argument that is no flag, since nobody would see it. A program that takes such arguments calls
 * `parseFlags` and makes a `memorySource` of its tree.
 */
export function flagsSource(argv: readonly string[], options: { readonly name?: string } = {}): ConfigSource {
  return {
    name: options.name ?? 'flags',
    async load() {
      const { tree, rest } = parseFlags(argv)
      const [stray] = rest
      if (stray !== undefined) throw configErrors.flagInvalid(stray, 'it is no flag')
      return tree
    },
  }
}

interface ParsedFlag {
  readonly flag: string
  readonly steps: readonly string[]
  readonly value: JsonValue
  readonly tookNext: boolean
}

function parseFlag(argument: string, next: string | undefined): ParsedFlag {
  const equals = argument.indexOf('=')
  const flag = equals === -1 ? argument : argument.slice(0, equals)
  const isOff = flag.startsWith('--no-')
  if (isOff && equals !== -1) throw configErrors.flagInvalid(flag, 'a flag that begins with "--no-" takes no value')
  const steps = stepsOf(flag, flag.slice(isOff ? '--no-'.length : '--'.length))
  if (equals !== -1) return { flag, steps, value: textValue(argument.slice(equals + 1)), tookNext: false }
  if (isOff || next === undefined) return { flag, steps, value: !isOff, tookNext: false }
  return { flag, steps, value: textValue(next), tookNext: true }
}

function stepsOf(flag: string, path: string): readonly string[] {
  if (path === '') throw configErrors.flagInvalid(flag, 'it has no name')
  try {
    return parsePath(path).map((step) =>
      step.replace(/(.)-+([a-z0-9])/g, (_, before: string, after: string) => before + after.toUpperCase()),
    )
  } catch (error) {
    throw MicroError.is(error) ? configErrors.flagInvalid(flag, error.message) : error
  }
}
