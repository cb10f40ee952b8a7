import type { ServerResponse } from 'node:http'
import type { Mailbox, MailboxEvent } from '../mailbox.js'
import { commonHeaders } from './reply.js'

/** Server-sent events about the mailbox, to any number of readers. */
export interface EventStream {
  /** Makes `response` a stream that lasts until the reader leaves or `close()`. */
  open(response: ServerResponse): void
  close(): void
}

// Proxies and laptops that slept drop a silent connection; MailHog says something each minute.
const keepaliveMs = 30_000
// A reader with this much unread has stalled. It is cut off, and an EventSource connects anew by itself.
const maxUnreadBytes = 1024 * 1024

/** Makes a stream of what `format` makes of each event: a whole server-sent event with its empty line, or undefined for none. */
export function eventStream(box: Mailbox, format: (event: MailboxEvent) => string | undefined): EventStream {
  const readers = new Set<ServerResponse>()

  const write = (text: string) => {
    for (const reader of readers) {
      if (reader.writableLength > maxUnreadBytes) reader.destroy()
      else reader.write(text)
    }
  }
  const unsubscribe = box.subscribe((event) => {
    // Formatting a mail is work: none without readers.
    const text = readers.size === 0 ? undefined : format(event)
    if (text !== undefined) write(text)
  })
  const keepalive = setInterval(() => write(': keepalive\n\n'), keepaliveMs).unref()

  return {
    open(response) {
      response.writeHead(200, { ...commonHeaders, 'content-type': 'text/event-stream; charset=utf-8' })
      // Sent at once, so that the reader knows that it is connected before the first mail.
      response.write(': connected\n\n')
      readers.add(response)
      response.once('close', () => readers.delete(response))
    },
    close() {
      unsubscribe()
      clearInterval(keepalive)
      for (const reader of readers) reader.end()
    },
  }
}

/** One server-sent event; `data` may have several lines. */
export function formatEvent(data: string, name?: string): string {
  const lines = data.split('\n').map((line) => `data: ${line}\n`)
  return `${name === undefined ? '' : `event: ${name}\n`}${lines.join('')}\n`
}
