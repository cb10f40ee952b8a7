import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isLoopback } from '../address.js'
import { natsErrors } from '../errors.js'
import { connz, subsz, varz, PageRefusal, type Watched } from './monitor-pages.js'

/** The monitoring port of a server. */
export interface Monitor {
  /** `http://127.0.0.1:8222` */
  readonly url: string
  close(): Promise<void>
}

const host = '127.0.0.1'
const maxConnections = 64

/**
 * Serves what nats-server's monitoring port serves, under its names, to programs of this machine: there is nothing to log in with here, and who is
 * connected and what they listen to is nobody else's business.
 *
 * @throws `unavailable`/`PORT_TAKEN`, `unavailable`/`LISTEN_FAILED`
 */
export async function monitor(port: number, watched: Watched): Promise<Monitor> {
  const requests: Record<string, number> = {}
  const pages: Record<string, (query: URLSearchParams) => object> = {
    '/': () => ({ pages: Object.keys(pages).filter((path) => path !== '/') }),
    '/varz': () => varz(watched, (listener.address() as AddressInfo).port, requests),
    '/connz': (query) => connz(watched, query),
    '/subsz': (query) => subsz(watched, query),
    '/healthz': () => (watched.info().ldm === true ? { status: 'unavailable', error: 'lame duck mode' } : { status: 'ok' }),
  }
  const listener = createServer({ headersTimeout: 5000, requestTimeout: 5000, maxHeaderSize: 8192 }, answer)
  listener.maxConnections = maxConnections
  await new Promise<void>((resolve, reject) => {
    listener.on('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? natsErrors.portTaken(host, port, error) : natsErrors.listenFailed(host, port, error)),
    )
    listener.listen({ host, port }, resolve)
  })
  // The connections of the server keep the process alive; those who look at it do not.
  listener.unref()

  return {
    url: `http://${host}:${(listener.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve())
        listener.closeAllConnections()
      }),
  }

  function answer(request: IncomingMessage, response: ServerResponse): void {
    request.resume()
    const [path = '/', query] = (request.url ?? '/').split('?', 2)
    const page = Object.hasOwn(pages, path) ? pages[path] : undefined
    // A page of the internet whose name was made to point here must not read this.
    if (!isLoopback(hostName(request))) return say(response, 403, 'only for this machine')
    if (request.method !== 'GET' && request.method !== 'HEAD') return say(response, 405, 'method not allowed')
    if (page === undefined) return say(response, 404, '404 page not found')
    requests[path] = (requests[path] ?? 0) + 1
    try {
      const found = page(new URLSearchParams(query))
      const isWell = !('status' in found) || found.status === 'ok'
      say(response, isWell ? 200 : 503, JSON.stringify(found, undefined, 2), 'application/json')
    } catch (error) {
      if (!(error instanceof PageRefusal)) throw error
      say(response, 400, error.message)
    }
  }
}

const hostName = (request: IncomingMessage) => (request.headers.host ?? '').replace(/:\d*$/, '').replace(/^\[|\]$/g, '')

function say(response: ServerResponse, status: number, text: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, { 'content-type': type, 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' })
  response.end(text)
}
