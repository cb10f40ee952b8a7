import type { Clock } from '../../base/index.js'
import type { NatsResponseRule } from './permissions.js'

/** To whom a connection may answer for a while. */
export interface Responses {
  /** A message with this reply subject was handed over. */
  note(reply: string): void
  /** Whether one more may be published to `reply`; counts it. */
  take(reply: string): boolean
}

// As many as nats-server remembers. The oldest goes first: somebody who sends requests without end costs the others their answers, not the server its memory.
const maxOpen = 4096

/** None yet. */
export function responses({ max, expiresMs }: Required<NatsResponseRule>, clock: Clock): Responses {
  const open = new Map<string, { left: number; readonly untilMs: number }>()

  return {
    note(reply) {
      open.delete(reply)
      open.set(reply, { left: max, untilMs: clock.monotonicMs() + expiresMs })
      if (open.size <= maxOpen) return
      for (const oldest of open.keys()) return void open.delete(oldest)
    },
    take(reply) {
      const found = open.get(reply)
      if (found === undefined) return false
      const inTime = clock.monotonicMs() <= found.untilMs
      if (--found.left <= 0 || !inTime) open.delete(reply)
      return inTime
    },
  }
}
