import type { Cancel, Clock } from '../../base/index.js'

/** What watches over a connection on which nothing happens. */
export interface Keepalive {
  /** Something was read. */
  heard(): void
  stop(): void
}

/** What a keepalive works with. */
export interface KeepaliveOptions {
  readonly clock: Clock
  readonly pingMs: number
  readonly pongMs: number
  ping(): void
  /** Called once, with how long nothing was heard. */
  dead(silentMs: number): void
  /** Called every `pingMs` in which nothing was heard. */
  idle(): void
}

/**
 * Pings after `pingMs` of silence, and gives up when nothing is heard for `pongMs` more. One timer a connection, which looks and does not run after each frame: silence is
 * noticed after one to two times `pingMs`.
 */
export function keepalive(options: KeepaliveOptions): Keepalive {
  const { clock, pingMs, pongMs, ping, dead, idle } = options
  let hasHeard = true
  let heardMs = clock.monotonicMs()
  let cancel: Cancel

  const look = () => {
    if (hasHeard) {
      hasHeard = false
      heardMs = clock.monotonicMs()
      cancel = clock.after(pingMs, look, { background: true })
      return
    }
    ping()
    idle()
    cancel = clock.after(pongMs, judge, { background: true })
  }
  const judge = () => {
    if (hasHeard) look()
    else dead(Math.round(clock.monotonicMs() - heardMs))
  }
  cancel = clock.after(pingMs, look, { background: true })

  return {
    heard() {
      hasHeard = true
    },
    stop: () => cancel(),
  }
}
