import { jsonSchemaOf, type StandardSchemaV1 } from '../base/index.js'
import type { Endpoint } from './endpoint.js'
import { statusOf } from './status.js'

type Json = { readonly [key: string]: unknown }

/** What the document describes. */
export interface OpenApiOptions {
  readonly service: string
  readonly version: string
  readonly endpoints: readonly Endpoint[]
}

/**
 * The service as OpenAPI 3.1: each endpoint as `POST /<Handler.Method>`, with the JSON Schemas of its input and output. A schema whose library cannot tell is `{}`, which is anything.
 *
 * @see https://spec.openapis.org/oas/v3.1.0
 */
export function openApi({ service, version, endpoints }: OpenApiOptions): Json {
  const schemas: Record<string, unknown> = { Error: errorSchema }
  const refer = (name: string, schema: StandardSchemaV1 | undefined, side: 'input' | 'output'): Json => {
    const found = schema === undefined ? undefined : schemaOf(schema, side)
    if (found === undefined) return {}
    schemas[name] = rerooted(found, `#/components/schemas/${name}`)
    return { $ref: `#/components/schemas/${name}` }
  }
  const paths = endpoints.map(({ name, input, output }) => {
    const post = {
      operationId: name,
      tags: [name.split('.')[0]],
      requestBody: { content: { 'application/json': { schema: refer(`${name}.input`, input, 'input') } } },
      responses: {
        200: { description: 'The reply.', content: { 'application/json': { schema: refer(`${name}.output`, output, 'output') } } },
        default: { description: 'A failure.', content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } } },
      },
    }
    return [`/${name}`, { post }]
  })
  return {
    openapi: '3.1.0',
    info: { title: service, version },
    paths: Object.fromEntries(paths) as Json,
    components: { schemas },
  }
}

const errorSchema: Json = {
  type: 'object',
  required: ['code', 'reason', 'message'],
  properties: {
    code: { type: 'string', description: `One of gRPC's codes; it decides the status: not_found is ${statusOf('not_found').http}.` },
    reason: { type: 'string', description: 'What went wrong, for programs: ORDER_NOT_FOUND.' },
    message: { type: 'string', description: 'What went wrong, for people.' },
    hint: { type: 'string', description: 'What to do about it.' },
    details: { type: 'object' },
  },
}

/** The JSON Schema of one side, by the standard's own door, or by the one that its library had before there was a standard. */
function schemaOf(schema: StandardSchemaV1, side: 'input' | 'output'): Json | undefined {
  const said = jsonSchemaOf(schema, side)
  if (said !== undefined) return said
  const { toJSONSchema, toJsonSchema } = schema as { readonly toJSONSchema?: unknown; readonly toJsonSchema?: unknown }
  try {
    // zod 4's schemas have the first, arktype's the second; recognised by what they can do, so that neither is imported.
    if (typeof toJSONSchema === 'function')
      return recordOf(toJSONSchema.call(schema, { io: side, target: 'draft-2020-12', unrepresentable: 'any' }))
    if (typeof toJsonSchema === 'function') return recordOf(toJsonSchema.call(schema))
  } catch {
    // A transform or a check of the user's own has no JSON Schema: that is a property of the schema, not a failure.
  }
  return undefined
}

function recordOf(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined
}

// References count from the root of a document, which is another one now.
function rerooted(value: unknown, root: string): unknown {
  if (Array.isArray(value)) return value.map((one) => rerooted(one, root))
  const record = recordOf(value)
  if (record === undefined) return value
  const entries = Object.entries(record).flatMap(([key, one]): [string, unknown][] => {
    if (key === '$schema') return []
    return [[key, key === '$ref' && typeof one === 'string' && /^#(\/|$)/.test(one) ? root + one.slice(1) : rerooted(one, root)]]
  })
  return Object.fromEntries(entries)
}
