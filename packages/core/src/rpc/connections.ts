import type { Cancel, Clock } from '../base/index.js'
import type { Connection, OpenOptions, Transport } from '../transport/transport.js'

/** Connections that are kept between calls, one call at a time on each. */
export interface Connections {
  /** An idle connection to `address`, or a new one. */
  take(address: string, options: OpenOptions): Promise<Connection>
  /** Gives one back whose call is over and whose answer was read to its end. */
  release(connection: Connection): void
  close(): Promise<void>
}

interface Kept {
  readonly connection: Connection
  readonly sinceMs: number
}

/** How many are kept, and for how long. */
export interface ConnectionsOptions {
  readonly transport: Transport
  readonly clock: Clock
  /** Below what servers allow (ours 120 s), so that it is this side that ends an idle connection. @default 60_000 */
  readonly idleMs?: number
  /** To one address. @default 256 */
  readonly maxIdle?: number
}

/** No connections yet. */
export function createConnections(options: ConnectionsOptions): Connections {
  const { transport, clock, idleMs = 60_000, maxIdle = 256 } = options
  const idle = new Map<string, Kept[]>()
  const open = new Set<Connection>()
  let cancelSweep: Cancel | undefined
  let isClosed = false

  const forget = (address: string, connection: Connection) => {
    open.delete(connection)
    const left = (idle.get(address) ?? []).filter((kept) => kept.connection !== connection)
    if (left.length === 0) idle.delete(address)
    else idle.set(address, left)
  }
  // One timer for all of them, and none while nothing is idle.
  const sweepLater = () => {
    cancelSweep ??= clock.after(idleMs / 2, sweep, { background: true })
  }
  const sweep = () => {
    cancelSweep = undefined
    const oldestMs = clock.monotonicMs() - idleMs
    for (const [address, kept] of idle) for (const one of kept) if (one.sinceMs <= oldestMs) end(address, one.connection)
    if (idle.size > 0 && !isClosed) sweepLater()
  }
  const end = (address: string, connection: Connection) => {
    forget(address, connection)
    void connection.close()
  }

  return {
    async take(address, openOptions) {
      const kept = idle.get(address)?.pop()
      if (kept !== undefined) return kept.connection
      const connection = await transport.open(address, openOptions)
      open.add(connection)
      // Whoever ended it: a connection that is over is never taken.
      void connection.closed.then(() => forget(address, connection))
      return connection
    },
    release(connection) {
      const address = connection.remote
      if (!open.has(connection)) return
      const kept = idle.get(address) ?? []
      if (isClosed || kept.length >= maxIdle) return end(address, connection)
      kept.push({ connection, sinceMs: clock.monotonicMs() })
      idle.set(address, kept)
      sweepLater()
    },
    async close() {
      isClosed = true
      cancelSweep?.()
      await Promise.all([...open].map((connection) => connection.close()))
    },
  }
}
