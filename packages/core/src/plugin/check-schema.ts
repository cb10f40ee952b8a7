import { didYouMean } from '../base/index.js'
import { checkValue } from './check-value.js'
import type { OptionSchema } from './options.js'
import { readPattern } from './pattern.js'
import { showValue } from './show-value.js'

/** What of a schema is outside the subset. */
export interface SchemaIssue {
  /** The way to it, key by key: `['properties', 'mode', 'default']`; empty for the schema as a whole. */
  readonly path: readonly string[]
  /** What is wrong there, as a clause: `must be a text: found 5`. */
  readonly problem: string
}

// Deeper or longer than this no form is, and nobody reads on after so many mistakes.
const mostLevels = 8
const mostOptions = 500
const mostIssues = 20

/**
 * What keeps `schema` from being an {@link OptionsSchema}, none when it is one: another keyword or type, a value of the wrong kind, a pattern that cannot be used, a default
 * that does not fit, a name that is no word. The first twenty, in the order of the schema.
 */
export function checkOptionsSchema(schema: unknown): readonly SchemaIssue[] {
  const found: SchemaIssue[] = []
  const reader: Reader = { options: 0, report: (path, problem) => void (found.length < mostIssues && found.push({ path, problem })) }
  if (!isObject(schema) || schema['type'] !== 'object') reader.report(isObject(schema) ? ['type'] : [], 'must be a schema of type "object"')
  else {
    const { $schema, ...rest } = schema
    if ($schema !== undefined && $schema !== draft) reader.report(['$schema'], `must be "${draft}": found ${showValue($schema)}`)
    if (rest['default'] !== undefined) reader.report(['default'], 'belongs to each option: found one of all of them')
    else checkSchema(rest, [], reader)
  }
  return found
}

const draft = 'https://json-schema.org/draft/2020-12/schema'

interface Reader {
  options: number
  report(path: readonly string[], problem: string): void
}

/** Gives what is wrong with the value of a keyword, if something is. `schema` is what it stands in. */
type Check = (value: unknown, schema: Readonly<Record<string, unknown>>) => string | undefined

const wanted =
  (what: string, fits: (value: unknown) => boolean): Check =>
  (value) =>
    fits(value) ? undefined : `must be ${what}: found ${showValue(value)}`
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0
const areWords = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string') && new Set(value).size === value.length

const text = wanted('a text', (value) => typeof value === 'string')
const count = wanted('a whole number from 0', isCount)
const anything: Check = () => undefined // Checked with the schema that it stands in, when that is known to be one.

const notAbove =
  (check: Check, upper: string): Check =>
  (value, schema) =>
    check(value, schema) ??
    ((value as number) > (schema[upper] as number) ? `must not be above "${upper}": found ${showValue(value)}` : undefined)

const number = wanted('a number', Number.isFinite)
const all = { type: anything, title: text, description: text, default: anything }
const range = { ...all, minimum: notAbove(number, 'maximum'), maximum: number }

const keywords: Readonly<Record<OptionSchema['type'], Readonly<Record<string, Check>>>> = {
  string: {
    ...all,
    enum: wanted('a list of different texts', (value) => areWords(value) && value.length > 0),
    pattern(value, schema) {
      const why = text(value, schema) ?? readPattern(value as string).why
      return why === undefined || typeof value !== 'string' ? why : `cannot be used: ${why}`
    },
    secret: wanted('true or false', (value) => typeof value === 'boolean'),
  },
  integer: range,
  number: range,
  boolean: all,
  array: { ...all, items: anything, minItems: notAbove(count, 'maxItems'), maxItems: count },
  object: {
    ...all,
    properties: wanted('a mapping from names to schemas', isObject),
    required(value, { properties }) {
      if (!areWords(value)) return `must be a list of different names: found ${showValue(value)}`
      const unknown = isObject(properties) ? value.find((name) => !Object.hasOwn(properties, name)) : undefined
      return unknown === undefined ? undefined : `must name options that there are: found ${showValue(unknown)}`
    },
    additionalProperties: wanted('false, which it also is when it is left out', (value) => value === false),
  },
}

/** Gives whether all is well, with all that is below. */
function checkSchema(schema: unknown, path: readonly string[], reader: Reader): schema is OptionSchema {
  let isWell = true
  const report = (key: string | undefined, problem: string) => {
    isWell = false
    reader.report(key === undefined ? path : [...path, key], problem)
  }
  if (!isObject(schema)) return (report(undefined, `must be a schema: found ${showValue(schema)}`), false)
  // Counted before anything is looked into: what code hands over may even have circles.
  if (path.length > 2 * mostLevels) return (report(undefined, `must be at most ${mostLevels} levels deep`), false)
  if (++reader.options > mostOptions) return (report(undefined, `must not come after ${mostOptions} others`), false)
  const { type } = schema
  const known = typeof type === 'string' && Object.hasOwn(keywords, type) ? keywords[type as OptionSchema['type']] : undefined
  if (known === undefined)
    return (
      report('type', `must be one of ${Object.keys(keywords).join(', ')}: found ${type === undefined ? 'none' : showValue(type)}`), false
    )
  for (const [key, value] of Object.entries(schema)) {
    const check = Object.hasOwn(known, key) ? known[key] : undefined
    const names = Object.keys(known)
    if (check === undefined)
      report(key, ['is not known here', `known are ${names.join(', ')}`, didYouMean(key, names)].filter(Boolean).join('; '))
    else {
      const problem = check(value, schema)
      if (problem !== undefined) report(key, problem)
    }
  }
  if (type === 'array' && !checkSchema(schema['items'], [...path, 'items'], reader)) isWell = false
  if (type === 'object' && !checkProperties(schema['properties'], [...path, 'properties'], reader)) isWell = false
  if (!isWell || schema['default'] === undefined) return isWell
  const issues: string[] = []
  checkValue(schema as OptionSchema, schema['default'], 'it', issues)
  if (issues[0] !== undefined) report('default', `must fit: ${issues[0]}`)
  return isWell
}

// Such a name can be written in YAML without quotes and in a message without doubt, and is none that JavaScript gives a meaning to.
const name = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/

function checkProperties(properties: unknown, path: readonly string[], reader: Reader): boolean {
  if (properties === undefined) return (reader.report(path, 'is missing: write {} for none'), false)
  if (!isObject(properties)) return false // It has been told.
  return Object.entries(properties)
    .map(([key, property]) => {
      if (name.test(key)) return checkSchema(property, [...path, key], reader)
      reader.report([...path, key.slice(0, 80)], 'must be a letter, then letters, digits, "_" and "-", 64 in all')
      return false
    })
    .every(Boolean)
}
