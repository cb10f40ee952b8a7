import type { Account } from '../auth/auth.js'
import type { Deadline } from '../base/index.js'

/** Data that travels beside a call or a reply. Names compare without case and are given in lower case; values are any Unicode without control characters, and without spaces at their ends. */
export type Metadata = Readonly<Record<string, string>>

/** One call on its way: what every step of the path sees, on the client's side and on the server's. */
export interface Call {
  /** The name that the registry knows: `orders`. */
  readonly service: string
  /** `Handler.Method`, as Go writes it: `Orders.Place`. */
  readonly endpoint: string
  /** The decoded input: checked against its schema on the server, after the interceptors. */
  readonly input: unknown
  readonly metadata: Metadata
  /** Until when the caller waits. */
  readonly deadline: Deadline
  /** Aborts when the caller gives up or the deadline passes. Made when it is first read, since making one costs as much as the rest of a small call. */
  readonly signal: AbortSignal
  /** The other side, once it is known: on the server the caller's address, on the client undefined until a node was chosen. */
  readonly remote?: string | undefined
  /** Who calls, once an interceptor has verified it; on the server only. */
  readonly account?: Account | undefined
}

/** What a call came to. A failure is thrown, as a MicroError. */
export interface Reply {
  readonly output: unknown
  readonly metadata: Metadata
}

/** One step of the path: does its part, or hands on to the next. */
export type Step = (call: Call) => Promise<Reply>

/**
 * Wraps a step: authenticate, limit, trace, retry. One type on both sides.
 *
 * `interceptor(next)` is called once, when the path is put together, and what it gives once a call. The first of a list is the outermost.
 */
export type Interceptor = (next: Step) => Step

/** `step` wrapped in `interceptors`, the first of them outermost. */
export function compose(interceptors: readonly Interceptor[], step: Step): Step {
  return interceptors.reduceRight((next, interceptor) => interceptor(next), step)
}

/** `call` with `changes`, for the next step. What was not read yet, the signal above all, stays unmade. */
export function derive(call: Call, changes: Partial<Call>): Call {
  return Object.assign(Object.create(call) as Call, changes)
}
