import { backoffMs, baseErrors, deadlineAfter, remainingMs, sleep, systemClock, type Clock } from '../../base/index.js'
import type { NatsAddress } from '../address.js'
import type { ConnectionOptions } from '../client/client-options.js'
import { remoteClient } from '../client/remote-client.js'
import { requestSlots } from '../client/request-slots.js'
import type { ServerPool } from '../client/server-pool.js'
import type { NatsClient, NatsClientState } from '../nats.js'
import { throwLater } from '../throw-later.js'
import { election, type ElectionOptions } from './election.js'
import { movingClient, type MovingClient } from './moving-client.js'

// All lose their server at the same moment, and are at the next one within a few tens of ms, on a busy machine within twice or three times that.
const settleMs = 300

/** How to make an {@link electedClient}. */
export interface ElectedClientOptions
  extends Omit<ConnectionOptions, 'serverName' | 'tls' | 'settleMs'>, Omit<ElectionOptions, 'clock' | 'random'> {
  /** Until a server is found, or made, at the beginning. @default 5_000 */
  readonly timeoutMs?: number
  readonly clock?: Clock
}

/** A client of the server that the processes of a project have elected; the server itself may be in this process. */
export interface ElectedClient extends NatsClient {
  /** Whether the server is in this process. */
  readonly isServer: boolean
}

/**
 * A client of the one server that all processes of a project share: in one of them, whichever was there first. When that one ends, or is killed, another one takes
 * its place; the rest connects to it, subscriptions come back, and what was published meanwhile is sent. In the process with the server nothing goes over a socket.
 *
 * @throws `unavailable`/`NATS_UNREACHABLE`, `permission_denied`/`PLACE_NOT_OURS`, `failed_precondition`/`KEY_FOLDER_INVALID`, `unavailable`/`PLACE_FAILED`
 */
export async function electedClient(options: ElectedClientOptions): Promise<ElectedClient> {
  const { project, timeoutMs = 5000, clock = systemClock, random = Math.random, onState = () => undefined, onError } = options
  const requests = requestSlots(clock, random)
  const found = election({ ...options, clock, random, onMove })
  // Everything is on this machine or next to it: to wait longer would only prolong the absence.
  const reconnect = { reconnectBaseMs: 20, reconnectCapMs: 250, settleMs }
  const connection = { ...reconnect, ...options, serverName: `micro-${project}`, clock, random, onState }
  let moving: MovingClient | undefined
  const ended = new AbortController()
  let closing: Promise<void> | undefined

  try {
    moving = movingClient(await first(), requests, onError ?? throwLater)
  } catch (error) {
    await found.close()
    throw error
  }
  const client = moving
  const close = async (end: () => Promise<void>) => {
    const wasServer = found.server !== undefined
    try {
      await end()
    } finally {
      ended.abort()
      await found.close()
      // A client in the server's own process has no connection whose end could tell.
      if (wasServer) tell('closed')
    }
  }
  return {
    get state() {
      return client.state
    },
    get url() {
      // One that listens everywhere is reached on loopback from here.
      return client.url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:')
    },
    get info() {
      return client.info
    },
    get maxPayloadBytes() {
      return client.maxPayloadBytes
    },
    get isServer() {
      return found.server !== undefined
    },
    closed: client.closed,
    publish: client.publish,
    request: client.request,
    room: client.room,
    subscribe: client.subscribe,
    flush: client.flush,
    drain: (drainMs) => (closing ??= close(() => client.drain(drainMs))),
    close: () => (closing ??= close(() => client.close())),
  }

  // Who was told of a server may come too late for it: it is asked for again, until the time is over.
  async function first(): Promise<NatsClient> {
    const deadline = deadlineAfter(timeoutMs, clock)
    for (let attempt = 1; ; attempt++) {
      try {
        const server = await found.find()
        return server === 'here' ? here() : await remoteClient(poolFrom(server), requests, connection)
      } catch (error) {
        const { code } = error as { readonly code?: unknown }
        if (code !== 'unavailable' || remainingMs(deadline, clock) === 0) throw error
        await sleep(backoffMs(attempt, { baseMs: 20, capMs: 250, random }), { clock })
      }
    }
  }

  function poolFrom(first: NatsAddress): ServerPool {
    let next: NatsAddress | undefined = first
    return {
      get urls() {
        return [moving?.url ?? first.url]
      },
      size: 1,
      learn: () => undefined,
      async next() {
        const known = next
        next = undefined
        if (known !== undefined) return known
        const server = await found.find()
        if (server !== 'here') return server
        await takeOver()
        return undefined
      },
    }
  }

  // The others need a moment to come here too; until then what is published waits, here as with them.
  async function takeOver(): Promise<void> {
    const local = here()
    moving?.listenAt(local)
    await sleep(settleMs, { clock, signal: ended.signal })
    moving?.moveTo(local)
    tell('connected')
  }

  function here(): NatsClient {
    if (found.server === undefined) throw baseErrors.closed('NATS client')
    return found.server.connect()
  }

  // The server of this process gave way to another one.
  async function onMove(to: NatsAddress): Promise<void> {
    // It is tried again: who asked first is not served yet.
    if (moving === undefined) throw baseErrors.closed('NATS client')
    const next = await remoteClient(poolFrom(to), requests, connection)
    if (moving.state === 'closed') return next.close()
    moving.moveTo(next)
  }

  function tell(state: NatsClientState): void {
    try {
      onState(state)
    } catch (error) {
      ;(onError ?? throwLater)(error)
    }
  }
}
