import { didYouMean } from '../base/index.js'
import type { ObjectSchema, OptionSchema } from './options.js'
import { mostPatternText, readPattern } from './pattern.js'
import { showValue } from './show-value.js'

/**
 * A copy of `value` with defaults filled in. What does not fit `schema` is told in `issues`, a line each; then the copy is of no use.
 * `path` is where the value stands: `tls.verify`, `''` for the options as a whole.
 */
export function checkValue(schema: OptionSchema, value: unknown, path: string, issues: string[]): unknown {
  const fail = () =>
    void issues.push(
      `${path === '' ? 'options' : path}: found ${hasSecret(schema) ? '(hidden)' : showValue(value)}, wanted ${describe(schema)}`,
    )
  switch (schema.type) {
    case 'object':
      return isObject(value) ? checkObject(schema, value, path, issues) : fail()
    case 'array':
      if (!Array.isArray(value) || value.length < (schema.minItems ?? 0) || value.length > (schema.maxItems ?? Infinity)) return fail()
      return value.map((item, index) => checkValue(schema.items, item, `${path}.${index}`, issues))
    case 'boolean':
      return typeof value === 'boolean' ? value : fail()
    case 'string':
      return typeof value === 'string' && (schema.enum?.includes(value) ?? true) && fitsPattern(schema.pattern, value) ? value : fail()
    case 'integer':
    case 'number': {
      const isNumber = typeof value === 'number' && Number.isFinite(value) && (schema.type === 'number' || Number.isInteger(value))
      return isNumber && value >= (schema.minimum ?? -Infinity) && value <= (schema.maximum ?? Infinity) ? value : fail()
    }
  }
}

function checkObject(schema: ObjectSchema, given: object, path: string, issues: string[]): unknown {
  const known = Object.keys(schema.properties)
  for (const key of Object.keys(given)) {
    if (Object.hasOwn(schema.properties, key)) continue
    const told = [`${join(path, key.slice(0, 80))}: unknown option`, `known are ${known.join(', ') || 'none'}`, didYouMean(key, known)]
    issues.push(told.filter(Boolean).join('; '))
  }
  const checked = Object.entries(schema.properties).flatMap(([key, property]): [string, unknown][] => {
    // Own keys alone: every object has a `constructor`.
    const value: unknown = Object.hasOwn(given, key) ? (given as Record<string, unknown>)[key] : undefined
    const at = join(path, key)
    if (value !== undefined) return [[key, checkValue(property, value, at, issues)]]
    // Checked as well, which makes a copy: whoever gets it may change it.
    if (property.default !== undefined) return [[key, checkValue(property, property.default, at, issues)]]
    if (schema.required?.includes(key) === true) issues.push(`${at}: missing, wanted ${describe(property)}`)
    return []
  })
  return Object.fromEntries(checked)
}

function fitsPattern(source: string | undefined, value: string): boolean {
  if (source === undefined) return true
  const read = readPattern(source)
  return value.length <= mostPatternText && read.why === undefined && read.pattern.test(value)
}

function describe(schema: OptionSchema): string {
  switch (schema.type) {
    case 'string':
      if (schema.enum !== undefined) return `one of ${schema.enum.join(', ')}`
      return schema.pattern === undefined ? 'a string' : `a string like ${schema.pattern}, of at most ${mostPatternText} characters`
    case 'array':
      return `a list${schema.minItems === undefined ? '' : ` of at least ${schema.minItems}`}${schema.maxItems === undefined ? '' : ` of at most ${schema.maxItems}`}`
    case 'object':
      return 'an object'
    case 'boolean':
      return 'true or false'
    case 'integer':
    case 'number': {
      const kind = schema.type === 'integer' ? 'a whole number' : 'a number'
      return `${kind}${schema.minimum === undefined ? '' : ` from ${schema.minimum}`}${schema.maximum === undefined ? '' : ` to ${schema.maximum}`}`
    }
  }
}

// Whoever writes the password where the object with the password belongs has still written the password.
function hasSecret(schema: OptionSchema): boolean {
  if (schema.type === 'object') return Object.values(schema.properties).some(hasSecret)
  return schema.type === 'array' ? hasSecret(schema.items) : schema.type === 'string' && schema.secret === true
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value)
const join = (path: string, key: string) => (path === '' ? key : `${path}.${key}`)
