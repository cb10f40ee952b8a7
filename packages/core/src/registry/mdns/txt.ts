import { encodeEndpoint, encodeMap, readEndpoints, readMap, text } from '../json.js'
import type { EndpointRecord } from '../registry.js'

/** What a node's TXT record says. */
export interface NodeText {
  readonly service: string
  readonly version: string
  /** Of the node. */
  readonly metadata: Readonly<Record<string, string>>
  readonly endpoints: readonly EndpointRecord[]
  /** Of the service. go-micro leaves it out and passes it over. */
  readonly serviceMetadata: Readonly<Record<string, string>>
}

/** The two functions of node:zlib that are needed: handed in, so that it is loaded with the first packet and no sooner. */
export interface Zlib {
  deflateSync(data: string | Uint8Array): Uint8Array
  inflateSync(data: Uint8Array, options: { maxOutputLength: number }): Uint8Array
}

// A datagram's worth of text inflates to this at most in earnest; beyond, it is a bomb.
const maxInflatedBytes = 1024 * 1024

const stringBytes = 255

/** The JSON, zlib, hex, in strings of 255 characters: go-micro's TXT record. */
export function encodeText(node: NodeText, zlib: Pick<Zlib, 'deflateSync'>): string[] {
  const hex = Buffer.from(zlib.deflateSync(nodeTextJson(node))).toString('hex')
  return hex.match(new RegExp(`.{1,${stringBytes}}`, 'g')) ?? []
}

/** The JSON inside the TXT record, as go-micro writes it. `ServiceMetadata` is ours and only there when there is some. */
export function nodeTextJson(node: NodeText): string {
  const endpoints = node.endpoints.length === 0 ? 'null' : `[${node.endpoints.map(encodeEndpoint).join(',')}]`
  const ours = Object.keys(node.serviceMetadata).length === 0 ? '' : `,"ServiceMetadata":${encodeMap(node.serviceMetadata)}`
  return `{"Metadata":${encodeMap(node.metadata)},"Service":${text(node.service)},"Version":${text(node.version)},"Endpoints":${endpoints}${ours}}`
}

/** What the strings of a TXT record say, or undefined when it is not go-micro's or inflates to more than 1 MiB. Absent and `null` maps and lists are empty. */
export function decodeText(strings: readonly string[], zlib: Pick<Zlib, 'inflateSync'>): NodeText | undefined {
  const hex = strings.join('')
  if (hex.length === 0 || hex.length % 2 !== 0 || !/^[0-9a-fA-F]+$/.test(hex)) return undefined
  try {
    const inflated = zlib.inflateSync(Buffer.from(hex, 'hex'), { maxOutputLength: maxInflatedBytes })
    return readNodeText(JSON.parse(Buffer.from(inflated).toString('utf8')) as unknown)
  } catch {
    // Not zlib, too large, or not JSON: another program's TXT record, which is none of ours to complain about.
    return undefined
  }
}

function readNodeText(value: unknown): NodeText | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { Service, Version, Metadata, Endpoints, ServiceMetadata } = value as Readonly<Record<string, unknown>>
  if (typeof Service !== 'string' || Service === '') return undefined
  return {
    service: Service,
    version: typeof Version === 'string' ? Version : '',
    metadata: readMap(Metadata),
    endpoints: readEndpoints(Endpoints),
    serviceMetadata: readMap(ServiceMetadata),
  }
}
