import type { Mail } from '../mail.js'
import { decodeUtf8, headerValue, readContent, readParts } from './content.js'

/** An SMTP path: `Relays` is a source route, or null. */
export interface MailHogPath {
  readonly Relays: readonly string[] | null
  readonly Mailbox: string
  readonly Domain: string
  readonly Params: string
}

/** A message or a part: headers by name, the body as it was sent, its size in bytes, and, within parts, parts. */
export interface MailHogContent {
  readonly Headers: Record<string, string[]>
  readonly Body: string
  readonly Size: number
  readonly MIME: { readonly Parts: readonly MailHogContent[] } | null
}

/** A message as MailHog's API gives it. */
export interface MailHogMessage {
  readonly ID: string
  readonly From: MailHogPath
  readonly To: readonly MailHogPath[]
  readonly Content: MailHogContent
  /** RFC 3339. */
  readonly Created: string
  /** The parts of a multipart; else null. */
  readonly MIME: { readonly Parts: readonly MailHogContent[] } | null
  readonly Raw: { readonly From: string; readonly To: readonly string[]; readonly Data: string; readonly Helo: string }
}

/**
 * A mail in MailHog's shape.
 *
 * As MailHog does, it adds `Received` and `Return-Path` to the headers, and `Message-ID` when there is none; `Raw.Data` and the bytes that are
 * downloaded are left as they were sent. The line end before SMTP's final dot is not part of the data.
 */
export function toMailHog(mail: Mail, hostname: string): MailHogMessage {
  const data = binaryData(mail)
  const content = readContent(data)
  const parts = readParts(content.Headers, binaryBody(data), 0)
  addTrace(content.Headers, mail, hostname)
  return {
    ID: mail.id,
    From: readPath(mail.from),
    To: mail.to.map(readPath),
    Content: content,
    Created: mail.receivedAt.toISOString(),
    MIME: parts,
    Raw: { From: mail.from, To: mail.to, Data: decodeUtf8(data), Helo: mail.helo },
  }
}

/** An address, with the source route that may stand before it: `@relay1,@relay2:mailbox@domain`. */
export function readPath(path: string): MailHogPath {
  const colon = path.indexOf(':')
  const address = path.slice(colon + 1)
  const at = address.indexOf('@')
  return {
    Relays: colon === -1 ? null : path.slice(0, colon).split(','),
    Mailbox: at === -1 ? address : address.slice(0, at),
    Domain: at === -1 ? '' : address.slice(at + 1),
    Params: '',
  }
}

/** What follows the headers; all of it when there are none. */
export function binaryBody(data: string): string {
  return data.slice(data.indexOf('\r\n\r\n') === -1 ? 0 : data.indexOf('\r\n\r\n') + 4)
}

/** The message one byte a character, without the line end that belongs to SMTP's final dot: unless it is what ends the headers of a message without a body. */
export function binaryData(mail: Mail): string {
  const data = Buffer.from(mail.raw.buffer, mail.raw.byteOffset, mail.raw.byteLength).toString('latin1')
  return data.endsWith('\r\n') && data.indexOf('\r\n\r\n') !== data.length - 4 ? data.slice(0, -2) : data
}

function addTrace(headers: Record<string, string[]>, mail: Mail, hostname: string): void {
  if (headerValue(headers, 'message-id') === undefined) headers['Message-ID'] = [mail.id]
  // Go's RFC1123Z, in UTC.
  const date = mail.receivedAt.toUTCString().replace('GMT', '+0000')
  append(headers, 'Received', `from ${mail.helo} by ${hostname} (MailHog)\r\n          id ${mail.id}; ${date}`)
  append(headers, 'Return-Path', `<${mail.from}>`)
}

function append(headers: Record<string, string[]>, name: string, value: string): void {
  const existing = Object.keys(headers).find((key) => key.toLowerCase() === name.toLowerCase())
  ;(headers[existing ?? name] ??= []).push(value)
}
