import { serviceErrors } from './errors.js'

/** Variables by name: `process.env`, or what a test says. */
export type Environment = Readonly<Record<string, string | undefined>>

// The longest time that a timer of Node takes.
const maxMs = 2 ** 31 - 1

/** The variable's text; undefined when it is unset or empty. */
export function textOf(env: Environment, variable: string): string | undefined {
  return env[variable] || undefined
}

/** A number of `unitMs` milliseconds each, in milliseconds. @throws `invalid_argument`/`ENVIRONMENT_INVALID` */
export function timeOf(env: Environment, variable: string, otherwiseMs: number, unitMs: 1 | 1000): number {
  const text = textOf(env, variable)
  if (text === undefined) return otherwiseMs
  const wanted = `a number of ${unitMs === 1 ? 'milliseconds' : 'seconds'}`
  const timeMs = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) * unitMs : Infinity
  if (timeMs > maxMs) throw serviceErrors.environmentInvalid(variable, text, wanted)
  return timeMs
}

/** A duration as Go writes it (`500ms`, `1m30s`), or a number of seconds, in milliseconds. @throws `invalid_argument`/`ENVIRONMENT_INVALID` */
export function durationOf(env: Environment, variable: string, otherwiseMs: number): number {
  const text = textOf(env, variable)
  if (text === undefined) return otherwiseMs
  const durationMs = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : goDurationMs(text)
  if (durationMs === undefined || durationMs <= 0 || durationMs > maxMs)
    throw serviceErrors.environmentInvalid(variable, text, 'a duration like "500ms", "5s" or "1m"')
  return durationMs
}

/** The JSON object in the variable. @throws `invalid_argument`/`ENVIRONMENT_INVALID`, which does not repeat the text */
export function objectOf(env: Environment, variable: string): Readonly<Record<string, unknown>> | undefined {
  const text = textOf(env, variable)
  if (text === undefined) return undefined
  const value = parsed(text)
  // Options may hold secrets, and what a parser says may hold a part of them: the name of the variable is enough to find it.
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw serviceErrors.environmentInvalid(variable, '(no JSON object)', 'a JSON object')
  return value as Readonly<Record<string, unknown>>
}

/** `a=1,b=2`, as Go's services take their metadata. @throws `invalid_argument`/`ENVIRONMENT_INVALID` */
export function pairsOf(env: Environment, variable: string): Readonly<Record<string, string>> {
  const parts = (env[variable] ?? '').split(',').filter((part) => part.trim() !== '')
  return Object.fromEntries(
    parts.map((part) => {
      const [name = '', ...value] = part.split('=')
      if (name.trim() === '' || value.length === 0) throw serviceErrors.environmentInvalid(variable, part, 'name=value,name=value')
      return [name.trim(), value.join('=').trim()]
    }),
  )
}

const unitsMs: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

function goDurationMs(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined
  const parts = text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)
  return [...parts].reduce((sum, [, count, unit]) => sum + Number(count) * (unitsMs[unit as string] as number), 0)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    // No JSON is no object: the caller says so.
    return undefined
  }
}
