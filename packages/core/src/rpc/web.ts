import { baseErrors, MicroError } from '../base/index.js'
import type { WebReply, WebRequest } from '../transport/transport.js'
import type { Dispatch } from './dispatch.js'
import { rpcErrors } from './errors.js'
import type { FramedRequest } from './framing.js'
import type { Framings } from './framings.js'
import { metricsType } from './metrics-page.js'
import { isOnThisHost, refuseCrossSite, refuseRebinding } from './origin.js'
import type { Router } from './router.js'
import { statusOf } from './status.js'
import { metadataOf, timeoutOf } from './wire.js'

/** What answers plain HTTP. */
export interface WebOptions {
  readonly service: string
  readonly router: Router
  readonly framings: Framings
  readonly dispatch: Dispatch
  /** What `/readyz` says. */
  readonly ready: () => boolean
  /** What `/metrics` shows. */
  readonly metrics: () => string
  /** What `/openapi.json` shows. */
  readonly openApi: () => object
  /** Who is shown these two. */
  readonly pages: 'this-host' | 'anyone'
}

/**
 * Plain HTTP for curl, browsers and load balancers, on the port of RPC.
 *
 * `POST /<Handler.Method>` or `/<service>/<Handler.Method>` with JSON calls an endpoint; a failure is `{"code","reason","message","hint","details"}` with the
 * status that fits. `POST /` takes JSON-RPC, as go-micro's does. `/livez` is 200 as long as the process answers, `/readyz` 200 or 503; `/metrics` is for Prometheus,
 * `/openapi.json` describes the endpoints. Bodies end with a line break, since terminals show them. What a form on another site can send is refused, and so are pages of other origins.
 */
export function createWeb(options: WebOptions): (request: WebRequest) => Promise<WebReply> {
  const { service, router, framings, dispatch, ready, metrics, openApi, pages } = options

  return async (request) => {
    try {
      const path = pathOf(request)
      if (path === '/livez') return health(request, true)
      if (path === '/readyz') return health(request, ready())
      refuseCrossSite(request.header)
      if (pages === 'this-host' && ownPages.has(path) && !isOnThisHost(request.remote)) throw rpcErrors.pageNotShown(path)
      if (path === '/metrics') return read(request, metricsType, metrics)
      if (path === '/openapi.json') return read(request, 'application/json', () => `${JSON.stringify(openApi(), undefined, 2)}\n`)
      return await call(request, path)
    } catch (error) {
      return failure(MicroError.from(error))
    }
  }

  async function call(request: WebRequest, path: string): Promise<WebReply> {
    const isJsonRpc = path === '/' && request.method === 'POST'
    const named = isJsonRpc ? undefined : endpointAt(path)
    if (request.method !== 'POST') throw rpcErrors.methodNotAllowed(request.method, path, 'POST')
    const contentType = contentTypeOf(request.header)
    const framing = framings.find(contentType, isJsonRpc)
    if (framing === undefined) throw rpcErrors.contentTypeUnsupported(contentType, 'Send JSON: -H "content-type: application/json".')
    const framed = framing.openRequest(request.body)
    const endpoint = named ?? router.find(framed.endpoint ?? missing())
    const running = dispatch.begin({
      endpoint,
      input: framed.input,
      metadata: () => metadataOf(request.header),
      timeoutMs: timeoutOf(request.header),
      remote: request.remote,
    })
    if (running.outcome instanceof Promise) {
      const onAbort = () => running.abort(baseErrors.canceled(`answering ${endpoint.name}`, request.signal.reason))
      if (request.signal.aborted) onAbort()
      request.signal.addEventListener('abort', onAbort, { once: true })
    }
    const { output, metadata } = await running.outcome
    return { status: 200, header: { ...metadata, 'content-type': contentType }, body: bodyOf(framed, output, contentType, endpoint.name) }
  }

  function endpointAt(path: string) {
    try {
      return router.find(path)
    } catch {
      // The router's error speaks of endpoints; whoever sent a path is told about paths.
      throw rpcErrors.pathNotFound(service, path, router.names)
    }
  }

  function missing(): never {
    throw rpcErrors.endpointMissing(service)
  }
}

function bodyOf(framed: FramedRequest, output: unknown, contentType: string, endpoint: string): Uint8Array {
  let body: Uint8Array
  try {
    body = framed.reply(output)
  } catch (error) {
    throw rpcErrors.outputNotEncodable(endpoint, MicroError.from(error))
  }
  return contentType === 'application/json' && body.length > 0 ? Buffer.concat([body, Buffer.from('\n')]) : body
}

function pathOf(request: WebRequest): string {
  const path = request.path.split('?')[0] as string
  try {
    return decodeURIComponent(path)
  } catch {
    // A percent sign that begins no escape: the path stays as it was written, and will be found by nobody.
    return path
  }
}

// Forms can send these three without asking the browser's permission, so an endpoint that took them could be called by any page.
const formTypes = new Set(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'])

function contentTypeOf(header: WebRequest['header']): string {
  const contentType = (header['content-type'] ?? 'application/json').split(';')[0]?.trim().toLowerCase() ?? ''
  if (formTypes.has(contentType)) throw rpcErrors.contentTypeUnsupported(contentType, 'Send JSON: -H "content-type: application/json".')
  return contentType
}

const ownPages = new Set(['/metrics', '/openapi.json'])

function health(request: WebRequest, isWell: boolean): WebReply {
  mustRead(request)
  return json(isWell ? 200 : 503, { status: isWell ? 'ok' : 'unavailable' })
}

function read(request: WebRequest, contentType: string, page: () => string): WebReply {
  mustRead(request)
  refuseRebinding(request.header, request.remote)
  // Numbers of now, and names that a cache of somebody else's need not keep.
  return { status: 200, header: { 'content-type': contentType, 'cache-control': 'no-store' }, body: Buffer.from(page()) }
}

function mustRead({ method, path }: WebRequest): void {
  if (method !== 'GET' && method !== 'HEAD') throw rpcErrors.methodNotAllowed(method, path, 'GET')
}

// Reasons whose HTTP status says more than the one of their code.
const statusByReason: Readonly<Record<string, number>> = {
  CONTENT_TYPE_UNSUPPORTED: 415,
  ENDPOINT_NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
}

function failure(error: MicroError): WebReply {
  const { code, reason, message, hint, details } = error
  const reply = json(statusByReason[reason] ?? statusOf(code).http, { code, reason, message, hint, details })
  return reason === 'METHOD_NOT_ALLOWED' ? { ...reply, header: { ...reply.header, allow: String(details?.['allowed']) } } : reply
}

function json(status: number, data: object): WebReply {
  return { status, header: { 'content-type': 'application/json' }, body: Buffer.from(`${safeJson(data)}\n`) }
}

function safeJson(data: object): string {
  try {
    return JSON.stringify(data)
  } catch {
    // Details that JSON cannot hold are left out: the failure itself must arrive.
    return JSON.stringify({ ...data, details: undefined })
  }
}
