import type { Cancel } from '../../base/index.js'
import type { RunningCall } from '../dispatch.js'
import type { Inbox } from './inbox.js'
import type { StreamSender } from './sender.js'

/** What Node's timers take at most: for calls without an end. */
export const endlessMs = 2 ** 31 - 1

/** One call in work, or its reply under way: what stands in a slot. */
export interface ServerCall {
  readonly id: number
  running: RunningCall | undefined
  inbox: Inbox | undefined
  sender: StreamSender | undefined
  /** What its body keeps in memory. */
  heldBytes: number
  cancelTimer: Cancel | undefined
}

/** A slot that was just taken. */
export function serverCall(id: number): ServerCall {
  return { id, running: undefined, inbox: undefined, sender: undefined, heldBytes: 0, cancelTimer: undefined }
}

/** Whether a handler gave a stream. */
export function isStream(output: unknown): output is AsyncIterable<unknown> {
  return (
    typeof output === 'object' && output !== null && typeof (output as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] === 'function'
  )
}
