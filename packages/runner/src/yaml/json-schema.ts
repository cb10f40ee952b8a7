import type { Shape } from './shape.js'

/** A JSON Schema of draft 2020-12, as data. */
export type JsonSchema = Readonly<Record<string, unknown>>

/** The JSON Schema that accepts what {@link readShape} accepts, as far as JSON Schema can say it. */
export function jsonSchemaOf(shape: Shape): JsonSchema {
  switch (shape.is) {
    case 'string':
      return {
        type: 'string',
        ...(shape.oneOf !== undefined && { enum: shape.oneOf }),
        ...(shape.pattern !== undefined && { pattern: shape.pattern.source }),
      }
    case 'text':
      return { type: ['string', 'number', 'boolean'] }
    case 'integer':
      return { type: 'integer', minimum: shape.min, maximum: shape.max }
    case 'boolean':
      return { type: 'boolean' }
    case 'list':
      return { type: 'array', items: jsonSchemaOf(shape.of) }
    case 'map':
      return { type: 'object', propertyNames: { pattern: shape.key.source }, additionalProperties: jsonSchemaOf(shape.of) }
    case 'data':
      return { type: 'object' }
    case 'either':
      return { anyOf: [jsonSchemaOf(shape.leaf), jsonSchemaOf(shape.branch)] }
    case 'object': {
      const keys = Object.entries(shape.keys)
      const required = keys.filter(([, key]) => key.isRequired === true).map(([name]) => name)
      return {
        type: 'object',
        properties: Object.fromEntries(keys.map(([name, key]) => [name, { description: key.about, ...jsonSchemaOf(key.shape) }])),
        additionalProperties: false,
        ...(required.length > 0 && { required }),
      }
    }
  }
}
