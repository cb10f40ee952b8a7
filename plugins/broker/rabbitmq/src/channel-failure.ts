import { messageOf, rabbitmqErrors } from './errors.js'
import { codeOf } from './library.js'

/** Why the server has closed a channel while it was asked to do `what`. */
export function channelFailure(url: string, what: string, cause: unknown): Error {
  const code = codeOf(cause)
  if (code === 'ACCESS_REFUSED') return rabbitmqErrors.notPermitted(url, what, cause)
  if (code === 'PRECONDITION_FAILED' || code === 'RESOURCE_LOCKED' || code === 'NOT_ALLOWED' || code === 'COMMAND_INVALID')
    return rabbitmqErrors.mismatch(url, what, cause)
  return rabbitmqErrors.gone(url, what, cause)
}

/** The sizes of a message that the server has found too large, as it tells them: its own, and the most that it takes. */
export function sizesOf(cause: unknown): { readonly bytes: number; readonly maxBytes: number } | undefined {
  const found = /message size (\d+) is larger than (?:configured )?max size (\d+)/.exec(messageOf(cause))
  return found === null ? undefined : { bytes: Number(found[1]), maxBytes: Number(found[2]) }
}
