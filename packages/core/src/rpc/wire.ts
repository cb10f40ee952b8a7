import type { Metadata } from './call.js'

/** go-micro's names which are data of the caller's and not of the call. */
const passed = new Set(['micro-from-service', 'micro-namespace'])

/**
 * The frame's header without what is a field of the call: its name, its time, its number. `content-type` stays, so that an endpoint which takes several
 * formats as bytes knows which one it has.
 */
export function metadataOf(header: Readonly<Record<string, string>>): Metadata {
  const metadata: Record<string, string> = {}
  for (const name in header) if (!isOfTheCall(name)) metadata[name] = header[name] as string
  return metadata
}

/** Whether metadata of that name, in lower case, may be sent: what is passed on from an incoming call must not change how the next one is read. */
export function isSendable(name: string): boolean {
  return name !== 'content-type' && name !== 'accept' && !isOfTheCall(name)
}

function isOfTheCall(name: string): boolean {
  return name === 'timeout' || ((name.startsWith('micro-') || name.startsWith('x-micro-')) && !passed.has(name))
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
