import { readFileSync } from 'node:fs'

/** One HTTP message, or the end of a connection. */
export interface Packet {
  readonly connection: number
  readonly from: 'client' | 'server'
  readonly kind: 'request' | 'response' | 'close'
  readonly bytes: string
}
/** An error as Go's client shows it. */
export interface GoError {
  readonly id?: string
  readonly code?: number
  readonly detail: string
  readonly status?: string
}
/** What Go's client was asked, and what it gave. */
export interface GoCall {
  readonly call: {
    readonly service: string
    readonly endpoint: string
    readonly contentType: string
    readonly address?: string
    readonly body?: unknown
    readonly bodyBytes?: string
    readonly metadata?: Record<string, string>
    readonly connectionTimeoutMs?: number
    readonly contextTimeoutMs?: number
  }
  readonly responseText?: string
  readonly responseBytes?: string
  readonly error?: { readonly parsed: GoError }
}
/** One recorded exchange. `bytes` are hex. */
export interface Vector {
  readonly name: string
  readonly packets?: readonly Packet[]
  readonly calls?: readonly GoCall[]
}

/** What go-micro v4.11's client and server put on the wire, in 62 exchanges. For tests. */
export function recordedVectors(): readonly Vector[] {
  const file = new URL('../../../../../tests/vectors/go-micro-4.11/rpc-unary.json', import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly vectors: readonly Vector[] }).vectors
}

/** A request, taken apart. */
export interface Asked {
  readonly header: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** The request that `bytes` are, once it is complete. A chunked one is an empty one: go-micro sends nothing else in chunks. */
export function requestIn(bytes: Buffer): Asked | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const lines = bytes.toString('utf8', 0, end).split('\r\n').slice(1)
  const header = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  )
  const body = bytes.subarray(end + 4)
  if (header['transfer-encoding'] === 'chunked') return { header, body: Buffer.alloc(0) }
  return body.length < Number(header['content-length'] ?? 0) ? undefined : { header, body }
}

/** Resolves in the turn of the event loop in which `condition` is true. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}
