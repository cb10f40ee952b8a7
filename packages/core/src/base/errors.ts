import { MicroError } from './error.js'

/** The failures that every interface shares, each made in one place. */
export const baseErrors = {
  /** An operation on something whose `close()` was called. A mistake of the program, so it is not worth a retry. */
  closed: (what: string) =>
    new MicroError('failed_precondition', `Cannot use the ${what}: it is closed`, {
      reason: 'CLOSED',
      hint: `Keep the ${what} open until its last caller is done, or create another one.`,
    }),

  /** The caller's AbortSignal fired. */
  canceled: (what: string, cause?: unknown) =>
    new MicroError('canceled', `Gave up ${what}: the caller canceled it`, { reason: 'CANCELED', cause }),

  /** A feature that the implementation does not claim: refused, so that it is never silently ignored. */
  unimplemented: (implementation: string, feature: string, hint?: string) =>
    new MicroError('unimplemented', `Cannot use "${feature}" with ${implementation}: it does not have that feature`, {
      reason: 'FEATURE_NOT_SUPPORTED',
      hint: hint ?? `Choose an implementation that claims "${feature}" in its features (docs/matrix.md), or do without it.`,
      details: { implementation, feature },
    }),

  /** The time that the caller gave is used up. `timeoutMs`: the time given in the first place. */
  deadlineExceeded: (what: string, timeoutMs: number) =>
    new MicroError('deadline_exceeded', `Gave up ${what}: it was not done within ${timeoutMs} ms`, {
      reason: 'DEADLINE_EXCEEDED',
      hint: 'Allow more with `timeoutMs`, or look at what the callee waits for.',
      details: { timeoutMs },
    }),

  /** A reader of changes that is too slow for them. It has to list again and watch anew. */
  watchOverflow: (what: string, maxBuffered: number) =>
    new MicroError('resource_exhausted', `Stopped the watch of ${what}: ${maxBuffered} changes wait to be read`, {
      reason: 'WATCH_OVERFLOW',
      hint: 'List again, watch anew, and read faster or watch less.',
      details: { maxBuffered },
    }),

  /** A value that does not fit its schema. `issues`: one line each, `path: what is wrong`. */
  invalid: (what: string, issues: readonly string[]) =>
    new MicroError('invalid_argument', `Cannot accept ${what}: ${issues.join('; ')}`, {
      reason: 'SCHEMA_MISMATCH',
      hint: 'Send what the schema asks for; `micro describe <service>` shows it.',
      details: { issues },
    }),
}
