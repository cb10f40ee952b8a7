import type { Duplex } from 'node:stream'
import { baseErrors, type Clock, type MicroError, systemClock } from '../../base/index.js'
import type { Dispatch } from '../dispatch.js'
import type { Endpoint } from '../endpoint.js'
import { rpcErrors } from '../errors.js'
import type { NativeCodec } from './codec.js'
import { Formats } from './formats.js'
import { Link } from './link.js'
import { Parts } from './parts.js'
import { RouteTable } from './routes.js'
import { ServerCalls } from './server-calls.js'
import { ServerFrames } from './server-frames.js'
import { type NativeSettings, usualSettings } from './settings.js'
import { Writer } from './writer.js'

/** What a connection is served with. */
export interface ServeNativeOptions {
  /** For messages: the name that the registry knows. */
  readonly service: string
  /** The endpoint that a caller means; asked once for each that a connection names. What it throws (`unavailable` as a refusal) is the answer to all of those calls. */
  readonly resolve: (service: string, endpoint: string) => Endpoint
  /** Runs the calls. A {@link NativeRequest} is what it is given. */
  readonly dispatch: Pick<Dispatch, 'begin' | 'isDraining'>
  /** JSON, which both sides have always. */
  readonly json: NativeCodec
  /** What is written: the first of them that the other side reads too. JSON may stand among them. @default JSON */
  readonly codecs?: readonly NativeCodec[]
  /** The caller's address. */
  readonly remote: string
  /** @default the machine's */
  readonly clock?: Clock
  readonly settings?: Partial<NativeSettings>
  /** Told of failures that the service did not mean, as a server's `onError` is. */
  readonly onError?: ((error: MicroError, call: { readonly service: string; readonly endpoint: string }) => void) | undefined
}

/** The server's end of a connection. */
export interface NativeServerConnection {
  /** Calls in work, and replies under way. */
  readonly pending: number
  /** Tells the client to begin nothing more here. What comes nevertheless is the dispatch's to refuse. The client hangs up when its last answer is there. */
  goaway(): void
  /** Ends it: replies that are written already still leave, calls in work are aborted. Twice is once. */
  close(): Promise<void>
  /** Resolves when the connection has ended, whoever ended it. */
  readonly closed: Promise<void>
}

/**
 * Answers the calls of one connection over the native framing. `head` are the bytes that were read of `socket` before; it is read from now on.
 *
 * Whatever breaks the layout ends the connection with a GOAWAY that says why. Never throws.
 */
export function serveNative(socket: Duplex, head: Uint8Array, options: ServeNativeOptions): NativeServerConnection {
  const { service, resolve, dispatch, json, codecs = [], remote, clock = systemClock, onError } = options
  const settings = { ...usualSettings, ...options.settings }
  const formats = new Formats(json, codecs)
  const routes = new RouteTable(settings.maxRoutes, resolve)
  const parts = new Parts(settings.maxParts)
  let calls: ServerCalls | undefined
  let frames: ServerFrames | undefined

  const link: Link = new Link(
    { socket, clock, settings, formats, isServer: true },
    {
      onHello(peer) {
        const writer = new Writer(link, formats, peer)
        calls = new ServerCalls({ service, dispatch, clock, settings, writer, parts, creditBytes: peer.creditBytes, onError })
        frames = new ServerFrames({ calls, routes, formats, parts, settings, clock, remote })
      },
      onFrame: (frame) => frames?.read(frame),
      // A client has nothing to drain.
      onDrain: () => undefined,
      onClosed() {
        parts.close()
        calls?.close()
      },
    },
  )

  link.start(head)
  return {
    get pending() {
      return calls?.pending ?? 0
    },
    goaway: () => link.drain(rpcErrors.draining(service)),
    async close() {
      if (link.isClosed) return link.closed
      // Whoever ended the calls did it just before; what they came to is written in the microtasks that wait now.
      await new Promise((done) => setImmediate(done))
      link.close(baseErrors.closed('connection'))
      return link.closed
    },
    closed: link.closed,
  }
}
