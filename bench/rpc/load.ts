/** A closed loop: as many calls as wanted at once, each followed by the next as soon as it is answered. */
import type { Call } from './contract.js'

/** How one round is driven. */
export interface RoundOptions {
  readonly concurrency: number
  readonly ms: number
}

/** What one round gave, at the client. */
export interface Round {
  readonly calls: number
  readonly elapsedMs: number
  readonly p50Us: number
  readonly p99Us: number
  /** Of the client's process, measuring included. */
  readonly cpuUs: number
}

/** Calls for `ms`, and waits for the last answers. Rejects with the first call that fails. */
export async function drive(call: Call, input: unknown, { concurrency, ms }: RoundOptions): Promise<Round> {
  const times = growing()
  const cpu = process.cpuUsage()
  const startedAt = performance.now()
  const until = startedAt + ms
  await Promise.all(Array.from({ length: concurrency }, () => lane(call, input, until, times.push)))
  const elapsedMs = performance.now() - startedAt
  const { user, system } = process.cpuUsage(cpu)
  const sorted = times.taken().sort()
  const at = (share: number) => (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 1000
  return { calls: sorted.length, elapsedMs, p50Us: at(0.5), p99Us: at(0.99), cpuUs: user + system }
}

// One pair of callbacks for all calls of a lane: the loop must not be what is measured.
function lane(call: Call, input: unknown, until: number, push: (ms: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let startedAt = performance.now()
    const done = () => {
      const now = performance.now()
      push(now - startedAt)
      if (now >= until) return resolve()
      startedAt = now
      call(input, done, reject)
    }
    call(input, done, reject)
  })
}

function growing() {
  let values = new Float64Array(1 << 16)
  let length = 0
  return {
    push(value: number) {
      if (length === values.length) {
        const more = new Float64Array(length * 2)
        more.set(values)
        values = more
      }
      values[length++] = value
    },
    taken: () => values.slice(0, length),
  }
}
