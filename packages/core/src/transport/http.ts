import { baseErrors, type Clock, systemClock } from '../base/index.js'
import type { Connect } from './http-client.js'
import { type ListenLimits, listenLimits } from './port/limits.js'
import type { TlsOptions } from './port/tls-options.js'
import type { Connection, Listener, Transport } from './transport.js'

/** How an HTTP transport is made. */
export interface HttpTransportOptions {
  /** The largest body that connections opened here take, in bytes. @default 4_194_304 (4 MiB) */
  readonly maxBytes?: number
  /** @default the machine's */
  readonly clock?: Clock
  /** Begins a TCP connection: for tests, proxies and tunnels. @default node:net's */
  readonly connect?: Connect
  /** Listeners speak TLS with this certificate. @default plain */
  readonly tls?: TlsOptions
  /** What listeners bear. @default the usual limits, see {@link ListenLimits} */
  readonly limits?: Partial<ListenLimits>
}

/**
 * go-micro's transport: each frame is a `POST /` with the frame's header, answered with status 200, over connections that are kept.
 *
 * One answer to each frame, in order; only frames with `micro-stream` are unpaired. The same port answers plain HTTP when `listen` is given `web`, and speaks
 * `protocols`. Both sides read with small strict readers of our own on node:net's sockets: node:http cannot express go-micro's streams, and takes a new
 * process several milliseconds to load.
 */
export function httpTransport(options: HttpTransportOptions = {}): Transport {
  const { maxBytes = 4_194_304, clock = systemClock, connect, tls } = options
  const limits = listenLimits(options.limits)
  const listeners = new Set<Listener>()
  const opened = new Set<Connection>()
  let isClosed = false

  return {
    name: 'http',
    features: new Set(['web', 'protocols'] as const),

    async open(address, openOptions = {}) {
      if (isClosed) throw baseErrors.closed('http transport')
      const { openHttp } = await import('./http-client.js')
      const connection = await openHttp(address, openOptions, { clock, maxBytes, connect })
      if (isClosed) {
        await connection.close()
        throw baseErrors.closed('http transport')
      }
      opened.add(connection)
      void connection.closed.then(() => opened.delete(connection))
      return connection
    },

    async listen(address, accept, listenOptions = {}) {
      if (isClosed) throw baseErrors.closed('http transport')
      const { listenPort } = await import('./port/port.js')
      const listening = await listenPort(address, accept, listenOptions, { clock, limits, tls })
      const listener: Listener = {
        ...listening,
        close() {
          listeners.delete(listener)
          return listening.close()
        },
      }
      listeners.add(listener)
      return listener
    },

    async close() {
      isClosed = true
      await Promise.all([...opened, ...listeners].map((one) => one.close()))
    },
  }
}
