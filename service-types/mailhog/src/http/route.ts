import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Mail } from '../mail.js'
import type { Mailbox } from '../mailbox.js'
import { mailErrors } from '../errors.js'

/** What a route's handler has to work with. */
export interface RouteContext {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly url: URL
  /** The named segments of the path, decoded. */
  readonly params: Readonly<Record<string, string>>
}

/** One row of the table of routes. A segment of `path` that begins with `:` is a parameter. */
export interface Route {
  readonly method: string
  readonly path: string
  readonly handle: (context: RouteContext) => void | Promise<void>
}

/** A route and the parameters that a path gave it. */
export interface FoundRoute {
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
}

/**
 * The route for a request. HEAD goes where GET goes: node leaves out the body.
 *
 * @throws MicroError `INVALID_URL`, `ROUTE_NOT_FOUND` or `METHOD_NOT_ALLOWED`
 */
export function findRoute(routes: readonly Route[], method: string, pathname: string): FoundRoute {
  const wanted = method === 'HEAD' ? 'GET' : method
  const allowed: string[] = []
  for (const route of routes) {
    const params = matchPath(route.path, pathname)
    if (params === undefined) continue
    if (route.method === wanted) return { route, params }
    allowed.push(route.method)
  }
  throw allowed.length === 0 ? mailErrors.routeNotFound(method, pathname) : mailErrors.methodNotAllowed(method, pathname, allowed)
}

/**
 * The mail that the path names.
 *
 * @throws MicroError `MESSAGE_NOT_FOUND`
 */
export function namedMail(box: Mailbox, params: Readonly<Record<string, string>>): Mail {
  const id = params['id'] ?? ''
  const mail = box.get(id)
  if (mail === undefined) throw mailErrors.messageNotFound(id)
  return mail
}

/** The element of a list that the path counts out, from 0; undefined when there is none. */
export function nthOf<T>(list: readonly T[], text: string): T | undefined {
  return /^\d{1,6}$/.test(text) ? list[Number(text)] : undefined
}

function matchPath(pattern: string, pathname: string): Record<string, string> | undefined {
  const wanted = pattern.split('/')
  const found = pathname.split('/')
  if (wanted.length !== found.length) return undefined
  const params: Record<string, string> = {}
  for (const [index, segment] of wanted.entries()) {
    const value = found[index] ?? ''
    if (segment.startsWith(':') && value !== '') params[segment.slice(1)] = decodeSegment(value)
    else if (segment !== value) return undefined
  }
  return params
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    // The only failure is a malformed percent sign, which is the client's mistake.
    throw mailErrors.invalidUrl(segment)
  }
}
