import type { Metadata } from './call.js'

/** The headers of go-micro that a call itself consists of; they are fields of the call, not metadata. */
const own = new Set(['accept', 'content-type', 'timeout'])

/** go-micro's names which are data of the caller's and not of the call. */
const passed = new Set(['micro-from-service', 'micro-namespace'])

/** The frame's header without what the call itself consists of: what the sender put beside it. */
export function metadataOf(header: Readonly<Record<string, string>>): Metadata {
  const metadata: Record<string, string> = {}
  for (const name in header) if (isMetadata(name)) metadata[name] = header[name] as string
  return metadata
}

/** Whether a header, in lower case, is metadata. */
export function isMetadata(name: string): boolean {
  if (own.has(name)) return false
  return !(name.startsWith('micro-') || name.startsWith('x-micro-')) || passed.has(name)
}

/** A header of go-micro's, `micro-<name>` or its older form `x-micro-<name>`. An empty one is none. */
export function microHeader(header: Readonly<Record<string, string>>, name: string): string | undefined {
  const value = header[`micro-${name}`] || header[`x-micro-${name}`]
  return value === undefined || value === '' ? undefined : value
}

// Timers of Node take no more.
const maxTimeoutMs = 2 ** 31 - 1

/**
 * The time that the caller gives, in milliseconds; undefined when it says nothing that can be read.
 *
 * The header `timeout` is go-micro's: nanoseconds. What Go clients put there (their connection timeout) is when they hang up, so it is the real one.
 */
export function timeoutOf(header: Readonly<Record<string, string>>): number | undefined {
  const text = header['timeout']
  if (text === undefined || !/^\d{1,19}$/.test(text)) return undefined
  return Math.min(Number(text) / 1e6, maxTimeoutMs)
}

/** `remainingMs` as the header `timeout` has it. */
export function timeoutText(remainingMs: number): string {
  return String(Math.max(1, Math.floor(remainingMs * 1e6)))
}
