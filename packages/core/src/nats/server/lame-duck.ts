import { sleep, type Clock } from '../../base/index.js'
import type { ServerConnection } from './connection.js'

/** How a server goes without a stampede. */
export interface LameDuckOptions {
  /** From the announcement to the first connection that is ended. @default 10_000 */
  readonly graceMs?: number
  /** From the announcement to the last one; the ends in between are evenly spread. @default 120_000 */
  readonly durationMs?: number
}

/** Ends the connections that there still are, one after the other in an order by chance, so that those who connect elsewhere do not all come at once. */
export async function endOneByOne(
  connections: ReadonlySet<ServerConnection>,
  { graceMs = 10_000, durationMs = 120_000 }: LameDuckOptions,
  { clock, random, signal }: { readonly clock: Clock; readonly random: () => number; readonly signal: AbortSignal },
): Promise<void> {
  await sleep(graceMs, { clock, signal })
  const order = shuffled([...connections], random)
  const startedMs = clock.monotonicMs()
  const spanMs = Math.max(0, durationMs - graceMs)
  for (const [index, connection] of order.entries()) {
    const dueMs = startedMs + (spanMs * index) / order.length
    // Several are due at once where there are more of them than milliseconds.
    if (dueMs > clock.monotonicMs()) await sleep(dueMs - clock.monotonicMs(), { clock, signal })
    connection.end('server shutdown')
  }
}

function shuffled<T>(list: T[], random: () => number): T[] {
  for (let last = list.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    const moved = list[last] as T
    list[last] = list[other] as T
    list[other] = moved
  }
  return list
}
