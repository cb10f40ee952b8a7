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

function describeJson(name: string, schema: Record<string, unknown>, depth: number): ValueDescription {
  const type = Array.isArray(schema['type']) ? schema['type'].join('|') : typeof schema['type'] === 'string' ? schema['type'] : 'any'
  const items = schema['items'] as Record<string, unknown> | undefined
  const properties = (type === 'array' ? items?.['properties'] : schema['properties']) as
    | Record<string, Record<string, unknown>>
    | undefined
  const values = depth >= maxDepth ? [] : Object.entries(properties ?? {}).map(([key, value]) => describeJson(key, value, depth + 1))
  const typeName = type === 'array' ? `[]${typeof items?.['type'] === 'string' ? items['type'] : 'any'}` : type
  return { name, type: typeName, values }
}
