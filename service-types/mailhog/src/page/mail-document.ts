import type { MailAttachment } from '../mail.js'

/**
 * The HTML of a mail as a document of its own, for a sandboxed frame.
 *
 * A mail is a stranger's document, so its policy forbids scripts, forms and, until the reader asks (`remote`), everything from the network;
 * images that the mail itself carries (`cid:`) are put in as data. The tags taken out are those that reach the network or leave the page without
 * being covered by such a policy: hints of a `link`, and a refresh of a `meta`.
 */
export function mailDocument(html: string, attachments: readonly MailAttachment[], remote: boolean): string {
  const kept = remote ? html : html.replace(/<(?:link|meta|base)\b[^>]*>/gi, '<!-- -->')
  const shown = inlineImages(kept, attachments)
  const links = '<base target="_blank">'
  // After <head>, so that a doctype stays first and the mail is laid out as its author meant it.
  return /<head\b[^>]*>/i.test(shown) ? shown.replace(/<head\b[^>]*>/i, (head) => `${head}${links}`) : `${links}${shown}`
}

/** The Content-Security-Policy that {@link mailDocument} is sent with. A link opens in a new tab, when clicked. */
export function mailDocumentPolicy(remote: boolean): string {
  const sources = remote ? 'data: http: https:' : 'data:'
  return [
    "default-src 'none'",
    `img-src ${sources}`,
    `media-src ${sources}`,
    `font-src ${sources}`,
    `style-src 'unsafe-inline'${remote ? ' http: https:' : ''}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'",
    'sandbox allow-popups allow-popups-to-escape-sandbox',
  ].join('; ')
}

/** Whether showing the HTML as its author meant it would ask other servers for something. */
export function hasRemoteContent(html: string): boolean {
  return (
    /(?:\b(?:src|srcset|background|poster)\s*=\s*["']?\s*|url\(\s*["']?\s*|@import\s+["']\s*)(?:https?:)?\/\//i.test(html) ||
    /<link\b[^>]*\bhref\s*=/i.test(html)
  )
}

function inlineImages(html: string, attachments: readonly MailAttachment[]): string {
  const images = new Map<string, string>()
  for (const attachment of attachments) {
    if (attachment.contentId === undefined || !/^image\/[a-z0-9.+-]+$/.test(attachment.type)) continue
    images.set(attachment.contentId, `data:${attachment.type};base64,${Buffer.from(attachment.bytes).toString('base64')}`)
  }
  if (images.size === 0) return html
  return html.replace(/\bcid:([^"'\s)>]+)/gi, (written, id: string) => images.get(id) ?? images.get(unescapeId(id)) ?? written)
}

function unescapeId(id: string): string {
  try {
    return decodeURIComponent(id)
  } catch {
    // A lone percent sign: the id means itself.
    return id
  }
}
