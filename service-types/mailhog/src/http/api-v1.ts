import type { Mailbox } from '../mailbox.js'
import { mailErrors } from '../errors.js'
import { toMailHog } from '../mailhog/message.js'
import { decodedParts } from '../mailhog/part.js'
import type { EventStream } from './events.js'
import { sendMessages } from './messages.js'
import { send, sendDownload, sendJson } from './reply.js'
import { namedMail, nthOf, type Route } from './route.js'

// MailHog gives this many, and v1 has no way to ask for the next.
const maxListed = 1000

/** MailHog's API, version 1. `events` streams each received message, whole. */
export function apiV1(box: Mailbox, hostname: string, events: EventStream): Route[] {
  const done = { 'content-type': 'application/json; charset=utf-8' }
  return [
    {
      method: 'GET',
      path: '/api/v1/messages',
      handle: ({ response }) => sendMessages(response, box.list().slice(0, maxListed), hostname, { before: '[', after: ']' }),
    },
    {
      method: 'DELETE',
      path: '/api/v1/messages',
      handle: ({ response }) => {
        box.clear()
        send(response, 200, done, '')
      },
    },
    { method: 'GET', path: '/api/v1/events', handle: ({ response }) => events.open(response) },
    {
      method: 'GET',
      path: '/api/v1/messages/:id',
      handle: ({ response, params }) => sendJson(response, toMailHog(namedMail(box, params), hostname)),
    },
    {
      method: 'DELETE',
      path: '/api/v1/messages/:id',
      handle: ({ response, params }) => {
        box.delete(namedMail(box, params).id)
        send(response, 200, done, '')
      },
    },
    {
      method: 'GET',
      path: '/api/v1/messages/:id/download',
      handle: ({ response, params }) => {
        const { id, raw } = namedMail(box, params)
        sendDownload(response, { name: `${id}.eml`, type: 'message/rfc822', bytes: raw })
      },
    },
    {
      method: 'GET',
      path: '/api/v1/messages/:id/mime/part/:part/download',
      handle: ({ response, params }) => {
        const mail = namedMail(box, params)
        const number = params['part'] ?? ''
        const parts = decodedParts(mail)
        const part = nthOf(parts, number)
        if (part === undefined) throw mailErrors.partNotFound(mail.id, number, parts.length)
        sendDownload(response, { name: fileName(part.disposition) ?? `${mail.id}-part-${number}`, type: part.type, bytes: part.bytes })
      },
    },
    { method: 'POST', path: '/api/v1/messages/:id/release', handle: () => refuse('the release of a message to another SMTP server') },
  ]
}

/** Ends a request for something that MailHog has and the embedded catcher has not. */
export function refuse(what: string): never {
  throw mailErrors.notSupported(what)
}

function fileName(disposition: string | undefined): string | undefined {
  const match = /;\s*filename\s*=\s*(?:"([^"]+)"|([^;\s]+))/i.exec(disposition ?? '')
  return match?.[1] ?? match?.[2]
}
