import { jsonSchemaOf, type StandardSchemaV1 } from '../base/index.js'

type JsonSchema = Readonly<Record<string, unknown>>

/**
 * An input that fits `schema`, for a newcomer to send: what the schema gives as example or default, else the simplest value of each type. Optional
 * fields without an example are left out. Undefined where the schema's library cannot describe it, or it asks for something that is not an object.
 */
export function sampleOf(schema: StandardSchemaV1 | undefined): unknown {
  const described = schema === undefined ? undefined : jsonSchemaOf(schema, 'input')
  return described?.['type'] === 'object' ? valueOf(described) : undefined
}

function valueOf(schema: JsonSchema): unknown {
  const [example] = (schema['examples'] as readonly unknown[] | undefined) ?? [
    schema['example'] ?? schema['default'] ?? schema['const'] ?? (schema['enum'] as readonly unknown[] | undefined)?.[0],
  ]
  if (example !== undefined) return example
  switch (schema['type']) {
    case 'object':
      return objectOf(schema)
    case 'array':
      return schema['minItems'] === undefined ? [] : [valueOf((schema['items'] ?? {}) as JsonSchema)]
    case 'integer':
    case 'number':
      return Math.max(1, Number(schema['minimum'] ?? 1), Number(schema['exclusiveMinimum'] ?? 0) + 1)
    case 'boolean':
      return true
    case 'string':
      return textOf(schema)
    default:
      return null
  }
}

const formats: Readonly<Record<string, string>> = {
  date: '2026-01-01',
  'date-time': '2026-01-01T12:00:00Z',
  email: 'ada@example.com',
  uri: 'https://example.com',
  uuid: '00000000-0000-4000-8000-000000000000',
}

function textOf({ format, minLength }: JsonSchema): string {
  return formats[String(format)] ?? 'text'.padEnd(Number(minLength ?? 0), 's')
}

function objectOf(schema: JsonSchema): Record<string, unknown> {
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>
  const required = new Set((schema['required'] ?? []) as readonly string[])
  const shown = Object.entries(properties).filter(([key, property]) => required.has(key) || property['examples'] !== undefined)
  return Object.fromEntries(shown.map(([key, property]) => [key, valueOf(property)]))
}
