import { randomBytes } from 'node:crypto'
import type { Mail, ReceivedMail } from './mail.js'
import { summarize } from './parse.js'

/** How much mail is kept. The oldest gives way to the newest. */
export interface MailboxLimits {
  /** How many mails. */
  readonly maxMessages: number
  /** The raw bytes of all of them together. */
  readonly maxTotalBytes: number
}

/** What happened to the mailbox. `dropped` is a deletion that the limits asked for. */
export type MailboxEvent =
  | { readonly type: 'received'; readonly mail: Mail }
  | { readonly type: 'deleted' | 'dropped'; readonly id: string }
  | { readonly type: 'cleared' }

/** Mail in memory, in the order of arrival, bounded. */
export interface Mailbox {
  /** Keeps a mail and tells who subscribed, the mails dropped for it first. Rejects only with what a listener throws. */
  add(mail: ReceivedMail): Promise<Mail>
  /** All that is kept, newest first. A copy. */
  list(): readonly Mail[]
  get(id: string): Mail | undefined
  /** Whether there was such a mail. */
  delete(id: string): boolean
  clear(): void
  readonly count: number
  /** Calls `listener` for each event from now on, until the returned function is called. */
  subscribe(listener: (event: MailboxEvent) => void): () => void
}

/** Makes an empty mailbox. `hostname` ends each mail's id. */
export function mailbox(hostname: string, limits: MailboxLimits): Mailbox {
  // A Map keeps the order of insertion: its first key is the oldest mail.
  const mails = new Map<string, Mail>()
  const listeners = new Set<(event: MailboxEvent) => void>()
  let totalBytes = 0

  const tell = (event: MailboxEvent) => {
    for (const listener of listeners) listener(event)
  }

  const remove = (id: string, type: 'deleted' | 'dropped') => {
    const mail = mails.get(id)
    if (mail === undefined) return false
    mails.delete(id)
    totalBytes -= mail.raw.byteLength
    tell({ type, id })
    return true
  }

  const makeRoom = (bytes: number) => {
    for (const id of mails.keys()) {
      if (mails.size < limits.maxMessages && totalBytes + bytes <= limits.maxTotalBytes) return
      remove(id, 'dropped')
    }
  }

  return {
    async add(received) {
      const summary = await summarize(received)
      const mail: Mail = { ...received, ...summary, id: newId(hostname), receivedAt: new Date() }
      makeRoom(mail.raw.byteLength)
      mails.set(mail.id, mail)
      totalBytes += mail.raw.byteLength
      tell({ type: 'received', mail })
      return mail
    },
    list: () => [...mails.values()].reverse(),
    get: (id) => mails.get(id),
    delete: (id) => remove(id, 'deleted'),
    clear() {
      mails.clear()
      totalBytes = 0
      tell({ type: 'cleared' })
    },
    get count() {
      return mails.size
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

// MailHog pads its base64: 32 bytes are 43 characters and one `=`.
function newId(hostname: string): string {
  return `${randomBytes(32).toString('base64url')}=@${hostname}`
}
