import type { IncomingMessage } from 'node:http'
import { mailErrors } from '../errors.js'

const changing = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

/**
 * Lets a request through only when it comes from this machine's own programs and pages.
 *
 * The name in Host must be one of this machine: a web site can point a name of its own at 127.0.0.1 (DNS rebinding), and its pages would then share
 * this origin and read the mail. A change that a browser asks for must come from the catcher's own page; programs send neither Origin nor Sec-Fetch-Site.
 *
 * @throws MicroError `HOST_REFUSED` or `ORIGIN_REFUSED`
 */
export function guard(request: IncomingMessage, boundHost: string): void {
  const host = request.headers.host ?? ''
  if (!isOwnHost(host, boundHost)) throw mailErrors.hostRefused(host)
  if (!changing.has(request.method ?? '')) return
  const { origin } = request.headers
  if (origin !== undefined && origin !== `http://${host}`) throw mailErrors.originRefused(origin)
  const site = request.headers['sec-fetch-site']
  if (origin === undefined && (site === 'cross-site' || site === 'same-site')) throw mailErrors.originRefused(site)
}

/** Whether the value of a Host header names this machine: localhost, a name under it, a loopback address, or the address that the listener is bound to. */
export function isOwnHost(host: string, boundHost: string): boolean {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i.exec(host)
  const name = match?.[1]?.toLowerCase().replace(/\.$/, '')
  if (name === undefined) return false
  if (name === 'localhost' || name.endsWith('.localhost') || name === '127.0.0.1' || name === '[::1]') return true
  return name === boundHost.toLowerCase() || name === `[${boundHost.toLowerCase()}]`
}
