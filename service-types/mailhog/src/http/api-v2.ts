import type { Mail } from '../mail.js'
import type { Mailbox } from '../mailbox.js'
import { mailErrors } from '../errors.js'
import { isSearchKind, search } from '../mailhog/search.js'
import { refuse } from './api-v1.js'
import { sendMessages } from './messages.js'
import type { Route, RouteContext } from './route.js'

/** Which of the mails found are asked for. */
export interface Range {
  readonly start: number
  readonly limit: number
}

const defaultLimit = 50
const maxLimit = 250

/** MailHog's API, version 2. */
export function apiV2(box: Mailbox, hostname: string): Route[] {
  const sendRange = ({ response, url }: RouteContext, mails: readonly Mail[]) => {
    const { start, limit } = readRange(url, maxLimit)
    const items = mails.slice(start, start + limit)
    const before = `{"total":${mails.length},"count":${items.length},"start":${start},"items":[`
    return sendMessages(response, items, hostname, { before, after: ']}' })
  }
  return [
    { method: 'GET', path: '/api/v2/messages', handle: (context) => sendRange(context, box.list()) },
    { method: 'GET', path: '/api/v2/search', handle: async (context) => sendRange(context, await searched(box, context.url)) },
    { method: 'GET', path: '/api/v2/websocket', handle: () => refuse('events over a WebSocket; GET /api/v1/events streams them') },
    ...['GET', 'POST', 'PUT', 'DELETE'].map((method) => ({ method, path: '/api/v2/jim', handle: () => refuse('Jim, the chaos monkey') })),
    { method: 'GET', path: '/api/v2/outgoing-smtp', handle: () => refuse('the list of outgoing SMTP servers') },
  ]
}

/**
 * The mails that `kind` and `query` of a URL ask for, newest first.
 *
 * @throws MicroError `INVALID_QUERY`
 */
export async function searched(box: Mailbox, url: URL): Promise<readonly Mail[]> {
  const kind = url.searchParams.get('kind') ?? ''
  const query = url.searchParams.get('query') ?? ''
  if (!isSearchKind(kind)) throw mailErrors.invalidQuery('kind', kind, 'from, to or containing')
  if (query === '') throw mailErrors.invalidQuery('query', query, 'a text to look for')
  return search(box.list(), kind, query)
}

/** `start` and `limit` of a URL. As in MailHog, what is no positive integer counts as left out (0 and 50), and a limit is at most `max`. */
export function readRange(url: URL, max: number): Range {
  const read = (name: string) => {
    const text = url.searchParams.get(name) ?? ''
    return /^\d{1,15}$/.test(text) && Number(text) > 0 ? Number(text) : undefined
  }
  return { start: read('start') ?? 0, limit: Math.min(read('limit') ?? defaultLimit, max) }
}
