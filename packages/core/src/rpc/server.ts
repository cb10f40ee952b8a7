import { baseErrors, type Clock, MicroError, systemClock } from '../base/index.js'
import type { Codec } from '../codec/codec.js'
import type { Connection, Frame, Listener, Protocol, Transport } from '../transport/transport.js'
import type { Interceptor } from './call.js'
import { codecTable } from './codecs.js'
import { createDispatch, type RunningCall } from './dispatch.js'
import type { Endpoint } from './endpoint.js'
import { errorToHeader } from './error-header.js'
import { createExchange, type Exchange, type RpcEvent } from './exchange.js'
import { createFramings } from './framings.js'
import { createGoStreams, type GoStreams } from './go-stream.js'
import { callMetrics } from './metrics.js'
import { metricsPage } from './metrics-page.js'
import { nativeProtocol } from './native-protocol.js'
import { openApi } from './openapi.js'
import { createRouter } from './router.js'
import { createWeb } from './web.js'
import { microHeader } from './wire.js'

/** What a server serves, and how. */
export interface ServeOptions {
  /** The name that the registry knows: `orders`. */
  readonly service: string
  readonly version?: string
  readonly endpoints: readonly Endpoint[]
  readonly transport: Transport
  /** Where to listen: `127.0.0.1:0`. */
  readonly address: string
  /** What it reads and writes before the codecs of the wire: JSON, bytes, and protobuf as bytes. */
  readonly codecs?: readonly Codec[]
  /** The first is the outermost. They see a call after its endpoint was found, and before its input is decoded and checked. */
  readonly interceptors?: readonly Interceptor[]
  /** @default the machine's */
  readonly clock?: Clock
  /** The largest body, in bytes. @default 4_194_304 (4 MiB) */
  readonly maxBytes?: number
  /** For callers that say no time, in milliseconds. @default 10_000 */
  readonly timeoutMs?: number
  /** What `/readyz` says. @default always */
  readonly ready?: () => boolean
  /** Told of failures that the service did not mean: a thrown thing that is no MicroError (as `cause`), an output that does not fit. They do not reach the caller. */
  readonly onError?: (error: MicroError, call: { readonly service: string; readonly endpoint: string }) => void
  /** Takes events that Go services deliver over the RPC port. Absent: they are refused. */
  readonly events?: (event: RpcEvent) => unknown
  /** What else the port speaks, where the transport has `protocols`. The native framing is always there. @default none */
  readonly protocols?: readonly Protocol[]
  /** Who is shown `/metrics` and `/openapi.json`: callers on this machine, or whoever can reach the port. @default this-host */
  readonly pages?: 'this-host' | 'anyone'
}

/** A service that is listening. */
export interface RpcServer {
  /** Where it can be reached: `127.0.0.1:40113`. */
  readonly address: string
  /** Calls in work. */
  readonly pending: number
  /**
   * Also listens on a Unix socket of this host, for the native framing, and gives its path: what a node tells in its metadata. `name` becomes part of the
   * file's name: the project and the node. Undefined where that cannot be. `close` removes it.
   */
  listenLocal(name: string): Promise<string | undefined>
  /** The numbers of the server's calls and connections, as Prometheus reads them: what `/metrics` shows. */
  metrics(): string
  /**
   * Refuses new calls with `unavailable`/`DRAINING`, marked as safe to send to another node, and lets those in work finish.
   * Resolves when none is left, or after `capMs` milliseconds.
   */
  drain(capMs: number): Promise<void>
  /** Ends what is still in work with `unavailable`/`SERVER_CLOSED`, its signals aborted, and closes the door. */
  close(): Promise<void>
}

/**
 * Listens and answers: calls of our clients and of go-micro's, and where the transport has `web`, plain HTTP.
 *
 * Whatever a handler throws becomes a MicroError once, here. One that is none becomes `internal`/`INTERNAL`, whose text is kept from the caller.
 *
 * @throws TypeError for endpoint names that are wrong or there twice; what `transport.listen` throws
 */
export async function serve(options: ServeOptions): Promise<RpcServer> {
  const {
    service,
    transport,
    address,
    interceptors = [],
    clock = systemClock,
    maxBytes,
    timeoutMs = 10_000,
    ready = () => true,
    events,
    onError,
    version = 'latest',
    protocols = [],
  } = options
  const router = createRouter(service, options.endpoints)
  const codecs = codecTable(options.codecs)
  const framings = createFramings(codecs)
  const metrics = callMetrics(options.endpoints)
  const dispatch = createDispatch({ service, router, interceptors, clock, timeoutMs, onError, onEnd: metrics.ended })
  const exchange = createExchange({ service, router, framings, dispatch, events, onError })
  const streams = createGoStreams({ service, router, framings, dispatch, clock, onError })
  // A page may be asked for as soon as the port is open, which is before `listen` has resolved.
  const open: { listener?: Listener } = {}
  const page = () =>
    metricsPage({ service, version, metrics, inFlight: dispatch.pending, connections: open.listener?.connections?.() ?? {} })
  const describe = () => openApi({ service, version, endpoints: options.endpoints })
  const web = createWeb({
    service,
    router,
    framings,
    dispatch,
    ready,
    metrics: page,
    openApi: describe,
    pages: options.pages ?? 'this-host',
  })
  const native = nativeProtocol({ service, router, dispatch, json: codecs.find('application/json') as Codec, clock, onError })

  const bound = await transport.listen(address, (connection) => void answerAll(connection, exchange, streams, service), {
    ...(maxBytes === undefined ? {} : { maxBytes }),
    ...(transport.features.has('web') ? { web } : {}),
    ...(transport.features.has('protocols') ? { protocols: [native, ...protocols] } : {}),
  })
  open.listener = bound

  return {
    address: bound.address,
    get pending() {
      return dispatch.pending
    },
    drain: (capMs) => dispatch.drain(capMs),
    listenLocal: (name) => bound.listenLocal?.(name) ?? Promise.resolve(undefined),
    metrics: page,
    close() {
      dispatch.close()
      streams.close()
      return bound.close()
    },
  }
}

// One call at a time on a connection: that is go-micro's protocol, and the seam where a framing with slots will differ.
async function answerAll(connection: Connection, exchange: Exchange, streams: GoStreams, service: string): Promise<void> {
  let running: RunningCall | undefined
  void connection.closed.then(() => running?.abort(baseErrors.canceled('answering the call')))
  try {
    for (;;) {
      const frame = await connection.receive()
      if (frame === undefined) return
      if (opensStream(frame)) return await streams.answer(connection, frame)
      const answer = exchange(frame, connection.remote, (call) => (running = call))
      const reply = answer instanceof Promise ? await answer : answer
      running = undefined
      await connection.send(reply).catch((error: unknown) => sendFailure(connection, frame, error, service))
    }
  } catch {
    // The caller is gone, so nobody can be told: its call was aborted above, and the transport has ended the connection.
    await connection.close()
  }
}

// A page in a browser opens none: what it sends is refused where calls are.
function opensStream({ header }: Frame): boolean {
  return microHeader(header, 'stream') !== undefined && header['origin'] === undefined
}

// A reply that the transport refuses to carry (metadata of an interceptor's, a body that is too large) is answered with the refusal.
async function sendFailure(connection: Connection, frame: Frame, thrown: unknown, service: string): Promise<void> {
  const error = MicroError.from(thrown)
  if (error.reason === 'CONNECTION_CLOSED') throw error
  const header = { 'content-type': frame.header['content-type'] ?? 'application/json', 'micro-error': errorToHeader(error, service) }
  await connection.send({ header, body: new Uint8Array(0) })
}
