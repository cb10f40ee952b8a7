/** The native framing with all that it does: routes, deadlines, metadata, a promise a call, the dispatch with its router. */
import { connect, createServer } from 'node:net'
import { systemClock } from '../../packages/core/src/base/index.js'
import { jsonCodec } from '../../packages/core/src/codec/index.js'
import { createDispatch } from '../../packages/core/src/rpc/dispatch.js'
import { nativeCodec, openNative, serveNative } from '../../packages/core/src/rpc/native/index.js'
import { createRouter } from '../../packages/core/src/rpc/router.js'
import type { Echo } from './echo.js'

const json = nativeCodec(jsonCodec())

/** Ours, as something that echoes. */
export const engine: Echo = {
  serve: () =>
    new Promise((resolve) => {
      const router = createRouter('echo', [{ name: 'Echo.Say', handle: (input) => input }])
      const dispatch = createDispatch({ service: 'echo', router, interceptors: [], clock: systemClock, timeoutMs: 10_000 })
      const server = createServer((socket) => {
        serveNative(socket, new Uint8Array(0), {
          service: 'echo',
          resolve: (_, name) => router.find(name),
          dispatch,
          json,
          remote: 'bench',
        })
      }).listen(0, '127.0.0.1', () => {
        const address = server.address()
        resolve(typeof address === 'object' && address !== null ? address.port : 0)
      })
    }),
  async open(port) {
    const socket = connect(port, '127.0.0.1')
    const connection = await openNative(socket, { json, remote: 'bench', metadata: { 'micro-from-service': 'bench' } })
    const route = connection.route('echo', 'Echo.Say')
    return {
      async call(value, done) {
        const { output } = await connection.call(route, value)
        done(output)
      },
      close: () => void connection.close(),
    }
  },
}
