/** One HTTP/1.x request, read whole. */
export interface HttpRequest {
  /** Capital letters: `POST`. */
  readonly method: string
  /** Path and query as sent, without what an absolute target says before them; `*` for an `OPTIONS *`. */
  readonly path: string
  /** Names in lower case; one that came more than once has its values joined by `, `. */
  readonly header: Record<string, string>
  readonly body: Uint8Array
  /** Whether the connection ends with the answer: the client says so, or speaks HTTP/1.0. */
  readonly isLast: boolean
}

/** How much is read. */
export interface RequestReaderOptions {
  /** The largest body, in bytes: announced, or counted when it comes in chunks. */
  readonly maxBytes: number
  /** The largest head (request line and headers) in bytes, and the largest trailers. @default 65_536 */
  readonly maxHeadBytes?: number
  /** @default 256 */
  readonly maxHeaders?: number
}

/** Why reading stopped, as the status that says so. Nothing can be read after it. */
export class HttpRequestError extends Error {
  override readonly name = 'HttpRequestError'
  /** 400 malformed, 413 body too large, 417 an expectation nobody here fulfils, 431 head too large. */
  readonly status: 400 | 413 | 417 | 431
  /** With 413: what was announced. */
  readonly bytes: number | undefined
  constructor(status: 400 | 413 | 417 | 431, message: string, bytes?: number) {
    super(message)
    this.status = status
    this.bytes = bytes
  }
}

/** Reads requests from bytes that arrive in pieces of any size. */
export interface RequestReader {
  /** Takes a piece. It is not copied as long as it is the only one. */
  push(piece: Buffer): void
  /** The next request that is complete. @throws HttpRequestError */
  next(): HttpRequest | undefined
  /** Bytes that wait: those of a request that is not complete, or of further ones. */
  readonly keptBytes: number
  /** Where it is: between requests, in a head, in a body. */
  readonly state: 'idle' | 'head' | 'body'
  /** Whether the client waits for `100 Continue` before it sends the body. Reading it answers it: it is true once. */
  takeExpectation(): boolean
}

interface Head {
  readonly method: string
  readonly path: string
  readonly header: Record<string, string>
  readonly isLast: boolean
  /** Undefined: in chunks. */
  readonly length: number | undefined
}

const LF = 0x0a
const CR = 0x0d
const none: Buffer = Buffer.alloc(0)

/**
 * A strict reader of HTTP/1.1 requests (and 1.0, without chunks). What two readers could understand differently is refused, so that no proxy in front sees another request
 * than we do: a bare LF or CR, folded lines, control characters, a space before a colon, no Host or two, two lengths, a length beside chunks, any coding but `chunked`,
 * a target of another host. Its work is linear in the bytes, however they are cut, and it keeps no more than one head, one body and one piece.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9112 for the grammar
 */
export function requestReader(options: RequestReaderOptions): RequestReader {
  const { maxBytes, maxHeadBytes = 65_536, maxHeaders = 256 } = options
  let bytes: Buffer = none
  let isOwn = false
  let at = 0
  let end = 0
  let head: Head | undefined
  let isExpecting = false
  // Of the head that is being read: where its lines begin, and up to where it was searched.
  let lines: number[] = []
  let searched = 0
  let isLineRead = false
  let chunks: ChunkReader | undefined
  let isBetween = true

  const push = (piece: Buffer) => {
    if (at === end) {
      bytes = piece
      isOwn = false
      at = 0
      end = piece.length
      return
    }
    const kept = end - at
    if (!isOwn || end + piece.length > bytes.length) {
      // Never moved within one buffer: the body of the request before may be a view of it.
      const roomy = Buffer.allocUnsafe(Math.max(1024, (kept + piece.length) * 2))
      bytes.copy(roomy, 0, at, end)
      bytes = roomy
      isOwn = true
      lines = lines.map((line) => line - at)
      searched -= at
      at = 0
      end = kept
    }
    piece.copy(bytes, end)
    end += piece.length
  }

  const readHead = (): Head | undefined => {
    if (at === end) return undefined
    if (lines.length === 0) {
      // One empty line before a request is passed over, since old clients send it after a body.
      if (isBetween && bytes[at] === CR) {
        if (end - at < 2) return undefined
        if (bytes[at + 1] === LF) at += 2
        isBetween = false
        if (at === end) return undefined
      }
      const first = bytes[at] as number
      if (first < 0x41 || first > 0x5a) throw malformed('it does not begin like a request')
      lines = [at]
      searched = at
    }
    for (;;) {
      const found = lineFeedIn(bytes, searched, end)
      if (found === -1) {
        searched = end
        if (lines.length > 1 && !isLineRead) checkRequestLine(bytes.toString('latin1', at, (lines[1] as number) - 2))
        isLineRead = lines.length > 1
        if (end - at > maxHeadBytes) throw new HttpRequestError(431, `its head is over ${maxHeadBytes} bytes`)
        return undefined
      }
      if (bytes[found - 1] !== CR) throw malformed('it has a line that ends without CR')
      searched = found + 1
      if (searched - at > maxHeadBytes) throw new HttpRequestError(431, `its head is over ${maxHeadBytes} bytes`)
      const line = lines[lines.length - 1] as number
      if (found - 1 === line) break
      lines.push(searched)
      if (lines.length > maxHeaders + 2) throw new HttpRequestError(431, `it has over ${maxHeaders} headers`)
    }
    // As one character a byte: what is outside ASCII is decoded once it is known to stand in a value.
    const text = bytes.toString('latin1', at, searched - 4)
    const parsed = parseRequestHead(text)
    at = searched
    lines = []
    isLineRead = false
    isBetween = true
    return parsed
  }

  const begin = (parsed: Head) => {
    const { length, header } = parsed
    if (length !== undefined && length > maxBytes) throw new HttpRequestError(413, `its body has ${length} bytes`, length)
    const expectation = header['expect']
    if (expectation !== undefined) {
      if (expectation.toLowerCase() !== '100-continue') throw new HttpRequestError(417, 'it expects what nobody here does')
      isExpecting = (length === undefined || length > 0) && at === end
    }
    head = parsed
    if (length === undefined) chunks = chunkReader(maxBytes, maxHeadBytes)
  }

  const finish = (body: Uint8Array): HttpRequest => {
    const { method, path, header, isLast } = head as Head
    head = undefined
    chunks = undefined
    isExpecting = false
    return { method, path, header, body, isLast }
  }

  return {
    push,
    next() {
      if (head === undefined) {
        const parsed = readHead()
        if (parsed === undefined) return undefined
        begin(parsed)
      }
      const { length } = head as unknown as Head
      if (chunks !== undefined) {
        at = chunks.read(bytes, at, end)
        return chunks.isDone ? finish(chunks.body()) : undefined
      }
      if (end - at < (length as number)) return undefined
      const from = at
      at += length as number
      return finish(bytes.subarray(from, at))
    },
    get keptBytes() {
      return end - at
    },
    get state() {
      if (head !== undefined) return 'body'
      return at === end ? 'idle' : 'head'
    },
    takeExpectation() {
      const was = isExpecting
      isExpecting = false
      return was
    },
  }
}

// What lies behind `end` in a buffer with room is not searched: with bytes that come one by one that would be quadratic.
function lineFeedIn(bytes: Buffer, from: number, end: number): number {
  if (end === bytes.length) return bytes.indexOf(LF, from)
  for (let index = from; index < end; index++) if (bytes[index] === LF) return index
  return -1
}

interface ChunkReader {
  readonly isDone: boolean
  body(): Uint8Array
  /** Reads on in `bytes` from `at` up to `end`, and gives how far it came. */
  read(bytes: Buffer, at: number, end: number): number
}

// A length in hexadecimal, and an extension that everyone reads as one: nothing but visible characters and spaces.
const CHUNK_LINE = /^([0-9a-fA-F]{1,8})(?:[ \t]*;[\t\x20-\x7e]*)?$/
const maxChunkLine = 1024

// The body is copied into one buffer that doubles: a view of each chunk would cost a hundred bytes for one.
function chunkReader(maxBytes: number, maxTrailerBytes: number): ChunkReader {
  let body: Buffer = none
  let size = 0
  let left = 0
  let part: 'length' | 'data' | 'after' | 'trailers' | 'done' = 'length'
  let trailerBytes = 0
  // So many bytes of the line that is read now are known to have no end of it.
  let searched = 0

  const line = (bytes: Buffer, at: number, end: number, max: number): number => {
    const found = lineFeedIn(bytes, at + searched, end)
    searched = found === -1 ? end - at : 0
    if (found === -1) {
      if (end - at > max) throw malformed('a line among its chunks is too long')
      return -1
    }
    if (found === at || bytes[found - 1] !== CR) throw malformed('a line among its chunks ends without CR')
    if (found - at > max) throw malformed('a line among its chunks is too long')
    return found
  }
  const take = (bytes: Buffer, from: number, to: number) => {
    const wanted = size + to - from
    if (wanted > body.length) {
      const larger = Buffer.allocUnsafe(Math.min(maxBytes, Math.max(1024, wanted * 2)))
      body.copy(larger, 0, 0, size)
      body = larger
    }
    bytes.copy(body, size, from, to)
    size = wanted
  }

  return {
    get isDone() {
      return part === 'done'
    },
    body: () => body.subarray(0, size),
    read(bytes, from, end) {
      let at = from
      for (;;) {
        if (part === 'data') {
          const to = Math.min(end, at + left)
          take(bytes, at, to)
          left -= to - at
          at = to
          if (left > 0) return at
          part = 'after'
        }
        if (part === 'after') {
          if (end - at < 2) return at
          if (bytes[at] !== CR || bytes[at + 1] !== LF) throw malformed('a chunk is longer than it says')
          at += 2
          part = 'length'
        }
        if (part === 'done') return at
        const isTrailer = part === 'trailers'
        const found = line(bytes, at, end, isTrailer ? maxTrailerBytes - trailerBytes : maxChunkLine)
        if (found === -1) return at
        const text = bytes.toString('latin1', at, found - 1)
        if (isTrailer) trailerBytes += found + 1 - at
        at = found + 1
        if (!isTrailer) {
          left = lengthOf(text)
          part = left === 0 ? 'trailers' : 'data'
          if (size + left > maxBytes) throw new HttpRequestError(413, `its body has over ${maxBytes} bytes`)
        } else if (text === '') part = 'done'
        // Trailers are checked and dropped: what came after the body must not change what it means.
        else headerLine(text)
      }
    },
  }
}

function lengthOf(text: string): number {
  const digits = CHUNK_LINE.exec(text)?.[1]
  if (digits === undefined) throw malformed('a chunk has no length')
  return Number.parseInt(digits, 16)
}

const REQUEST_LINE = /^([A-Z][A-Z-]{0,31}) ([\x21-\x7e]+) HTTP\/1\.([01])$/
const NAME = /^[!#$%&'*+.^_`|~0-9a-zA-Z-]+$/
// What a value holds: visible characters, spaces, tabs, and the bytes of UTF-8.
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
const BEYOND_ASCII = /[\x80-\xff]/
// An authority, or nothing where the client has no name for the server.
const HOST = /^[A-Za-z0-9.\-_~%!$&'()*+,;=:[\]]*$/

/** The head of a request, one character a byte and without its empty line, taken apart. @throws HttpRequestError */
function parseRequestHead(text: string): Head {
  const lines = text.split('\r\n')
  const { method, target, isOld } = checkRequestLine(lines[0] as string)
  const header: Record<string, string> = {}
  for (let index = 1; index < lines.length; index++) {
    const [name, value] = headerLine(lines[index] as string)
    if (!Object.hasOwn(header, name)) header[name] = value
    else if (single.has(name)) throw malformed(`it has "${name}" twice`)
    else header[name] = `${header[name]}, ${value}`
  }
  const host = header['host']
  if (host === undefined ? !isOld : !HOST.test(host)) throw malformed('its Host is missing or no name')
  return {
    method,
    path: pathOf(method, target, host),
    header,
    isLast: isLast(header['connection'], isOld),
    length: lengthIn(header, isOld),
  }
}

function checkRequestLine(line: string): { readonly method: string; readonly target: string; readonly isOld: boolean } {
  const [, method, target, minor] = REQUEST_LINE.exec(line) ?? []
  if (method === undefined || target === undefined) throw malformed('its first line is not one of HTTP/1.1')
  return { method, target, isOld: minor === '0' }
}

// Where one reader takes the first and another the last.
const single = new Set(['content-length', 'transfer-encoding', 'host', 'content-type', 'authorization', 'expect', 'timeout'])

function headerLine(line: string): [string, string] {
  const colon = line.indexOf(':')
  const name = line.slice(0, Math.max(0, colon))
  // A folded line begins with a space, which no name has.
  if (!NAME.test(name) || name === '__proto__') throw malformed('it has a header line without a name')
  const raw = trimmed(line, colon + 1)
  if (!VALUE.test(raw)) throw malformed(`its header "${name}" has a control character`)
  return [name.toLowerCase(), BEYOND_ASCII.test(raw) ? Buffer.from(raw, 'latin1').toString('utf8') : raw]
}

// By hand: a pattern that trims both ends takes quadratic time for many spaces.
function trimmed(line: string, start: number): string {
  let from = start
  let to = line.length
  while (from < to && isSpace(line.charCodeAt(from))) from++
  while (to > from && isSpace(line.charCodeAt(to - 1))) to--
  return line.slice(from, to)
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09
}

function pathOf(method: string, target: string, host: string | undefined): string {
  if (target.startsWith('/')) return target
  if (target === '*' && method === 'OPTIONS') return target
  // A proxy sends the whole address. It must be of the host that the header names, else the two say different things.
  const [, authority, path = ''] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(target) ?? []
  if (authority === undefined || authority === '' || authority.toLowerCase() !== host?.toLowerCase())
    throw malformed('its target is no path of this host')
  return path.startsWith('/') ? path : `/${path}`
}

function lengthIn(header: Readonly<Record<string, string>>, isOld: boolean): number | undefined {
  const length = header['content-length']
  const coding = header['transfer-encoding']
  if (coding !== undefined) {
    if (length !== undefined) throw malformed('it has a length and chunks')
    if (isOld || coding.toLowerCase() !== 'chunked') throw malformed(`its transfer coding is "${coding}"`)
    return undefined
  }
  if (length === undefined) return 0
  if (!/^\d{1,15}$/.test(length)) throw malformed(`its length is "${length}"`)
  return Number(length)
}

function isLast(connection: string | undefined, isOld: boolean): boolean {
  const said =
    connection
      ?.toLowerCase()
      .split(',')
      .map((word) => word.trim()) ?? []
  return said.includes('close') || (isOld && !said.includes('keep-alive'))
}

function malformed(why: string): HttpRequestError {
  return new HttpRequestError(400, why)
}
