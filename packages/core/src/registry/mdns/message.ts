import { formatIp, parseIp } from './ip.js'
import { nameLabels, readName } from './name.js'

/** The record types that go-micro uses, by number, and the one that asks for all. */
export const recordType = { A: 1, PTR: 12, TXT: 16, AAAA: 28, SRV: 33, ANY: 255 } as const

/** The class of the Internet. The top bit of a class field is a flag in mDNS. */
export const internetClass = 1

/** A question. Names end in a dot; `type` and `class` are numbers, since anything may be asked. */
export interface DnsQuestion {
  readonly name: string
  readonly type: number
  readonly class: number
}

/** A record. `class` without its flag would be 1 everywhere; it is kept as it came. */
export type DnsRecord = { readonly name: string; readonly class: number; readonly ttlSeconds: number } & (
  | { readonly type: 'PTR'; readonly target: string }
  | { readonly type: 'SRV'; readonly priority: number; readonly weight: number; readonly port: number; readonly target: string }
  | { readonly type: 'A' | 'AAAA'; readonly address: string }
  /** One text a byte string, in latin1, so that no byte is lost. */
  | { readonly type: 'TXT'; readonly strings: readonly string[] }
  | { readonly type: 'OTHER'; readonly code: number; readonly data: Uint8Array }
)

/** A DNS message (RFC 1035, 4.1). `flags`: 0 for a query, 0x8000 set for a response. */
export interface DnsMessage {
  readonly id: number
  readonly flags: number
  readonly questions: readonly DnsQuestion[]
  readonly answers: readonly DnsRecord[]
  readonly authority: readonly DnsRecord[]
  readonly additional: readonly DnsRecord[]
}

/** The most that a UDP datagram over IPv4 carries. */
export const maxDatagramBytes = 65_507

// More than any registry writes. What has more is not read at all: whoever sends it means no good.
const maxQuestions = 64
const maxRecords = 1024

/** The message in a datagram, or undefined when it is malformed: cut short, with loops in its names, or with more entries than any registry writes. */
export function decodeMessage(bytes: Uint8Array): DnsMessage | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 12

  const readQuestion = (): DnsQuestion => {
    const { name, end } = readName(bytes, at)
    at = end + 4
    return { name, type: view.getUint16(end), class: view.getUint16(end + 2) }
  }
  const readRecord = (): DnsRecord => {
    const { name, end } = readName(bytes, at)
    const head = { name, class: view.getUint16(end + 2), ttlSeconds: view.getUint32(end + 4) }
    const start = end + 10
    at = start + view.getUint16(end + 8)
    if (at > bytes.length) throw new RangeError('record runs over the end')
    return { ...head, ...readData(bytes, view, view.getUint16(end), start, at) }
  }
  const times = <T>(count: number, read: () => T) => Array.from({ length: count }, read)

  try {
    const [questions = 0, answers = 0, authority = 0, additional = 0] = [4, 6, 8, 10].map((offset) => view.getUint16(offset))
    if (questions > maxQuestions || answers + authority + additional > maxRecords) return undefined
    return {
      id: view.getUint16(0),
      flags: view.getUint16(2),
      questions: times(questions, readQuestion),
      answers: times(answers, readRecord),
      authority: times(authority, readRecord),
      additional: times(additional, readRecord),
    }
  } catch {
    // Every read past an end is a RangeError, of DataView or of ours; all of them mean that the message is malformed.
    return undefined
  }
}

/**
 * A message as a datagram. With `compress`, repeated names are pointers, as in Go's answers; Go's probes and announcements have none.
 *
 * @throws RangeError when a label has over 63 bytes, a name over 255, or a record's data over 65 535
 */
export function encodeMessage(message: DnsMessage, options: { readonly compress?: boolean } = {}): Uint8Array {
  const { compress = false } = options
  const { id, flags, questions, answers, authority, additional } = message
  let out = Buffer.alloc(1024)
  let at = 0
  const offsets = new Map<string, number>()

  const grow = (size: number) => {
    if (at + size > out.length) out = Buffer.concat([out], Math.max(out.length * 2, at + size))
  }
  const u8 = (value: number) => {
    grow(1)
    at = out.writeUInt8(value, at)
  }
  const u16 = (value: number) => {
    grow(2)
    at = out.writeUInt16BE(value, at)
  }
  const u32 = (value: number) => {
    grow(4)
    at = out.writeUInt32BE(value, at)
  }
  const raw = (bytes: Uint8Array) => {
    grow(bytes.length)
    out.set(bytes, at)
    at += bytes.length
  }
  const writeName = (name: string, mayPoint: boolean) => {
    const labels = nameLabels(name)
    for (const [index, label] of labels.entries()) {
      const rest = labels.slice(index).join('\0')
      const known = offsets.get(rest)
      if (compress && mayPoint && known !== undefined) return u16(0xc000 | known)
      // A pointer has 14 bits.
      if (known === undefined && at < 0x4000) offsets.set(rest, at)
      u8(label.length)
      raw(Buffer.from(label, 'latin1'))
    }
    u8(0)
  }
  const writeData = (record: DnsRecord) => {
    switch (record.type) {
      case 'PTR':
        return writeName(record.target, true)
      case 'SRV':
        for (const value of [record.priority, record.weight, record.port]) u16(value)
        // RFC 2782: the target is not compressed. Later names may still point to it, and Go's do.
        return writeName(record.target, false)
      case 'A':
      case 'AAAA':
        return raw(addressBytes(record.address, record.type))
      case 'TXT':
        for (const one of record.strings) {
          u8(one.length)
          raw(Buffer.from(one, 'latin1'))
        }
        return
      case 'OTHER':
        return raw(record.data)
    }
  }
  const writeRecord = (record: DnsRecord) => {
    writeName(record.name, true)
    u16(record.type === 'OTHER' ? record.code : recordType[record.type])
    u16(record.class)
    u32(record.ttlSeconds)
    const lengthAt = at
    u16(0)
    writeData(record)
    out.writeUInt16BE(at - lengthAt - 2, lengthAt)
  }

  for (const value of [id, flags, questions.length, answers.length, authority.length, additional.length]) u16(value)
  for (const question of questions) {
    writeName(question.name, true)
    u16(question.type)
    u16(question.class)
  }
  for (const record of [...answers, ...authority, ...additional]) writeRecord(record)
  return out.subarray(0, at)
}

type RecordData =
  | { type: 'PTR'; target: string }
  | { type: 'SRV'; priority: number; weight: number; port: number; target: string }
  | { type: 'A' | 'AAAA'; address: string }
  | { type: 'TXT'; strings: string[] }
  | { type: 'OTHER'; code: number; data: Uint8Array }

function readData(bytes: Uint8Array, view: DataView, code: number, start: number, end: number): RecordData {
  if (code === recordType.PTR) return { type: 'PTR', target: readName(bytes, start).name }
  if (code === recordType.SRV && end - start >= 7)
    return {
      type: 'SRV',
      priority: view.getUint16(start),
      weight: view.getUint16(start + 2),
      port: view.getUint16(start + 4),
      target: readName(bytes, start + 6).name,
    }
  if (code === recordType.A && end - start === 4) return { type: 'A', address: formatIp(bytes.subarray(start, end)) }
  if (code === recordType.AAAA && end - start === 16) return { type: 'AAAA', address: formatIp(bytes.subarray(start, end)) }
  if (code === recordType.TXT) return { type: 'TXT', strings: readStrings(bytes, start, end) }
  return { type: 'OTHER', code, data: Uint8Array.from(bytes.subarray(start, end)) }
}

function readStrings(bytes: Uint8Array, start: number, end: number): string[] {
  const strings: string[] = []
  for (let at = start; at < end;) {
    const next = at + 1 + (bytes[at] ?? 0)
    if (next > end) throw new RangeError('text runs over the end')
    strings.push(Buffer.from(bytes.subarray(at + 1, next)).toString('latin1'))
    at = next
  }
  return strings
}

function addressBytes(address: string, type: 'A' | 'AAAA'): Uint8Array {
  const bytes = parseIp(address)
  if (bytes === undefined) throw new RangeError(`"${address}" is no IP address`)
  if (type === 'A' || bytes.length === 16) return bytes
  return Uint8Array.from([...Array.from({ length: 10 }, () => 0), 255, 255, ...bytes])
}
