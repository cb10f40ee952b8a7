import { internetClass, recordType, type DnsMessage, type DnsQuestion, type DnsRecord } from './message.js'

/** The domain of go-micro's services. Not `local`: nobody else's names are in it. */
export const domain = 'micro'

/** The time to live of go-micro's records. */
export const goTtlSeconds = 120

/** The question that lists the services. */
export const servicesName = `_services.${domain}.`

/** What is said of one node. */
export interface NodeRecords {
  readonly service: string
  readonly nodeId: string
  /** The name that the address record hangs on: `<os hostname>.`. */
  readonly host: string
  /** An IP address, without brackets. */
  readonly address: string
  readonly port: number
  /** Of the TXT record. */
  readonly strings: readonly string[]
}

/** The name that is asked for the nodes of a service: `orders.micro.`. */
export function serviceName(service: string): string {
  return `${service}.${domain}.`
}

/** The name of a node: `orders-1.orders.micro.`. Node ids and services may have dots of their own. */
export function instanceName(node: { readonly service: string; readonly nodeId: string }): string {
  return `${node.nodeId}.${serviceName(node.service)}`
}

/** A question for PTR records. */
export function question(name: string): DnsQuestion {
  return { name, type: recordType.PTR, class: internetClass }
}

/** A query for `name`. `id` is random: answers to older questions are told apart by nothing else, and Go echoes none. */
export function query(name: string, id: number): DnsMessage {
  return { id, flags: 0, questions: [question(name)], answers: [], authority: [], additional: [] }
}

/** The answer to a question for a service, for one of its nodes. Go drops a response that does not echo the question. */
export function answer(asked: DnsQuestion, node: NodeRecords, ttlSeconds: number): DnsMessage {
  const isForService = asked.name === serviceName(node.service)
  const pointer: DnsRecord[] = isForService ? [{ ...head(asked.name, ttlSeconds), type: 'PTR', target: instanceName(node) }] : []
  return { ...empty, flags: 0x8400, questions: [asked], answers: [...pointer, ...nodeRecords(node, ttlSeconds)] }
}

/** The answer to the question for all services, for one of them. Its empty TXT record must be there, or Go waits for more. */
export function servicesAnswer(asked: DnsQuestion, service: string, host: string): DnsMessage {
  const name = `${service}.${servicesName}`
  const answers: DnsRecord[] = [
    { ...head(servicesName, goTtlSeconds), type: 'PTR', target: name },
    { ...head(name, goTtlSeconds), type: 'SRV', priority: 10, weight: 1, port: 9999, target: host },
    { ...head(host, goTtlSeconds), type: 'A', address: '0.0.0.0' },
    { ...head(name, goTtlSeconds), type: 'TXT', strings: [] },
  ]
  return { ...empty, flags: 0x8400, questions: [asked], answers }
}

/** Asks, before the node is announced, whether somebody has its name. */
export function probe(node: NodeRecords, id: number): DnsMessage {
  const name = instanceName(node)
  const authority: DnsRecord[] = [
    { ...head(name, goTtlSeconds), type: 'SRV', priority: 0, weight: 0, port: node.port, target: node.host },
    { ...head(name, goTtlSeconds), type: 'TXT', strings: node.strings },
  ]
  return { ...empty, id, questions: [question(name)], authority }
}

/** Says, unasked, that the node is there; with a `ttlSeconds` of 0, that it leaves. */
export function announcement(node: NodeRecords, ttlSeconds: number): DnsMessage {
  return { ...empty, flags: 0x8000, answers: nodeRecords(node, ttlSeconds) }
}

const empty: DnsMessage = { id: 0, flags: 0, questions: [], answers: [], authority: [], additional: [] }

function nodeRecords(node: NodeRecords, ttlSeconds: number): DnsRecord[] {
  const name = instanceName(node)
  return [
    { ...head(name, ttlSeconds), type: 'SRV', priority: 10, weight: 1, port: node.port, target: node.host },
    { ...head(node.host, ttlSeconds), type: node.address.includes(':') ? 'AAAA' : 'A', address: node.address },
    { ...head(name, ttlSeconds), type: 'TXT', strings: node.strings },
  ]
}

function head(name: string, ttlSeconds: number) {
  return { name, class: internetClass, ttlSeconds }
}
