import type { ServerResponse } from 'node:http'
import type { Code, MicroError } from '@microts/core/base'

/** What every reply carries: nothing is cached, no other origin may read or embed it, and no type is guessed. There are no CORS headers, on purpose. */
export const commonHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-dns-prefetch-control': 'off',
}

// What else can happen here is a 500.
const statuses: Partial<Record<Code, number>> = { invalid_argument: 400, permission_denied: 403, not_found: 404, unimplemented: 501 }

/** Ends a reply with `body`. */
export function send(response: ServerResponse, status: number, headers: Readonly<Record<string, string>>, body: string | Uint8Array): void {
  response.writeHead(status, { ...commonHeaders, ...headers, 'content-length': String(Buffer.byteLength(body)) })
  response.end(body)
}

/** Ends a reply with `value` as JSON. */
export function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  send(response, status, { 'content-type': 'application/json; charset=utf-8' }, JSON.stringify(value))
}

/** Ends a reply with an error, as `{"error":{"code","reason","message","hint"}}`. */
export function sendError(response: ServerResponse, { code, reason, message, hint, details }: MicroError): void {
  const allowed = details?.['allowed']
  const isMethod = reason === 'METHOD_NOT_ALLOWED' && Array.isArray(allowed)
  const status = isMethod ? 405 : (statuses[code] ?? 500)
  const body = JSON.stringify({ error: { code, reason, message, hint } })
  send(response, status, { 'content-type': 'application/json; charset=utf-8', ...(isMethod && { allow: allowed.join(', ') }) }, body)
}

/** Ends a reply with a file to be saved; a browser never shows it, so that nothing in a mail runs on this origin. */
export function sendDownload(
  response: ServerResponse,
  { name, type, bytes }: { readonly name: string; readonly type: string | undefined; readonly bytes: Uint8Array },
): void {
  send(response, 200, { 'content-type': safeType(type), 'content-disposition': attachment(name) }, bytes)
}

// RFC 6266: the plain name for old readers, the encoded one for all others. A mail's file name is a stranger's text: no quotes, folders or control characters.
function attachment(name: string): string {
  // Through bytes, so that half a surrogate pair, which cannot be encoded, becomes U+FFFD.
  const wellFormed = Buffer.from(name).toString()
  const safe = /^.{0,200}/u.exec(wellFormed.replace(/[\p{Cc}/\\]/gu, '_'))?.[0] || 'attachment'
  const plain = safe.replace(/[^\x20-\x7e]|["%]/g, '_')
  const encoded = encodeURIComponent(safe).replace(/['()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`
}

function safeType(type: string | undefined): string {
  const token = type?.split(';')[0]?.trim().toLowerCase() ?? ''
  return /^[a-z0-9!#$&^_.+-]{1,127}\/[a-z0-9!#$&^_.+-]{1,127}$/.test(token) ? token : 'application/octet-stream'
}
