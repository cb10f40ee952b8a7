import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import zlib from 'node:zlib'
import { systemClock } from '../../base/index.js'
import { nodeTable } from '../node-table.js'
import type { EndpointRecord, ServiceRecord } from '../registry.js'
import { formatAddress } from '../validate.js'
import { browser, readNode } from './browser.js'
import { readResponse } from './heard.js'
import { formatIp, parseIp } from './ip.js'
import { decodeMessage, encodeMessage, recordType, type DnsMessage, type DnsRecord } from './message.js'
import { ownNode } from './own-node.js'
import { announcement, probe, query, question, serviceName } from './packet.js'
import { answersTo } from './responder.js'
import { decodeText, encodeText, nodeTextJson } from './txt.js'

interface Packet {
  readonly kind: 'probe' | 'announce' | 'query' | 'response' | 'goodbye'
  readonly bytes: string
  readonly decoded: Readonly<Record<string, unknown>> & { readonly authority?: RecordedRecord[]; readonly answers?: RecordedRecord[] }
  readonly txt?: unknown
}

interface RecordedRecord {
  readonly type: string
  readonly json?: string
}

interface Vector {
  readonly name: string
  readonly calls: readonly Readonly<Record<string, unknown>>[]
  readonly packets: readonly Packet[]
}

const sources = ['go-micro-4.11', 'go-micro-6.10'].map((version) => ({ version, vectors: load(version) }))
const host = 'host.'

for (const { version, vectors } of sources) {
  for (const vector of vectors) {
    const title = `${version} ${vector.name}`

    test(`decodeMessage() reads the packets of ${title} as they were described`, () => {
      for (const packet of vector.packets) assert.deepEqual(describe(decoded(packet)), describedBy(packet))
    })

    test(`encodeMessage() writes the packets of ${title} byte for byte`, () => {
      for (const packet of vector.packets) {
        const bytes = encodeMessage(decoded(packet), { compress: packet.kind === 'response' })
        assert.equal(Buffer.from(bytes).toString('hex'), packet.bytes)
      }
    })

    test(`the packets that we make for the node of ${title} are Go's, byte for byte`, async () => {
      for (const packet of vector.packets) {
        const message = decoded(packet)
        const made = await remake(packet, message)
        const written = Buffer.from(encodeMessage(made, { compress: packet.kind === 'response' })).toString('hex')
        assert.equal(written, packet.bytes)
      }
    })

    test(`encodeText() writes the text of ${title} as Go does, and decodeText() reads it`, () => {
      for (const packet of vector.packets.filter((one) => one.txt !== undefined)) {
        const record = [...(packet.decoded.authority ?? []), ...(packet.decoded.answers ?? [])].find((one) => one.json !== undefined)
        const node = decodeText(stringsOf(decoded(packet)), zlib)
        assert.ok(node !== undefined && record?.json !== undefined)
        assert.deepEqual(node.metadata, mapOf((packet.txt as Record<string, unknown>)['Metadata']))

        // Go tells absent from empty maps and lists, and we do not; all else, order and escapes, is the same text.
        assert.equal(withoutEmpty(nodeTextJson(node)), withoutEmpty(record.json))
        const strings = encodeText(node, zlib)
        assert.ok(strings.slice(0, -1).every((one) => one.length === 255))
        const inflated = zlib.inflateSync(Buffer.from(strings.join(''), 'hex')).toString()
        assert.equal(inflated, nodeTextJson(node))
        assert.deepEqual(decodeText(strings, zlib), node)
      }
    })
  }
}

for (const { version, vectors } of sources) {
  for (const vector of vectors) {
    const [first, ...responses] = vector.packets
    if (first?.kind !== 'query') continue

    test(`answersTo() the question of ${version} ${vector.name} gives Go's answers`, async () => {
      const [asked] = decoded(first).questions
      assert.ok(asked !== undefined)
      const listed = responses.flatMap((one) => readResponse(decoded(one)).services)
      const nodes = await Promise.all([
        ...responses.filter((one) => one.txt !== undefined).map((one) => nodeOf(decoded(one))),
        ...listed.map((service) => bareNode(service)),
        bareNode('somebody-else'),
      ])

      const answers = answersTo(
        asked,
        nodes.filter((node) => node.service !== 'somebody-else' || listed.length === 0).map((node) => ({ ...node, ttlSeconds: 120 })),
        'host',
      )

      const written = answers.map((one) => Buffer.from(encodeMessage(one, { compress: true })).toString('hex'))
      assert.deepEqual(written.sort(), responses.map((one) => one.bytes).sort())
    })

    test(`lookup() and list() with the answers of ${version} ${vector.name} give what Go's client gave`, async () => {
      const table = nodeTable(systemClock)
      const one = browser({
        table,
        zlib,
        clock: systemClock,
        random: Math.random,
        project: 'ours',
        owner: {},
        link: {
          isListening: true,
          canAsk: true,
          ask(message) {
            if (message.questions[0]?.name !== decoded(first).questions[0]?.name) return
            for (const packet of responses)
              one.receive({ message: decoded(packet), address: '127.0.0.1', port: 5353, near: 'host', isOwnQuestion: false })
          },
        },
      })

      for (const call of vector.calls) {
        const wanted = call['result'] as readonly Record<string, unknown>[]
        const name = call['getService']
        if (typeof name === 'string') assert.deepEqual(await one.lookup(name), wanted.map(serviceOf))
        else {
          await one.list()
          assert.deepEqual(
            responses.flatMap((packet) => readResponse(decoded(packet)).services).sort(),
            wanted.map((service) => service['name']).sort(),
          )
        }
      }
      one.close()
      table.stop()
    })
  }
}

test('query() writes the recorded questions but for their ids', () => {
  for (const packet of sources.flatMap(({ vectors }) => vectors.flatMap((vector) => vector.packets))) {
    if (packet.kind !== 'query') continue
    const message = decoded(packet)

    const bytes = encodeMessage(query(message.questions[0]?.name ?? '', message.id))

    assert.equal(Buffer.from(bytes).toString('hex'), packet.bytes)
  }
})

function load(version: string): readonly Vector[] {
  const file = new URL(`../../../../../tests/vectors/${version}/mdns.json`, import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { vectors: Vector[] }).vectors
}

function decoded(packet: Packet): DnsMessage {
  const message = decodeMessage(Buffer.from(packet.bytes, 'hex'))
  assert.ok(message !== undefined)
  return message
}

/** The message that we send in the place of a recorded one, from the node that the recorded one tells of. */
async function remake(packet: Packet, message: DnsMessage): Promise<DnsMessage> {
  const [asked] = message.questions
  if (packet.kind === 'query') return query(asked?.name ?? '', message.id)
  if (packet.kind === 'response' && packet.txt === undefined) {
    const [service = ''] = readResponse(message).services
    const [answer] = answersTo(asked ?? question(''), [{ ...(await bareNode(service)), ttlSeconds: 120 }], 'host')
    assert.ok(answer !== undefined)
    return answer
  }
  const node = await nodeOf(message)
  if (packet.kind === 'probe') return probe(node, message.id)
  if (packet.kind === 'announce') return announcement(node, 120)
  if (packet.kind === 'goodbye') return announcement(node, 0)
  const [answer] = answersTo(asked ?? question(''), [{ ...node, ttlSeconds: 120 }], 'link')
  const [own] = answersTo(asked ?? question(''), [{ ...node, ttlSeconds: 120 }], 'host')
  // All recorded nodes listen on loopback, so nobody but this host is told.
  assert.equal(answer, undefined)
  assert.ok(own !== undefined)
  return own
}

/** Our node for the one that a recorded packet tells of. Go's compressor writes other bytes than ours for the same text, so its strings are kept. */
async function nodeOf(message: DnsMessage) {
  const strings = stringsOf(message)
  const text = decodeText(strings, zlib)
  const server = [...message.answers, ...message.authority].find((record) => record.type === 'SRV')
  const place = message.answers.find((record) => 'address' in record)
  assert.ok(text !== undefined && server?.type === 'SRV')
  const id = server.name.slice(0, -serviceName(text.service).length - 1)
  const node = { id, address: formatAddress(place === undefined ? '127.0.0.1' : place.address, server.port), metadata: text.metadata }
  const service: ServiceRecord = { name: text.service, version: text.version, metadata: {}, endpoints: text.endpoints, nodes: [node] }
  return { ...(await ownNode(service, node, { zlib, host, resolve: () => Promise.reject(new Error('no names here')) })), strings }
}

function bareNode(service: string) {
  const node = { id: `${service}-1`, address: '127.0.0.1:40000', metadata: {} }
  const record = { name: service, version: '', metadata: {}, endpoints: [], nodes: [node] }
  return ownNode(record, node, { zlib, host, resolve: () => Promise.reject(new Error('no names here')) })
}

function stringsOf(message: DnsMessage): readonly string[] {
  const record = [...message.answers, ...message.authority].find((one) => one.type === 'TXT')
  return record?.type === 'TXT' ? record.strings : []
}

/** A message as the recordings describe it, without what they derive from other parts. */
function describe(message: DnsMessage): unknown {
  const records = (list: readonly DnsRecord[]) => (list.length === 0 ? undefined : list.map(describeRecord))
  return JSON.parse(
    JSON.stringify({
      id: message.id,
      flags: `0x${message.flags.toString(16).padStart(4, '0')}`,
      questions: message.questions.map((one) => ({ ...one, type: one.type === recordType.PTR ? 'PTR' : String(one.type) })),
      answers: records(message.answers),
      authority: records(message.authority),
      additional: records(message.additional),
    }),
  )
}

function describeRecord(record: DnsRecord): unknown {
  const { ttlSeconds, ...rest } = record
  if (rest.type !== 'TXT') return { ...rest, ttl: ttlSeconds }
  const { strings, ...text } = rest
  return { ...text, ttl: ttlSeconds, stringLengths: strings.map((one) => one.length) }
}

function describedBy(packet: Packet): unknown {
  return JSON.parse(JSON.stringify(packet.decoded), (key, value: unknown) => {
    if (key === 'rdlength' || key === 'json') return undefined
    if (key === 'address') return formatIp(parseIp(String(value)) ?? new Uint8Array(16))
    return value
  })
}

function serviceOf(service: Readonly<Record<string, unknown>>): ServiceRecord {
  const list = (value: unknown) => (value ?? []) as readonly Record<string, unknown>[]
  const nodes = list(service['nodes']).map(({ id, address, metadata }) => ({
    id: String(id),
    address: String(address),
    metadata: mapOf(metadata),
  }))
  const endpoints = list(service['endpoints']).map((one) => JSON.parse(JSON.stringify(one), nullToEmpty) as EndpointRecord)
  return { name: String(service['name']), version: String(service['version']), metadata: {}, endpoints, nodes }
}

function nullToEmpty(key: string, value: unknown): unknown {
  if (value !== null) return value
  if (key === 'values') return []
  return key === 'metadata' ? {} : undefined
}

function mapOf(value: unknown): Record<string, string> {
  return (value ?? {}) as Record<string, string>
}

function withoutEmpty(json: string): string {
  return json.replaceAll(/:(?:\{\}|\[\])/g, ':null')
}

test('readNode() of every recorded announcement gives a node that can be called', () => {
  for (const packet of sources.flatMap(({ vectors }) => vectors.flatMap((vector) => vector.packets))) {
    if (packet.kind !== 'announce') continue
    const [heard] = readResponse(decoded(packet)).nodes
    assert.ok(heard !== undefined)

    const service = readNode(heard, 'host', zlib)

    assert.match(service?.nodes[0]?.address ?? '', /^(127\.0\.0\.1|\[::1\]):4\d{4}$/)
    // The same from another host would lead to this one.
    assert.equal(readNode(heard, 'link', zlib), undefined)
  }
})
