import { baseErrors, type Clock, systemClock } from '../base/index.js'
import type { Connect } from './http-client.js'
import type { Connection, Listener, Transport } from './transport.js'

/** How an HTTP transport is made. */
export interface HttpTransportOptions {
  /** The largest body that connections opened here take, in bytes. @default 4_194_304 (4 MiB) */
  readonly maxBytes?: number
  /** @default the machine's */
  readonly clock?: Clock
  /** Begins a TCP connection: for tests, proxies and tunnels. @default node:net's */
  readonly connect?: Connect
}

/**
 * go-micro's transport: each frame is a `POST /` with the frame's header, answered with status 200, over connections that are kept.
 *
 * One answer to each frame, in order. The same port answers plain HTTP when `listen` is given `web`. A listener loads node:http, a caller only node:net:
 * connections are read by the small reader in http-message.ts, which costs less to load and to run than node:http's client.
 */
export function httpTransport(options: HttpTransportOptions = {}): Transport {
  const { maxBytes = 4_194_304, clock = systemClock, connect } = options
  const listeners = new Set<Listener>()
  const opened = new Set<Connection>()
  let isClosed = false

  return {
    name: 'http',
    features: new Set(['web'] as const),

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
      const { listenHttp } = await import('./http-server.js')
      const listening = await listenHttp(address, accept, listenOptions)
      const listener: Listener = {
        address: listening.address,
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
