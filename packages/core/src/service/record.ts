import { jsonSchemaOf, type StandardSchemaV1 } from '../base/index.js'
import type { EndpointRecord, NodeRecord, ServiceRecord, ValueDescription } from '../registry/registry.js'
import type { ServiceOptions } from './definition.js'

// As deep as go-micro describes a type.
const maxDepth = 3

/** What the registry is told of a service and one node of it: endpoints with their shapes, subscriptions as Go lists them. */
export function serviceRecord(options: ServiceOptions, node: NodeRecord): ServiceRecord {
  const endpoints = Object.entries(options.endpoints ?? {}).map(([name, definition]): EndpointRecord => {
    return {
      name,
      request: describeSchema('Request', definition.input, 'input'),
      response: describeSchema('Response', definition.output, 'output'),
      metadata: {},
    }
  })
  const topics = Object.entries(options.topics ?? {}).map(([name, definition]): EndpointRecord => {
    return { name, request: describeSchema('Message', definition.input, 'input'), metadata: { topic: name, subscriber: 'true' } }
  })
  return {
    name: options.name,
    version: options.version ?? 'latest',
    metadata: options.metadata ?? {},
    endpoints: [...endpoints, ...topics],
    nodes: [node],
  }
}

function describeSchema(name: string, schema: StandardSchemaV1 | undefined, side: 'input' | 'output'): ValueDescription | undefined {
  const json = schema === undefined ? undefined : jsonSchemaOf(schema, side)
  return json === undefined ? undefined : describeJson(name, json, 1)
}

type JsonSchema = Readonly<Record<string, unknown>>

function describeJson(name: string, schema: JsonSchema, depth: number): ValueDescription {
  const said = withoutNull(schema)
  const isList = said['type'] === 'array'
  const shape = isList ? withoutNull((said['items'] ?? {}) as JsonSchema) : said
  const fields = depth >= maxDepth ? [] : Object.entries((shape['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>)
  return {
    name,
    type: `${isList ? '[]' : ''}${typeName(shape)}`,
    values: fields.map(([key, field]) => describeJson(key, field, depth + 1)),
  }
}

function typeName({ type }: JsonSchema): string {
  if (Array.isArray(type)) return type.filter((one) => one !== 'null').join('|')
  return typeof type === 'string' ? type : 'any'
}

// Go has no word for "or null" in a description: what else it may be is what one wants to know.
function withoutNull(schema: JsonSchema): JsonSchema {
  const others = ((schema['anyOf'] ?? []) as readonly JsonSchema[]).filter((one) => one['type'] !== 'null')
  return others.length === 1 ? (others[0] as JsonSchema) : schema
}
