import type { Code } from '../base/index.js'
import type { Endpoint } from './endpoint.js'

/** What happened to the calls of a server, as numbers that only grow. */
export interface CallMetrics {
  /** Counts a call that has ended. `code` is undefined for one that succeeded. */
  ended(endpoint: Endpoint, code: Code | undefined, durationMs: number): void
  /** One entry for each endpoint, in their order. */
  readonly endpoints: readonly EndpointMetrics[]
}

/** The calls of one endpoint. */
export interface EndpointMetrics {
  readonly name: string
  /** How many ended with {@link outcomes}`[index]`. */
  readonly counts: readonly number[]
  /** How many took at most {@link bucketMs}`[index]`, and more than the one before; the last one is for those that took longer. */
  readonly buckets: readonly number[]
  readonly totalMs: number
}

/** What a call can come to: `ok`, or one of the 16 codes. */
export const outcomes = [
  'ok',
  'canceled',
  'unknown',
  'invalid_argument',
  'deadline_exceeded',
  'not_found',
  'already_exists',
  'permission_denied',
  'resource_exhausted',
  'failed_precondition',
  'aborted',
  'out_of_range',
  'unimplemented',
  'internal',
  'unavailable',
  'data_loss',
  'unauthenticated',
] as const

/** Upper bounds of the durations that are told apart, in milliseconds: from a call that only reads memory to one that waits for its deadline. */
export const bucketMs = [0.25, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000] as const

/** Counters for `endpoints`, all zero. A call costs a look-up, two additions and a short search; text is written only when somebody asks. */
export function callMetrics(endpoints: readonly Endpoint[]): CallMetrics {
  const all = endpoints.map(({ name }) => ({
    name,
    counts: outcomes.map(() => 0),
    buckets: Array.from({ length: bucketMs.length + 1 }, () => 0),
    totalMs: 0,
  }))
  const byEndpoint = new Map(endpoints.map((endpoint, index) => [endpoint, all[index] as (typeof all)[number]]))
  const indexOf = new Map<string, number>(outcomes.map((name, index) => [name, index]))

  return {
    endpoints: all,
    ended(endpoint, code, durationMs) {
      const one = byEndpoint.get(endpoint)
      if (one === undefined) return
      const index = code === undefined ? 0 : (indexOf.get(code) ?? 2)
      one.counts[index] = (one.counts[index] as number) + 1
      let bucket = 0
      while (bucket < bucketMs.length && durationMs > (bucketMs[bucket] as number)) bucket++
      one.buckets[bucket] = (one.buckets[bucket] as number) + 1
      one.totalMs += durationMs
    },
  }
}
