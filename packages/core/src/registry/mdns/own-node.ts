import type { NodeRecord, ServiceRecord } from '../registry.js'
import { registryErrors } from '../errors.js'
import { parseAddress } from '../validate.js'
import { isLoopback, isUnspecified, parseIp } from './ip.js'
import { encodeMessage, maxDatagramBytes } from './message.js'
import { nameLabels } from './name.js'
import { answer, goTtlSeconds, instanceName, question, serviceName, type NodeRecords } from './packet.js'
import { encodeText, type Zlib } from './txt.js'

/** A node of ours, ready to be announced. */
export interface OwnNode extends NodeRecords {
  /** `host`: its address is loopback, so it is none of the network's business. */
  readonly reach: 'host' | 'link'
  /** Of one answer that tells of it. */
  readonly datagramBytes: number
}

/** What is needed to make an {@link OwnNode}. */
export interface OwnNodeOptions {
  readonly zlib: Pick<Zlib, 'deflateSync'>
  /** Of the address record: `<os hostname>.`. */
  readonly host: string
  /** The IP address of a host name. */
  readonly resolve: (host: string) => Promise<string>
}

/**
 * A node as it is announced.
 *
 * @throws `invalid_argument`/`SERVICE_INVALID` when its name does not fit into DNS, nobody could call its address, or it does not fit into a datagram;
 * `unavailable`/`REGISTRY_UNAVAILABLE` when its host name has no address
 */
export async function ownNode(service: ServiceRecord, node: NodeRecord, options: OwnNodeOptions): Promise<OwnNode> {
  const { name, version, endpoints } = service
  const instance = instanceName({ service: name, nodeId: node.id })
  checkInstance(instance, node.id)
  const { host, port } = parseAddress(node.address, `the address of "${node.id}"`)
  const bytes = parseIp(host) ?? parseIp(await options.resolve(host))
  if (bytes === undefined || isUnspecified(bytes))
    throw registryErrors.serviceInvalid(
      `the address of "${node.id}"`,
      node.address,
      'an address that others can call, so not 0.0.0.0 or ::',
    )

  const text = { service: name, version, endpoints, metadata: node.metadata, serviceMetadata: service.metadata }
  const strings = encodeText(text, options.zlib)
  const records: NodeRecords = { service: name, nodeId: node.id, host: options.host, address: plainIp(host, bytes), port, strings }
  const textBytes = strings.reduce((sum, one) => sum + one.length + 1, 0)
  // The text alone may be too long for the encoder, which is no mistake of the program here.
  const datagramBytes =
    textBytes > 65_000 ? textBytes : encodeMessage(answer(question(serviceName(name)), records, goTtlSeconds), { compress: true }).length
  if (datagramBytes > maxDatagramBytes) throw registryErrors.serviceTooLarge(name, datagramBytes, maxDatagramBytes)
  return { ...records, reach: isLoopback(bytes) ? 'host' : 'link', datagramBytes }
}

/** The name for the address records of this machine, from what the operating system calls it. */
export function hostName(hostname: string): string {
  try {
    nameLabels(hostname)
    return `${hostname.replace(/\.$/, '')}.`
  } catch {
    // A name that DNS cannot hold. What it says matters to nobody: it only ties two records of one packet together.
    return 'localhost.'
  }
}

function checkInstance(instance: string, nodeId: string): void {
  try {
    nameLabels(instance)
  } catch (error) {
    throw registryErrors.serviceInvalid(
      `the id of a node`,
      nodeId,
      `such that "${instance}" is a DNS name: parts of 1 to 63 characters, 253 in all (${(error as Error).message})`,
    )
  }
}

function plainIp(host: string, bytes: Uint8Array): string {
  return bytes.length === 4 ? bytes.join('.') : (host.split('%', 1)[0] ?? host)
}
