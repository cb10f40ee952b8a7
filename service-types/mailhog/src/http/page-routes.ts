import { mailErrors } from '../errors.js'
import type { Mailbox, MailboxEvent } from '../mailbox.js'
import type { PageAssets } from '../page/assets.js'
import { mailDocument, mailDocumentPolicy } from '../page/mail-document.js'
import { listItem, mailView } from '../page/mail-view.js'
import { readMail } from '../parse.js'
import { readRange, searched } from './api-v2.js'
import { formatEvent, type EventStream } from './events.js'
import { send, sendDownload, sendJson } from './reply.js'
import { namedMail, nthOf, type Route } from './route.js'

// One screenful many times over; the page asks for more when the reader does.
const maxListed = 500

// The page's own files are the only code: nothing inline, nothing from elsewhere. The frame holds HTML mail, which has a policy of its own.
const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** The page on which a person reads mail, and the data that it asks for. These routes are its own and may change; programs use MailHog's. */
export function pageRoutes(box: Mailbox, events: EventStream, assets: PageAssets): Route[] {
  const asset = (path: string, type: string, text: string): Route => ({
    method: 'GET',
    path,
    handle: ({ response }) =>
      send(response, 200, { 'content-type': `${type}; charset=utf-8`, 'content-security-policy': pagePolicy }, text),
  })
  return [
    asset('/', 'text/html', assets.html),
    asset('/page/style.css', 'text/css', assets.style),
    asset('/page/page.js', 'text/javascript', assets.script),
    { method: 'GET', path: '/page/events', handle: ({ response }) => events.open(response) },
    {
      method: 'GET',
      path: '/page/mails',
      handle: async ({ response, url }) => {
        const mails = url.searchParams.has('query') ? await searched(box, url) : box.list()
        const { start, limit } = readRange(url, maxListed)
        sendJson(response, { total: mails.length, kept: box.count, items: mails.slice(start, start + limit).map(listItem) })
      },
    },
    {
      method: 'GET',
      path: '/page/mails/:id',
      handle: async ({ response, params }) => sendJson(response, await mailView(namedMail(box, params))),
    },
    {
      method: 'GET',
      path: '/page/mails/:id/source',
      handle: ({ response, params }) => send(response, 200, { 'content-type': 'text/plain; charset=utf-8' }, namedMail(box, params).raw),
    },
    {
      method: 'GET',
      path: '/page/mails/:id/html',
      handle: async ({ response, params, url }) => {
        const mail = namedMail(box, params)
        const content = await readMail(mail)
        if (content.html === undefined) throw mailErrors.noHtml(mail.id)
        const remote = url.searchParams.get('remote') === '1'
        const headers = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': mailDocumentPolicy(remote) }
        send(response, 200, headers, mailDocument(content.html, content.attachments, remote))
      },
    },
    {
      method: 'GET',
      path: '/page/mails/:id/attachments/:number',
      handle: async ({ response, params }) => {
        const mail = namedMail(box, params)
        const number = params['number'] ?? ''
        const { attachments } = await readMail(mail)
        const attachment = nthOf(attachments, number)
        if (attachment === undefined) throw mailErrors.partNotFound(mail.id, number, attachments.length)
        sendDownload(response, { name: attachment.name ?? `attachment-${number}`, type: attachment.type, bytes: attachment.bytes })
      },
    },
  ]
}

/** What the page is told of an event: new mail as the list shows it, else the id that is gone. */
export function pageEvent(event: MailboxEvent): string {
  if (event.type === 'received') return formatEvent(JSON.stringify(listItem(event.mail)), 'received')
  if (event.type === 'cleared') return formatEvent('{}', 'cleared')
  return formatEvent(JSON.stringify({ id: event.id }), 'deleted')
}
