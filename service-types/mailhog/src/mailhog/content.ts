import type { MailHogContent } from './message.js'

/** Makes a string of characters that hold one byte each. */
export type Text = (binary: string) => string

// MailHog has no limit; a message nested deeper than this is made to exhaust the stack.
const maxDepth = 64

/**
 * A message, or a part of one, in MailHog's shape: headers, body as it was sent (transfer encoding and all), and the parts of a multipart.
 *
 * `data` holds one byte a character (latin1), so that `Size` counts bytes; `text` makes of such characters the strings that are given back.
 * As in MailHog, a header's folded lines are joined with their leading space, data without an empty line is all body, and the parts of a multipart
 * include its preamble, if any, and what follows the last delimiter (`--`). Unlike MailHog, which keeps the last of several headers of one name, all are kept, in order.
 */
export function readContent(data: string, depth = 0, text: Text = decodeUtf8): MailHogContent {
  const separator = data.indexOf('\r\n\r\n')
  const headers = separator === -1 ? {} : readHeaders(data.slice(0, separator), text)
  const body = separator === -1 ? data : data.slice(separator + 4)
  return { Headers: headers, Body: text(body), Size: data.length, MIME: depth === 0 ? null : readParts(headers, body, depth, text) }
}

/**
 * The parts of a multipart body, whose `body` holds one byte a character; `null` when the headers name no multipart.
 * In MailHog's shape those of the message stand beside its content, those of a part inside it: `depth` is 0 for the message.
 */
export function readParts(
  headers: MailHogContent['Headers'],
  body: string,
  depth: number,
  text: Text = decodeUtf8,
): { Parts: MailHogContent[] } | null {
  const type = headerValue(headers, 'content-type')
  if (type === undefined || !/^\s*multipart\//i.test(type) || depth > maxDepth) return null
  const boundary = /;\s*boundary\s*=\s*(?:"([^"]*)"|([^;\s]+))/i.exec(type)
  const name = boundary?.[1] ?? boundary?.[2] ?? ''
  if (name === '') return { Parts: [] }
  const parts = splitAtDelimiters(body, `--${name}`).filter((part) => part !== '')
  return { Parts: parts.map((part) => readContent(trimLineEnds(part), depth + 1, text)) }
}

/** The first value of a header, whatever the case of its name. */
export function headerValue(headers: MailHogContent['Headers'], lowerCaseName: string): string | undefined {
  return Object.entries(headers).find(([name]) => name.toLowerCase() === lowerCaseName)?.[1][0]
}

/** Bytes held one a character, read as UTF-8; what is no UTF-8 becomes U+FFFD, as in Go's JSON. */
export function decodeUtf8(binary: string): string {
  return Buffer.from(binary, 'latin1').toString('utf8')
}

function readHeaders(block: string, text: Text): Record<string, string[]> {
  // Without a prototype: a mail may well have a header named `constructor` or `__proto__`.
  const headers = Object.create(null) as Record<string, string[]>
  let last: string[] | undefined
  for (const line of block.split('\r\n')) {
    const colon = line.indexOf(':')
    if (last !== undefined && /^[ \t]/.test(line)) last.push(`${last.pop() ?? ''}${text(line)}`)
    else if (colon > 0) {
      last = headers[text(line.slice(0, colon))] ??= []
      last.push(text(line.slice(colon + 1).replace(/^ /, '')))
    }
  }
  return headers
}

// A delimiter counts only as a line of its own (RFC 2046, 5.1.1): MailHog also splits at a longer boundary that begins with this one.
function splitAtDelimiters(body: string, delimiter: string): string[] {
  const parts: string[] = []
  let start = 0
  for (let at = body.indexOf(delimiter); at !== -1; at = body.indexOf(delimiter, at + delimiter.length)) {
    const after = body.slice(at + delimiter.length, at + delimiter.length + 200)
    if ((at > 0 && body[at - 1] !== '\n') || !/^(?:--)?[ \t]*(?:\r?\n|$)/.test(after)) continue
    parts.push(body.slice(start, at))
    start = at + delimiter.length + (/^[ \t]*/.exec(after)?.[0].length ?? 0)
  }
  parts.push(body.slice(start))
  return parts
}

function trimLineEnds(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && (text[start] === '\r' || text[start] === '\n')) start += 1
  while (end > start && (text[end - 1] === '\r' || text[end - 1] === '\n')) end -= 1
  return text.slice(start, end)
}
