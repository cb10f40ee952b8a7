import type { Message } from './broker.js'

/** Length in bytes of the envelope of a message, but for its header: what is known before it is made. */
export function envelopeBytes(bodyBytes: number): number {
  return '{"Header":,"Body":""}'.length + Math.ceil(bodyBytes / 3) * 4
}

/**
 * A message as go-micro puts it on a broker that has no headers of its own: `{"Header":{...},"Body":"<base64>"}`, UTF-8.
 *
 * @see https://github.com/micro/go-micro/blob/v4.11.0/codec/json/marshaler.go for the encoder whose bytes these are
 */
export function encodeEnvelope({ header, body }: Message): Buffer {
  const base64 = Buffer.from(body.buffer, body.byteOffset, body.length).toString('base64')
  return Buffer.from(`{"Header":${JSON.stringify(header)},"Body":"${base64}"}`)
}

/**
 * Reads an envelope; gives a sentence when it is none. Header and Body may be null or missing (Go's nil), other keys are left alone.
 */
export function decodeEnvelope(bytes: Uint8Array): Message | string {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'))
  } catch {
    return 'it is not JSON'
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'it is no JSON object'
  const { Header: header = null, Body: body = null } = value as { Header?: unknown; Body?: unknown }
  if (body !== null && typeof body !== 'string') return 'its Body is no string'
  if (!isHeader(header)) return 'its Header is no object of strings'
  return { header: header ?? {}, body: fromBase64(body ?? '') }
}

function isHeader(header: unknown): header is Record<string, string> | null {
  if (header === null) return true
  return typeof header === 'object' && !Array.isArray(header) && Object.values(header).every((value) => typeof value === 'string')
}

// A plain Uint8Array, as the contract says: a Buffer is one too, but compares and prints differently.
function fromBase64(base64: string): Uint8Array {
  const bytes = Buffer.from(base64, 'base64')
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}
