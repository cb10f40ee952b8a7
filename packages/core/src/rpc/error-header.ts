import { type ErrorDetails, MicroError, type Place } from '../base/index.js'
import { rpcErrors } from './errors.js'
import { codeOf, isCode, statusOf } from './status.js'

// Node and many proxies take heads of 16 KiB; an error shares that with the rest.
const maxHeaderLength = 8192

/** What a failed call sends back. */
export interface RemoteFailure {
  readonly error: MicroError
  /** Whether the server refused to begin, so that another node may be asked. */
  readonly isRefused: boolean
}

/**
 * `error` as go-micro's header `Micro-Error`: JSON with `id` (who failed), `code`, `detail` and `status`, and under `micro` what Go has no place for.
 *
 * An error that came from Go goes on as it came. Whatever would make a header too long is left out: first the details, then the hint, then the end of the text.
 */
export function errorToHeader(error: MicroError, id: string, isRefused = false): string {
  const { code, reason, hint, place, details } = error
  const { go, text } = statusOf(code)
  const origin = details?.['goMicro'] as { id?: string; code?: number; status?: string } | undefined
  const known = {
    id: origin?.id ?? id,
    code: origin?.code ?? go,
    detail: error.message,
    status: origin === undefined ? text : origin.status,
  }
  const micro = { code, reason, hint, place, details, ...(isRefused ? { refused: true } : {}) }
  return (
    written({ ...known, micro }) ??
    written({ ...known, micro: { ...micro, details: undefined } }) ??
    written({ ...known, micro: { ...micro, details: undefined, hint: undefined } }) ??
    (written({ ...known, detail: `${error.message.slice(0, 1000)}…`, micro: { code, reason } }) as string)
  )
}

function written(data: object): string | undefined {
  let text: string
  try {
    text = JSON.stringify(data, (key, value: unknown) => (key === 'status' && value === '' ? undefined : value))
  } catch {
    // Details that JSON cannot hold (a circle, a bigint) are left out, as too long ones are.
    return undefined
  }
  // The one control character that JSON leaves as it is, and that no header may have.
  return text.length > maxHeaderLength ? undefined : text.replaceAll('\u007f', '\\u007f')
}

/**
 * The failure that a `Micro-Error` header tells: ours with all it had, go-micro's as `REMOTE_ERROR` with its own fields in `details.goMicro`,
 * plain text as `unknown`.
 */
export function errorFromHeader(text: string, service: string, endpoint: string): RemoteFailure {
  const data = parsed(text)
  if (data === undefined) return { error: plainError(text, service, endpoint), isRefused: false }
  const message = typeof data['detail'] === 'string' ? data['detail'] : ''
  const micro = data['micro']
  if (isRecord(micro) && isCode(micro['code']) && typeof micro['reason'] === 'string') {
    return { error: new MicroError(micro['code'], message, detailsOf(micro)), isRefused: micro['refused'] === true }
  }
  const code = typeof data['code'] === 'number' ? codeOf(data['code']) : 'unknown'
  const { id, code: number, detail, status } = data
  return { error: rpcErrors.remote(code, message, { id, code: number, detail, status }), isRefused: false }
}

// The texts of go-micro's own router.
const notFound = /^rpc: (?:can't find (?:service|method) |service\/endpoint request ill-formed: )/

function plainError(text: string, service: string, endpoint: string): MicroError {
  return notFound.test(text) ? rpcErrors.endpointNotFound(service, endpoint, []) : rpcErrors.remote('unknown', text, { detail: text })
}

function detailsOf(micro: Readonly<Record<string, unknown>>): ErrorDetails {
  const { reason, hint, place, details } = micro
  return {
    reason: reason as string,
    ...(typeof hint === 'string' ? { hint } : {}),
    ...(isRecord(place) && typeof place['file'] === 'string' ? { place: place as unknown as Place } : {}),
    ...(isRecord(details) ? { details } : {}),
  }
}

function parsed(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith('{')) return undefined
  try {
    const data: unknown = JSON.parse(text)
    return isRecord(data) ? data : undefined
  } catch {
    // An error's text may begin with a brace and be no JSON: it is plain text then.
    return undefined
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
