import type { Mail } from '../mail.js'
import { readMail } from '../parse.js'
import { hasRemoteContent } from './mail-document.js'

/** A mail as the page's list shows it. All text is the sender's, not escaped. */
export interface ListItem {
  readonly id: string
  readonly subject: string
  readonly from: string
  readonly to: readonly string[]
  /** RFC 3339. */
  readonly receivedAt: string
  readonly bytes: number
  readonly attachments: number
}

/** A mail as the page shows it open. */
export interface MailView extends ListItem {
  readonly envelope: { readonly from: string; readonly to: readonly string[]; readonly helo: string }
  /** The Cc header, as in the message. */
  readonly cc: readonly string[]
  readonly headers: readonly { readonly name: string; readonly value: string }[]
  /** At most 1 048 576 characters; `textCut` says that there is more. */
  readonly text: string
  readonly textCut: boolean
  readonly hasHtml: boolean
  readonly hasRemoteContent: boolean
  readonly files: readonly { readonly name: string; readonly type: string; readonly bytes: number }[]
  /** Why the message could not be parsed; then only its source can be read. */
  readonly problem?: string
}

// More text than this in one element makes a browser stutter, and nobody reads on.
const maxShownText = 1_048_576

/** A mail as the list shows it. */
export function listItem(mail: Mail): ListItem {
  const to = mail.toHeader.length === 0 ? mail.to : mail.toHeader
  return {
    id: mail.id,
    subject: mail.subject,
    from: mail.fromHeader,
    to,
    receivedAt: mail.receivedAt.toISOString(),
    bytes: mail.raw.byteLength,
    attachments: mail.attachments,
  }
}

/** A mail as the page shows it open. A message that cannot be parsed has a `problem` instead of content. */
export async function mailView(mail: Mail): Promise<MailView> {
  const envelope = { from: mail.from, to: mail.to, helo: mail.helo }
  if (mail.problem !== undefined) {
    return {
      ...listItem(mail),
      envelope,
      cc: [],
      headers: [],
      text: '',
      textCut: false,
      hasHtml: false,
      hasRemoteContent: false,
      files: [],
      problem: mail.problem,
    }
  }
  const content = await readMail(mail)
  const text = content.text ?? ''
  return {
    ...listItem(mail),
    to: content.to,
    envelope,
    cc: content.cc,
    headers: content.headers,
    text: text.slice(0, maxShownText),
    textCut: text.length > maxShownText,
    hasHtml: content.html !== undefined,
    hasRemoteContent: hasRemoteContent(content.html ?? ''),
    files: content.attachments.map((file, index) => ({
      name: file.name ?? `attachment-${index}`,
      type: file.type,
      bytes: file.bytes.byteLength,
    })),
  }
}
