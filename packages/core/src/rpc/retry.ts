/** A budget against retry storms: what may be tried again stands in proportion to what succeeds. */
export interface RetryBudget {
  succeeded(service: string): void
  /** Counts a failure that would be tried again, and says whether it may be. */
  mayRetry(service: string): boolean
}

const full = 10
const perSuccess = 0.1

/**
 * 10 tokens for each service; a failure takes one, a success gives a tenth back, and only while more than half are left is a call tried again. So
 * a service that is down gets hardly more calls than one that is up.
 *
 * @see https://github.com/grpc/proposal/blob/master/A6-client-retries.md for the scheme, under "Throttling Retry Attempts"
 */
export function retryBudget(): RetryBudget {
  const tokens = new Map<string, number>()
  return {
    succeeded(service) {
      const left = tokens.get(service)
      // A full bucket is not kept, so the successes of a healthy service cost one look-up.
      if (left === undefined) return
      if (left + perSuccess >= full) tokens.delete(service)
      else tokens.set(service, left + perSuccess)
    },
    mayRetry(service) {
      const left = Math.max(0, (tokens.get(service) ?? full) - 1)
      tokens.set(service, left)
      return left > full / 2
    },
  }
}
