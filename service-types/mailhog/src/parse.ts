import PostalMime, { decodeWords, type Address, type Attachment } from 'postal-mime'
import { mailErrors } from './errors.js'
import type { Mail, MailContent, MailSummary, ReceivedMail } from './mail.js'

// A deeper message is an attack on the parser, not a mail; postal-mime's own limit is 256.
const maxNestingDepth = 64
const searchableTextLength = 65_536

/**
 * The content of a message. It is parsed each time it is read instead of being kept, which costs about 30 ms a mebibyte.
 *
 * @throws MicroError `MESSAGE_UNREADABLE` for a message whose MIME is broken beyond parsing
 */
export async function readMail({ id, raw }: Mail): Promise<MailContent> {
  try {
    return await parse(raw)
  } catch (error) {
    throw mailErrors.unreadable(id, error)
  }
}

/** What is kept of a message besides its bytes. Never rejects: a message that cannot be parsed is mail too, with its `problem`. */
export async function summarize({ from, to, raw }: ReceivedMail): Promise<MailSummary & Pick<Mail, 'searchable'>> {
  try {
    const content = await parse(raw)
    const fromHeader = content.from ?? from
    const toHeader = [...content.to, ...content.cc]
    const text = (content.text ?? content.html ?? '').slice(0, searchableTextLength)
    const searchable = [content.subject, fromHeader, ...toHeader, text].join('\n').toLowerCase()
    return { subject: content.subject, fromHeader, toHeader, attachments: content.attachments.length, searchable }
  } catch (error) {
    return {
      subject: '',
      fromHeader: from,
      toHeader: to,
      attachments: 0,
      searchable: '',
      problem: error instanceof Error ? error.message : String(error),
    }
  }
}

async function parse(raw: Uint8Array): Promise<MailContent> {
  const { subject = '', from, to = [], cc = [], text, html, headers, attachments } = await PostalMime.parse(raw, { maxNestingDepth })
  return {
    subject,
    from: from === undefined ? undefined : formatAddress(from),
    to: to.map(formatAddress),
    cc: cc.map(formatAddress),
    text,
    html,
    headers: headers.map(({ originalKey, value }) => ({ name: originalKey, value: decodeWords(value) })),
    attachments: attachments.map(readAttachment),
  }
}

function readAttachment({ filename, mimeType, contentId, content }: Attachment): MailContent['attachments'][number] {
  const bytes = typeof content === 'string' ? Buffer.from(content) : new Uint8Array(content)
  return { name: filename ?? undefined, type: mimeType, contentId: contentId?.replace(/^<|>$/g, ''), bytes }
}

// `Name <address>`, the bare address when there is no name, and `Name: a, b` for a group.
function formatAddress(address: Address): string {
  if (address.group !== undefined) return `${address.name}: ${address.group.map(formatAddress).join(', ')}`
  if (address.name === '') return address.address
  return address.address === '' ? address.name : `${address.name} <${address.address}>`
}
