import { type ErrorDetails, MicroError, type Place } from '../../base/index.js'
import { isCode } from '../status.js'
import { nativeErrors } from './errors.js'

// An error is read by people; what is longer carries data that belongs into a reply.
const maxBytes = 16_384

/**
 * `error` as the payload of ERROR and GOAWAY: a JSON object with `code`, `reason`, `message`, and where it has them `hint`, `place` and `details`. Its cause and its stack
 * stay where they are.
 *
 * Whatever would make it too long is left out: first the details, then the hint, then the end of the text.
 */
export function writeError(error: MicroError): Buffer {
  const { code, reason, message, hint, place, details } = error
  return (
    written({ code, reason, message, hint, place, details }) ??
    written({ code, reason, message, hint, place }) ??
    written({ code, reason, message }) ??
    Buffer.from(JSON.stringify({ code, reason: reason.slice(0, 63), message: `${message.slice(0, 1000)}…` }))
  )
}

function written(data: object): Buffer | undefined {
  try {
    const bytes = Buffer.from(JSON.stringify(data))
    return bytes.length > maxBytes ? undefined : bytes
  } catch {
    // Details that JSON cannot hold (a circle, a bigint) are left out, as too long ones are.
    return undefined
  }
}

/** The error that a payload tells. One that cannot be read is `unknown`/`UNKNOWN` with the text that was there. */
export function readError(payload: Buffer): MicroError {
  const text = payload.toString('utf8', 0, maxBytes)
  const data = parsed(text)
  const { code, reason, message, hint, place, details } = data
  if (!isCode(code) || typeof reason !== 'string' || typeof message !== 'string') return nativeErrors.unreadable(text)
  const more: ErrorDetails = {
    reason,
    ...(typeof hint === 'string' ? { hint } : {}),
    ...(isRecord(place) && typeof place['file'] === 'string' ? { place: place as unknown as Place } : {}),
    ...(isRecord(details) ? { details } : {}),
  }
  return new MicroError(code, message, more)
}

function parsed(text: string): Record<string, unknown> {
  try {
    const data: unknown = JSON.parse(text)
    return isRecord(data) ? data : {}
  } catch {
    // The text itself is shown then.
    return {}
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
