import { rpcErrors } from './errors.js'

/** go-micro's old protobuf framing, taken apart. */
export interface ProtoRpc {
  /** `Handler.Method` in a request, empty in a reply. */
  readonly method: string
  readonly seq: bigint
  /** Empty when there is none. */
  readonly error: string
  readonly body: Uint8Array
}

// Tags of the envelope: service_method = 1 and error = 3 are strings (wire type 2), seq = 2 is a fixed64 (wire type 1).
const METHOD = 0x0a
const SEQ = 0x11
const ERROR = 0x1a

/** `[u32 big-endian length][envelope][u32 big-endian length][body]`; fields with their zero value are left out, as protobuf does. */
export function encodeProtoRpc(message: ProtoRpc): Uint8Array {
  const envelope = [
    ...field(METHOD, message.method),
    ...(message.seq === 0n ? [] : [SEQ, ...littleEndian64(message.seq)]),
    ...field(ERROR, message.error),
  ]
  const bytes = new Uint8Array(8 + envelope.length + message.body.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, envelope.length)
  bytes.set(envelope, 4)
  view.setUint32(4 + envelope.length, message.body.length)
  bytes.set(message.body, 8 + envelope.length)
  return bytes
}

/** @throws `invalid_argument`/`ENVELOPE_INVALID` */
export function decodeProtoRpc(bytes: Uint8Array): ProtoRpc {
  const [envelope, afterEnvelope] = part(bytes, 0)
  const [body, end] = part(bytes, afterEnvelope)
  if (end !== bytes.length) throw invalid('bytes follow its end')
  return { ...readEnvelope(envelope), body }
}

function part(bytes: Uint8Array, from: number): [Uint8Array, number] {
  if (bytes.length < from + 4) throw invalid('it is cut off')
  const length = new DataView(bytes.buffer, bytes.byteOffset + from, 4).getUint32(0)
  const end = from + 4 + length
  if (bytes.length < end) throw invalid('it is cut off')
  return [bytes.subarray(from + 4, end), end]
}

function readEnvelope(bytes: Uint8Array): { method: string; seq: bigint; error: string } {
  const found = { method: '', seq: 0n, error: '' }
  let at = 0
  while (at < bytes.length) {
    const tag = bytes[at++] as number
    if (tag === SEQ) {
      if (bytes.length < at + 8) throw invalid('its number is cut off')
      found.seq = new DataView(bytes.buffer, bytes.byteOffset + at, 8).getBigUint64(0, true)
      at += 8
    } else if (tag === METHOD || tag === ERROR) {
      const [length, from] = varint(bytes, at)
      at = from + length
      if (bytes.length < at) throw invalid('a text is cut off')
      found[tag === METHOD ? 'method' : 'error'] = new TextDecoder().decode(bytes.subarray(from, at))
    } else throw invalid(`it has a field with the tag ${tag}`)
  }
  return found
}

function field(tag: number, text: string): number[] {
  if (text === '') return []
  const bytes = new TextEncoder().encode(text)
  const length: number[] = []
  for (let rest = bytes.length; ; rest >>>= 7) {
    if (rest < 0x80) {
      length.push(rest)
      break
    }
    length.push((rest & 0x7f) | 0x80)
  }
  return [tag, ...length, ...bytes]
}

function varint(bytes: Uint8Array, from: number): [number, number] {
  let value = 0
  for (let index = 0; index < 5; index++) {
    const byte = bytes[from + index]
    if (byte === undefined) break
    value += (byte & 0x7f) * 2 ** (7 * index)
    if (byte < 0x80) return [value, from + index + 1]
  }
  throw invalid('a length is no number')
}

function littleEndian64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, value), true)
  return bytes
}

function invalid(why: string): Error {
  return rpcErrors.envelopeInvalid('proto-rpc', why)
}
