/** How long to wait between attempts. */
export interface BackoffOptions {
  /** The most that the first wait can be, in milliseconds. @default 50 */
  readonly baseMs?: number
  /** The most that any wait can be, in milliseconds. @default 30_000 */
  readonly capMs?: number
  /** Evenly drawn from 0 (included) to 1 (excluded). @default Math.random */
  readonly random?: () => number
}

/**
 * The wait before attempt `attempt` + 1, in milliseconds; the first attempt is number 1.
 *
 * Drawn evenly from 0 to the doubled base (full jitter), so that a thousand clients that failed together do not come back together.
 *
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ for the choice of jitter
 */
export function backoffMs(attempt: number, options: BackoffOptions = {}): number {
  const { baseMs = 50, capMs = 30_000, random = Math.random } = options
  return random() * Math.min(capMs, baseMs * 2 ** (attempt - 1))
}
