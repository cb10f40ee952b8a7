import type { DnsMessage } from './message.js'
import { domain, servicesName } from './packet.js'

/** A node as one response tells of it. */
export interface HeardNode {
  /** `<node id>.<service>.micro.`: which part is which, the TXT record tells. */
  readonly instance: string
  /** 0: it leaves. */
  readonly ttlSeconds: number
  readonly port: number
  /** IPv4 before IPv6, as Go prefers it. */
  readonly address: string
  readonly strings: readonly string[]
}

/** What a response tells of nodes and services. */
export interface Heard {
  readonly nodes: readonly HeardNode[]
  /** Names out of answers to the question for all services. */
  readonly services: readonly string[]
}

/**
 * What a response tells. A node counts when its SRV, address and TXT records are in the same packet, as they are in go-micro's;
 * one that leaves needs its SRV or TXT record only.
 */
export function readResponse(message: DnsMessage): Heard {
  const records = [...message.answers, ...message.additional]
  const nodes: HeardNode[] = []
  const services: string[] = []
  for (const record of records) {
    if (record.type === 'PTR' && record.name === servicesName && record.target.endsWith(`.${servicesName}`) && record.ttlSeconds > 0)
      services.push(record.target.slice(0, -servicesName.length - 1))
    if (record.type !== 'SRV' || !record.name.endsWith(`.${domain}.`) || record.name.endsWith(`.${servicesName}`)) continue
    const text = records.find((other) => other.type === 'TXT' && other.name === record.name)
    const place = addressOf(records, record.target)
    const strings = text?.type === 'TXT' ? text.strings : []
    if (record.ttlSeconds > 0 && (strings.length === 0 || place === undefined)) continue
    nodes.push({ instance: record.name, ttlSeconds: record.ttlSeconds, port: record.port, address: place ?? '', strings })
  }
  return { nodes, services }
}

function addressOf(records: DnsMessage['answers'], host: string): string | undefined {
  const places = records.filter((record) => (record.type === 'A' || record.type === 'AAAA') && record.name === host)
  const place = places.find((record) => record.type === 'A') ?? places[0]
  return place?.type === 'A' || place?.type === 'AAAA' ? place.address : undefined
}
