import type { OptionSchema, OptionsSchema } from './options.js'

/** The options with their defaults filled in, or what is wrong with them: one line an issue, `path: found, wanted`. */
export type CheckedOptions =
  | { readonly options: Readonly<Record<string, unknown>>; readonly issues?: undefined }
  | { readonly issues: readonly string[] }

/** Checks `value` (absent: no options) against `schema` (absent: it takes none). The value itself is left as it is. */
export function checkOptions(schema: OptionsSchema | undefined, value: unknown): CheckedOptions {
  const issues: string[] = []
  const options = checkObject({ type: 'object', properties: {}, ...schema }, value ?? {}, '', issues) as Readonly<Record<string, unknown>>
  return issues.length === 0 ? { options } : { issues }
}

function checkObject(schema: OptionsSchema, value: unknown, path: string, issues: string[]): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return fail(issues, path, value, 'an object')
  const given = value as Record<string, unknown>
  for (const key of Object.keys(given)) {
    if (!Object.hasOwn(schema.properties, key))
      issues.push(`${join(path, key)}: unknown option; known are ${Object.keys(schema.properties).join(', ') || 'none'}`)
  }
  const checked: Record<string, unknown> = {}
  for (const [key, property] of Object.entries(schema.properties)) {
    if (given[key] !== undefined) checked[key] = check(property, given[key], join(path, key), issues)
    else if (property.default !== undefined) checked[key] = property.default
    else if (schema.required?.includes(key) === true) issues.push(`${join(path, key)}: missing, wanted ${describe(property)}`)
  }
  return checked
}

function check(schema: OptionSchema, value: unknown, path: string, issues: string[]): unknown {
  switch (schema.type) {
    case 'object':
      return checkObject(schema, value, path, issues)
    case 'array':
      if (!Array.isArray(value) || value.length < (schema.minItems ?? 0) || value.length > (schema.maxItems ?? Infinity))
        return fail(issues, path, value, describe(schema))
      return value.map((item, index) => check(schema.items, item, `${path}.${index}`, issues))
    case 'boolean':
      return typeof value === 'boolean' ? value : fail(issues, path, value, describe(schema))
    case 'string': {
      const fits =
        typeof value === 'string' &&
        (schema.enum?.includes(value) ?? true) &&
        (schema.pattern === undefined || new RegExp(schema.pattern, 'u').test(value))
      return fits ? value : fail(issues, path, schema.secret === true ? '(hidden)' : value, describe(schema))
    }
    case 'integer':
    case 'number': {
      const fits = typeof value === 'number' && Number.isFinite(value) && (schema.type === 'number' || Number.isInteger(value))
      return fits && value >= (schema.minimum ?? -Infinity) && value <= (schema.maximum ?? Infinity)
        ? value
        : fail(issues, path, value, describe(schema))
    }
  }
}

function describe(schema: OptionSchema): string {
  switch (schema.type) {
    case 'string':
      return schema.enum !== undefined
        ? `one of ${schema.enum.join(', ')}`
        : `a string${schema.pattern === undefined ? '' : ` like ${schema.pattern}`}`
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

function fail(issues: string[], path: string, found: unknown, wanted: string): undefined {
  issues.push(`${path === '' ? 'options' : path}: found ${JSON.stringify(found)}, wanted ${wanted}`)
  return undefined
}

const join = (path: string, key: string) => (path === '' ? key : `${path}.${key}`)
