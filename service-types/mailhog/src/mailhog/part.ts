import type { Mail } from '../mail.js'
import { headerValue, readContent, readParts } from './content.js'
import { binaryBody, binaryData } from './message.js'

/** A part of a message, ready to be downloaded. */
export interface DecodedPart {
  /** The Content-Type header, as it was sent; undefined when the part has none. */
  readonly type: string | undefined
  /** The Content-Disposition header, as it was sent; undefined when the part has none. */
  readonly disposition: string | undefined
  /** With base64 and quoted-printable undone; other encodings, also unknown ones, are left as they are. */
  readonly bytes: Buffer
}

/** The parts of a mail at its top level, in the order and number of `MIME.Parts`; none when it is no multipart. */
export function decodedParts(mail: Mail): DecodedPart[] {
  const data = binaryData(mail)
  const asItIs = (binary: string) => binary
  const parts = readParts(readContent(data).Headers, binaryBody(data), 0, asItIs)?.Parts ?? []
  return parts.map(({ Headers, Body }) => ({
    type: headerValue(Headers, 'content-type'),
    disposition: headerValue(Headers, 'content-disposition'),
    bytes: decodeBody(headerValue(Headers, 'content-transfer-encoding')?.trim().toLowerCase(), Body),
  }))
}

function decodeBody(encoding: string | undefined, data: string): Buffer {
  if (encoding === 'base64') return Buffer.from(data, 'base64')
  if (encoding === 'quoted-printable') return Buffer.from(decodeQuotedPrintable(data), 'latin1')
  return Buffer.from(data, 'latin1')
}

// RFC 2045, 6.7: space at a line's end is no content, soft line breaks vanish, `=XX` is a byte, and an `=` that is neither stays as it is.
function decodeQuotedPrintable(data: string): string {
  return data
    .replace(/(?<![ \t])[ \t]+(?=\r?\n|$)/g, '')
    .replace(/=\r?\n/g, '')
    .replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
