import type { Socket } from 'node:net'
import type { Clock, MicroError } from '../base/index.js'
import type { Codec } from '../codec/codec.js'
import type { Protocol } from '../transport/transport.js'
import type { Dispatch } from './dispatch.js'
import { isNative } from './native/preface.js'
import type { NativeServerConnection } from './native/server.js'
import type { Router } from './router.js'

/** What the native framing is served with. */
export interface NativeProtocolOptions {
  readonly service: string
  readonly router: Router
  readonly dispatch: Dispatch
  /** JSON, which both sides always have. */
  readonly json: Codec
  readonly clock: Clock
  readonly onError?: ((error: MicroError, call: { readonly service: string; readonly endpoint: string }) => void) | undefined
}

/** The native framing as a protocol of the port, spoken over its Unix socket too. Its code is loaded when the first such connection comes. */
export function nativeProtocol(options: NativeProtocolOptions): Protocol<Socket> {
  const { service, router, dispatch, json, clock, onError } = options
  return {
    name: 'native',
    isLocal: true,
    detect(head) {
      const is = isNative(head)
      if (is === undefined) return 'more'
      return is ? 'yes' : 'no'
    },
    serve(socket, head) {
      let connection: NativeServerConnection | undefined
      let isDraining = false
      const onEarlyError = () => undefined
      // A connection without a call in work has nothing to wait for; the others end when their last answer is written.
      const endIfIdle = () => {
        if (isDraining && connection?.pending === 0) void connection.close()
      }
      const drain = () => {
        isDraining = true
        connection?.goaway()
        setImmediate(endIfIdle)
      }
      socket.on('error', onEarlyError)
      void import('./native/index.js').then(({ nativeCodec, serveNative }) => {
        if (socket.destroyed) return
        const resolve = (_service: string, endpoint: string) => router.find(endpoint)
        const remote = socket.remoteAddress === undefined ? 'local' : `${socket.remoteAddress}:${socket.remotePort}`
        connection = serveNative(socket, head, { service, resolve, dispatch, json: nativeCodec(json), remote, clock, onError })
        socket.removeListener('error', onEarlyError)
        if (isDraining) drain()
      })
      return { drain, sweep: endIfIdle }
    },
  }
}
