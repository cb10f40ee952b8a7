/** The 16 failure codes of gRPC, and no others: what a caller can act on. Details go into `reason`. */
export type Code =
  | 'canceled'
  | 'unknown'
  | 'invalid_argument'
  | 'deadline_exceeded'
  | 'not_found'
  | 'already_exists'
  | 'permission_denied'
  | 'resource_exhausted'
  | 'failed_precondition'
  | 'aborted'
  | 'out_of_range'
  | 'unimplemented'
  | 'internal'
  | 'unavailable'
  | 'data_loss'
  | 'unauthenticated'

/** Where in a file of the user's the mistake stands. Lines and columns count from 1. */
export interface Place {
  readonly file: string
  readonly line?: number
  readonly column?: number
}

/** What a {@link MicroError} carries besides its code and message. */
export interface ErrorDetails {
  /** UPPER_SNAKE, at most 63 characters: the stable name of the failure, for programs and for `docs/errors.md`. */
  readonly reason: string
  /** What to type or to change, as one or two sentences. */
  readonly hint?: string
  readonly place?: Place
  /** Data for programs: the value found, the value wanted, names. Never secrets: it is logged and crosses the wire. */
  readonly details?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

const brand = Symbol.for('microts.error')

/**
 * A failure that a caller can handle: one of the 16 codes, a stable `reason`, a message that says what failed and why,
 * and a hint that says what to do.
 *
 * It is recognised by a brand and never by `instanceof`, since a plugin may carry its own copy of this package.
 * `message` reads: what could not be done, to which thing; a colon; why, with the value found and the value wanted. No final period.
 */
export class MicroError extends Error {
  override readonly name = 'MicroError'
  readonly code: Code
  readonly reason: string
  readonly hint: string | undefined
  readonly place: Place | undefined
  readonly details: Readonly<Record<string, unknown>> | undefined

  constructor(code: Code, message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.reason = details.reason
    this.hint = details.hint
    this.place = details.place
    this.details = details.details
    Object.defineProperty(this, brand, { value: true })
  }

  /** Whether `value` is a MicroError, of this copy of the package or of another. */
  static is(value: unknown): value is MicroError {
    return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true
  }

  /**
   * Any thrown thing as a MicroError; one that is one already comes back unchanged.
   *
   * An abort becomes `canceled`, an expired `AbortSignal.timeout` `deadline_exceeded`, all else `unknown`/`UNKNOWN` with the thing as its cause.
   */
  static from(thrown: unknown): MicroError {
    if (MicroError.is(thrown)) return thrown
    const name = thrown instanceof Error ? thrown.name : undefined
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    if (name === 'AbortError') return new MicroError('canceled', message, { reason: 'CANCELED', cause: thrown })
    if (name === 'TimeoutError') return new MicroError('deadline_exceeded', message, { reason: 'DEADLINE_EXCEEDED', cause: thrown })
    return new MicroError('unknown', message, { reason: 'UNKNOWN', cause: thrown })
  }
}
