/** What a service takes that nobody has called. */
import { randomUUID } from 'node:crypto'
import { startChild, type Programs } from './child.js'
import type { Usage } from './process.js'

/** Resident memory in MiB, of two processes that were started together. */
export interface MemoryRound {
  readonly micro: number
  readonly limit: number
}

/** Starts ours and the limit's server anew for each round, and looks `idleMs` after both were ready. */
export async function measureIdle(programs: Programs, rounds: number, idleMs: number): Promise<readonly MemoryRound[]> {
  const found: MemoryRound[] = []
  while (found.length < rounds) {
    const project = `bench-${randomUUID()}`
    const children = (['micro', 'limit'] as const).map((name) => startChild(programs, 'serve', name, project))
    try {
      for (const child of children) await child.ask({ do: 'open' })
      await new Promise((resolve) => setTimeout(resolve, idleMs))
      const [micro, limit] = await Promise.all(children.map((child) => child.ask<Usage>({ do: 'usage' })))
      if (micro !== undefined && limit !== undefined) found.push({ micro: micro.rssMiB, limit: limit.rssMiB })
    } finally {
      await Promise.all(children.map((child) => child.end()))
    }
  }
  return found
}
