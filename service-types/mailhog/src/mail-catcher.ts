import { mailErrors } from './errors.js'
import { httpServer } from './http/server.js'
import { listen } from './listen.js'
import type { Mail, MailContent } from './mail.js'
import { mailbox, type MailboxEvent } from './mailbox.js'
import { readMail } from './parse.js'
import { smtpServer } from './smtp.js'

/** Where the catcher listens and how much it keeps. */
export interface MailCatcherOptions {
  /** The address of both listeners. @default '127.0.0.1' */
  readonly host?: string
  /** 0 is any free port. @default {smtp: 0, http: 0} */
  readonly ports?: { readonly smtp?: number; readonly http?: number }
  /** What it calls itself in SMTP and in the ids of messages. @default 'mailhog.example' */
  readonly hostname?: string
  /** How many mails are kept; the oldest gives way. @default 1000 */
  readonly maxMessages?: number
  /** The largest mail that is accepted, in bytes. @default 33554432 (32 MiB), or maxTotalBytes when that is less */
  readonly maxMessageBytes?: number
  /** All mails together, in bytes; the oldest give way. @default 268435456 (256 MiB), or maxMessageBytes when that is more */
  readonly maxTotalBytes?: number
}

/** A mail catcher that runs in this process. */
export interface MailCatcher {
  readonly host: string
  /** Where it listens. */
  readonly ports: { readonly smtp: number; readonly http: number }
  /** The mails that are kept, newest first, with decoded subject and addresses. */
  messages(): readonly Mail[]
  /**
   * The parsed content of one: text, html, headers, attachments.
   *
   * @throws MicroError `MESSAGE_NOT_FOUND`, or `MESSAGE_UNREADABLE` for a message whose MIME is broken beyond parsing
   */
  read(id: string): Promise<MailContent>
  /** Forgets all mail. */
  clear(): void
  /** Calls `listener` for each mail received, deleted, dropped for a limit or cleared, until the returned function is called. */
  subscribe(listener: (event: MailboxEvent) => void): () => void
  /** Ends both listeners and their connections, within about a quarter of a second. A second call waits for the first. */
  close(): Promise<void>
}

const mebibyte = 1024 * 1024

/**
 * Starts a mail catcher: SMTP in, a page and MailHog's HTTP API out, all mail in memory.
 *
 * It resolves once both listeners are bound.
 *
 * @throws MicroError `PORT_TAKEN`, `PORT_NOT_PERMITTED` or `HOST_NOT_AVAILABLE`, with nothing left running; RangeError for a limit that is no positive integer
 */
export async function mailCatcher(options: MailCatcherOptions = {}): Promise<MailCatcher> {
  const { host = '127.0.0.1', ports = {}, hostname = 'mailhog.example', maxMessages = 1000 } = options
  // A limit that is given moves the default of the other, so that one alone never contradicts it.
  const { maxTotalBytes = Math.max(256 * mebibyte, options.maxMessageBytes ?? 0) } = options
  const { maxMessageBytes = Math.min(32 * mebibyte, maxTotalBytes) } = options
  checkLimits({ maxMessages, maxMessageBytes, maxTotalBytes })

  const box = mailbox(hostname, { maxMessages, maxTotalBytes })
  const smtp = smtpServer({ hostname, maxMessageBytes, receive: async (mail) => void (await box.add(mail)) })
  const http = httpServer({ box, hostname, host })

  let closing: Promise<void> | undefined
  const close = () => (closing ??= Promise.all([new Promise<void>((resolve) => smtp.close(resolve)), http.close()]).then(() => undefined))

  const bound = await Promise.allSettled([listen(smtp, 'smtp', host, ports.smtp ?? 0), listen(http.server, 'http', host, ports.http ?? 0)])
  const [smtpPort, httpPort] = bound
  if (smtpPort.status === 'rejected' || httpPort.status === 'rejected') {
    await close()
    throw bound.find((result) => result.status === 'rejected')?.reason
  }

  return {
    host,
    ports: { smtp: smtpPort.value, http: httpPort.value },
    messages: () => box.list(),
    async read(id) {
      const mail = box.get(id)
      if (mail === undefined) throw mailErrors.messageNotFound(id)
      return readMail(mail)
    },
    clear: () => box.clear(),
    subscribe: (listener) => box.subscribe(listener),
    close,
  }
}

function checkLimits(limits: { maxMessages: number; maxMessageBytes: number; maxTotalBytes: number }): void {
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`${name} is ${value}, wanted a positive integer`)
  }
  if (limits.maxMessageBytes > limits.maxTotalBytes)
    throw new RangeError(`maxMessageBytes is ${limits.maxMessageBytes}, wanted at most maxTotalBytes (${limits.maxTotalBytes})`)
}
