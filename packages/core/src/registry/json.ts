import { registryErrors } from './errors.js'
import type { EndpointRecord, NodeRecord, RegistryChange, ServiceRecord, ValueDescription } from './registry.js'

/** What a Go watcher reports, as its JSON has it. `service` may be missing there. */
export interface ServiceResult {
  readonly type: RegistryChange['type']
  readonly service: ServiceRecord | undefined
}

/** What Go's registries hand on to each other. `timestamp` is RFC 3339 with nanoseconds, kept as it was written. */
export interface ServiceEvent extends ServiceResult {
  readonly id: string
  readonly timestamp: string
}

// Deeper descriptions than this are cut: go-micro writes three levels, and what a stranger sends must not exhaust the stack.
const maxDepth = 16

/**
 * A service as go-micro's JSON, with its keys in Go's order, map keys sorted, and Go's escapes, so that equal services have equal text.
 *
 * Empty lists are `null` as Go writes them; empty maps are `{}`, since Go code may write into a map that it was given, and `null` would panic there.
 */
export function encodeService(service: ServiceRecord): string {
  const endpoints = list(service.endpoints.map(encodeEndpoint))
  const nodes = list(service.nodes.map(encodeNode))
  const { name, version, metadata } = service
  return `{"name":${text(name)},"version":${text(version)},"metadata":${encodeMap(metadata)},"endpoints":${endpoints},"nodes":${nodes}}`
}

/**
 * A service out of go-micro's JSON. Absent and `null` lists and maps are empty; what is not known is passed over.
 *
 * @throws `data_loss`/`SERVICE_CORRUPT`
 */
export function decodeService(json: string): ServiceRecord {
  const value = parse(json)
  if (!isObject(value)) throw registryErrors.serviceCorrupt('it is no JSON object')
  return readService(value)
}

/** An endpoint as go-micro's JSON. */
export function encodeEndpoint(endpoint: EndpointRecord): string {
  const { request, response, metadata, name } = endpoint
  return `{"request":${encodeValue(request)},"response":${encodeValue(response)},"metadata":${encodeMap(metadata)},"name":${text(name)}}`
}

/** An endpoint out of parsed JSON; undefined when it is none. */
export function readEndpoint(value: unknown): EndpointRecord | undefined {
  if (!isObject(value)) return undefined
  const request = readValue(value['request'], 1)
  const response = readValue(value['response'], 1)
  return {
    name: readText(value['name']),
    ...(request === undefined ? {} : { request }),
    ...(response === undefined ? {} : { response }),
    metadata: readMap(value['metadata']),
  }
}

/** The endpoints of a list out of parsed JSON; none where there is no list. */
export function readEndpoints(value: unknown): EndpointRecord[] {
  return readList(value, readEndpoint)
}

/** A map of texts as Go's JSON: keys in the order of their bytes. */
export function encodeMap(map: Readonly<Record<string, string>>): string {
  const keys = Object.keys(map).sort(byBytes)
  return `{${keys.map((key) => `${text(key)}:${text(map[key] ?? '')}`).join(',')}}`
}

/** A map of texts out of parsed JSON; empty where there is none. */
export function readMap(value: unknown): Record<string, string> {
  if (!isObject(value)) return {}
  return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
}

/** A text as Go's JSON: `<`, `>`, `&` and the two separators that JavaScript once broke lines at are escaped. */
export function text(value: string): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** A watcher's report as go-micro's JSON. */
export function encodeResult(result: ServiceResult): string {
  return `{"Service":${result.service === undefined ? 'null' : encodeService(result.service)},"Action":${text(result.type)}}`
}

/**
 * A watcher's report out of go-micro's JSON.
 *
 * @throws `data_loss`/`SERVICE_CORRUPT`
 */
export function decodeResult(json: string): ServiceResult {
  const value = parse(json)
  const type = isObject(value) ? value['Action'] : undefined
  if (!isObject(value) || (type !== 'create' && type !== 'update' && type !== 'delete'))
    throw registryErrors.serviceCorrupt('it has no Action of create, update or delete')
  return { type, service: isObject(value['Service']) ? readService(value['Service']) : undefined }
}

// registry.EventType in Go: 0, 1 and 2.
const eventTypes = ['create', 'delete', 'update'] as const

/** A registry's event as go-micro's JSON. */
export function encodeEvent(event: ServiceEvent): string {
  const service = event.service === undefined ? 'null' : encodeService(event.service)
  return `{"Timestamp":${text(event.timestamp)},"Service":${service},"Id":${text(event.id)},"Type":${eventTypes.indexOf(event.type)}}`
}

/**
 * A registry's event out of go-micro's JSON.
 *
 * @throws `data_loss`/`SERVICE_CORRUPT`
 */
export function decodeEvent(json: string): ServiceEvent {
  const value = parse(json)
  const type = isObject(value) ? eventTypes[value['Type'] as number] : undefined
  if (!isObject(value) || type === undefined) throw registryErrors.serviceCorrupt('it has no Type from 0 to 2')
  const service = isObject(value['Service']) ? readService(value['Service']) : undefined
  return { type, service, id: readText(value['Id']), timestamp: readText(value['Timestamp']) }
}

function readService(value: Readonly<Record<string, unknown>>): ServiceRecord {
  return {
    name: readText(value['name']),
    version: readText(value['version']),
    metadata: readMap(value['metadata']),
    endpoints: readEndpoints(value['endpoints']),
    nodes: readList(value['nodes'], readNode),
  }
}

function encodeNode(node: NodeRecord): string {
  return `{"metadata":${encodeMap(node.metadata)},"id":${text(node.id)},"address":${text(node.address)}}`
}

function readNode(value: unknown): NodeRecord | undefined {
  if (!isObject(value)) return undefined
  return { id: readText(value['id']), address: readText(value['address']), metadata: readMap(value['metadata']) }
}

function encodeValue(value: ValueDescription | undefined): string {
  if (value === undefined) return 'null'
  return `{"name":${text(value.name)},"type":${text(value.type)},"values":${list(value.values.map(encodeValue))}}`
}

function readValue(value: unknown, depth: number): ValueDescription | undefined {
  if (!isObject(value) || depth > maxDepth) return undefined
  return {
    name: readText(value['name']),
    type: readText(value['type']),
    values: readList(value['values'], (inner) => readValue(inner, depth + 1)),
  }
}

function readList<T>(value: unknown, read: (one: unknown) => T | undefined): T[] {
  if (!Array.isArray(value)) return []
  return value.map(read).filter((one) => one !== undefined)
}

function list(encoded: readonly string[]): string {
  return encoded.length === 0 ? 'null' : `[${encoded.join(',')}]`
}

function readText(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json) as unknown
  } catch (cause) {
    throw registryErrors.serviceCorrupt('it is no JSON', cause)
  }
}

// UTF-16 order, JavaScript's own, puts emoji before U+E000 to U+FFFF; Go's order of bytes is that of code points.
function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
