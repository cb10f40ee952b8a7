import { nativeErrors } from './errors.js'

/** What one end takes, and tells the other in its HELLO; and what it keeps to itself. */
export interface NativeSettings {
  /** The largest body of a message, in bytes. @default 4_194_304 (4 MiB) */
  readonly maxBytes: number
  /** Calls in work on the connection, 1 to 65,536. @default 4096 */
  readonly maxCalls: number
  /** Interned routes, 1 to 65,536. @default 1024 */
  readonly maxRoutes: number
  /** Messages in chunks that may be under way at once. @default 8 */
  readonly maxParts: number
  /** How many bytes of a stream may wait unread, each message counted with 64 more. @default 262_144 (256 KiB) */
  readonly creditBytes: number
  /** What the connection may hold in memory: bodies of calls in work, unread messages, halves. @default 67_108_864 (64 MiB) */
  readonly maxHeldBytes: number
  /** Silence after which a ping is sent, in milliseconds. @default 10_000 */
  readonly pingMs: number
  /** How long the answer to a ping may take, in milliseconds. @default 5_000 */
  readonly pongMs: number
  /** How long the other side may take to introduce itself, in milliseconds. @default 5_000 */
  readonly handshakeMs: number
}

/** What counts when nothing else is said. */
export const usualSettings: NativeSettings = {
  maxBytes: 4_194_304,
  maxCalls: 4096,
  maxRoutes: 1024,
  maxParts: 8,
  creditBytes: 262_144,
  maxHeldBytes: 67_108_864,
  pingMs: 10_000,
  pongMs: 5_000,
  handshakeMs: 5_000,
}

/** What a HELLO says. */
export interface Hello {
  /** What the sender reads; a message names its codec by the place in this list. The first two are always `json` and `bytes`. */
  readonly codecs: readonly string[]
  readonly maxBytes: number
  readonly maxCalls: number
  readonly maxRoutes: number
  readonly maxParts: number
  readonly creditBytes: number
}

const maxHelloBytes = 4096

/** The payload of a HELLO: a JSON object. */
export function writeHello(settings: NativeSettings, codecs: readonly string[]): Buffer {
  const { maxBytes, maxCalls, maxRoutes, maxParts, creditBytes } = settings
  return Buffer.from(JSON.stringify({ codecs, maxBytes, maxCalls, maxRoutes, maxParts, creditBytes }))
}

/**
 * What the other side's HELLO says. Keys that are not known are ignored.
 *
 * @throws `internal`/`PROTOCOL_BROKEN` when it is no such object, lacks one of them, or names what cannot be
 */
export function readHello(payload: Buffer): Hello {
  const data = payload.length > maxHelloBytes ? undefined : parsed(payload)
  if (data === undefined) throw nativeErrors.protocolBroken(`a HELLO is a JSON object of at most ${maxHelloBytes} bytes`)
  const { codecs } = data
  const isList = Array.isArray(codecs) && codecs.length >= 2 && codecs.length <= 16 && codecs.every((name) => typeof name === 'string')
  if (!isList || codecs[0] !== 'json' || codecs[1] !== 'bytes')
    throw nativeErrors.protocolBroken('the codecs of a HELLO are 2 to 16 names, of which the first are json and bytes')
  return {
    codecs,
    maxBytes: whole(data, 'maxBytes', 1024, 2 ** 31 - 1),
    maxCalls: whole(data, 'maxCalls', 1, 65_536),
    maxRoutes: whole(data, 'maxRoutes', 1, 65_536),
    maxParts: whole(data, 'maxParts', 1, 65_536),
    creditBytes: whole(data, 'creditBytes', 1024, 2 ** 30),
  }
}

function parsed(payload: Buffer): Record<string, unknown> | undefined {
  try {
    const data: unknown = JSON.parse(payload.toString())
    return typeof data === 'object' && data !== null && !Array.isArray(data) ? (data as Record<string, unknown>) : undefined
  } catch {
    // Who sent it hears that it is not JSON; where exactly does not matter.
    return undefined
  }
}

function whole(data: Record<string, unknown>, key: string, least: number, most: number): number {
  const value = data[key]
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most)
    throw nativeErrors.protocolBroken(`"${key}" of a HELLO is a whole number from ${least} to ${most}`)
  return value
}
