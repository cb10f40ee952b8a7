import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { MicroError } from '@microts/core/base'
import { mailErrors } from '../errors.js'
import type { Mailbox } from '../mailbox.js'
import { toMailHog } from '../mailhog/message.js'
import { readPageAssets } from '../page/assets.js'
import { apiV1 } from './api-v1.js'
import { apiV2 } from './api-v2.js'
import { eventStream, formatEvent } from './events.js'
import { guard } from './guard.js'
import { pageEvent, pageRoutes } from './page-routes.js'
import { sendError } from './reply.js'
import { findRoute } from './route.js'

/** What the HTTP side serves. */
export interface HttpOptions {
  readonly box: Mailbox
  /** What the catcher calls itself in the headers that MailHog adds. */
  readonly hostname: string
  /** The address that the listener will be bound to: besides this machine's own names, the one that Host may hold. */
  readonly host: string
}

/** The HTTP server, not yet listening: the page at `/`, MailHog's API under `/api`. `close()` also ends the connections that are open. */
export function httpServer({ box, hostname, host }: HttpOptions): { readonly server: Server; close(): Promise<void> } {
  const messageEvents = eventStream(box, (event) =>
    event.type === 'received' ? formatEvent(JSON.stringify(toMailHog(event.mail, hostname))) : undefined,
  )
  const pageEvents = eventStream(box, pageEvent)
  const routes = [...pageRoutes(box, pageEvents, readPageAssets()), ...apiV1(box, hostname, messageEvents), ...apiV2(box, hostname)]

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    guard(request, host)
    const url = parseUrl(request.url ?? '/')
    const { route, params } = findRoute(routes, request.method ?? 'GET', url.pathname)
    await route.handle({ request, response, url, params })
  }

  const server = createServer((request, response) => {
    // No route reads a body; one that is sent all the same must not keep the connection waiting.
    request.resume()
    answer(request, response).catch((error: unknown) => {
      // Too late for a status: the reader learns of it by a reply that breaks off.
      if (response.headersSent) response.destroy()
      else sendError(response, MicroError.is(error) ? error : mailErrors.internal(error))
    })
  })

  return {
    server,
    close: () =>
      new Promise((resolve) => {
        messageEvents.close()
        pageEvents.close()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function parseUrl(path: string): URL {
  // A path of `//x` would be read as a host.
  if (!path.startsWith('/') || path.startsWith('//')) throw mailErrors.invalidUrl(path)
  return new URL(path, 'http://localhost')
}
