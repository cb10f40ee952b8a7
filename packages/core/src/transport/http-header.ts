/** Headers that belong to one HTTP connection, not to the frame: never handed on, in neither direction. */
export const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

// oxlint-disable-next-line no-control-regex
const BEYOND_ASCII = /[^\u0000-\u007f]/

/** Text as node:http wants it: each byte of its UTF-8 as one character. go-micro writes header values as raw UTF-8. */
export function toLatin1(value: string): string {
  return BEYOND_ASCII.test(value) ? Buffer.from(value, 'utf8').toString('latin1') : value
}

/** Text as node:http gives it, back as UTF-8. */
export function fromLatin1(value: string): string {
  return BEYOND_ASCII.test(value) ? Buffer.from(value, 'latin1').toString('utf8') : value
}

/** The headers of a request, from node:http's flat list of names and values. Names in lower case; several values are joined by `, `. */
export function headerOf(raw: readonly string[]): Record<string, string> {
  const header: Record<string, string> = {}
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] as string).toLowerCase()
    const value = fromLatin1(raw[index + 1] as string)
    header[name] = Object.hasOwn(header, name) ? `${header[name]}, ${value}` : value
  }
  return header
}

/** Whether a request with these headers is a frame: it has one of go-micro's. */
export function isFrame(header: Readonly<Record<string, string>>): boolean {
  for (const name in header) if (name.startsWith('micro-') || name.startsWith('x-micro-')) return true
  return false
}
