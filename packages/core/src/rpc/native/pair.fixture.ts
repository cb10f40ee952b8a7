import type { Duplex } from 'node:stream'
import { systemClock, type Clock, type MicroError } from '../../base/index.js'
import { jsonCodec } from '../../codec/json.js'
import type { Interceptor } from '../call.js'
import { createDispatch, type Dispatch } from '../dispatch.js'
import type { Endpoint } from '../endpoint.js'
import { createRouter } from '../router.js'
import { type NativeConnection, openNative, type OpenNativeOptions } from './client.js'
import { nativeCodec } from './codec.js'
import { duplexPair, type DuplexOptions } from './duplex.fixture.js'
import { type NativeServerConnection, serveNative, type ServeNativeOptions } from './server.js'

/** JSON as every end has it. */
export const json = nativeCodec(jsonCodec())

/** A served end for tests, and what it runs on. */
export interface Served {
  readonly connection: NativeServerConnection
  readonly dispatch: Dispatch
  /** What the service was told of failures that it did not mean. */
  readonly told: MicroError[]
}

/** How the server's end is made. */
export interface ServedOptions extends Partial<ServeNativeOptions> {
  readonly endpoints: readonly Endpoint[]
  readonly interceptors?: readonly Interceptor[]
  readonly head?: Uint8Array
}

/** Serves `endpoints` of "orders" on `socket`. */
export function served(socket: Duplex, options: ServedOptions): Served {
  const { endpoints, interceptors = [], clock = systemClock, head = new Uint8Array(0) } = options
  const router = createRouter('orders', endpoints)
  const told: MicroError[] = []
  const onError = (error: MicroError) => void told.push(error)
  const dispatch = createDispatch({ service: 'orders', router, interceptors, clock, timeoutMs: 10_000, onError })
  const connection = serveNative(socket, head, {
    service: 'orders',
    resolve: (_, name) => router.find(name),
    dispatch,
    json,
    remote: 'client:1',
    clock,
    onError,
    ...options,
  })
  return { connection, dispatch, told }
}

/** Both ends of a connection in memory. */
export interface Pair extends Served {
  readonly client: NativeConnection
  readonly sockets: readonly [Duplex, Duplex]
}

/** How a pair is made. */
export interface PairOptions extends DuplexOptions {
  readonly clock?: Clock
  readonly server?: Partial<ServedOptions>
  readonly client?: Partial<OpenNativeOptions>
}

/** A connected pair. */
export async function pair(endpoints: readonly Endpoint[], options: PairOptions = {}): Promise<Pair> {
  const { clock = systemClock } = options
  const sockets = duplexPair(options)
  const server = served(sockets[1], { endpoints, clock, ...options.server })
  const client = await openNative(sockets[0], { json, remote: 'orders:1', clock, ...options.client })
  return { ...server, client, sockets }
}

/** An endpoint that gives back what it gets. */
export const echo: Endpoint = { name: 'Echo.Say', handle: (input) => input }

/** A generator of tests: the same numbers for the same seed, from 0 (included) to 1 (excluded). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
