/** One HTTP/1.1 message, read whole. */
export interface HttpMessage {
  /** The first line: `HTTP/1.1 200 OK`. */
  readonly startLine: string
  /** Names in lower case; one that came more than once has its values joined by `, `. */
  readonly header: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** How to read. */
export interface HttpReaderOptions {
  /** The largest body, in bytes: announced or, when it comes in chunks, counted. */
  readonly maxBytes: number
  /** The largest head, in bytes. @default 65_536 */
  readonly maxHeadBytes?: number
}

/** Why reading stopped: the bytes are not HTTP/1.1, or the body is too large. */
export class HttpReadError extends Error {
  override readonly name = 'HttpReadError'
  /** Whether the body is over `maxBytes`; else the bytes are malformed. */
  readonly tooLarge: boolean
  constructor(message: string, tooLarge = false) {
    super(message)
    this.tooLarge = tooLarge
  }
}

/** Reads replies from bytes that arrive in pieces of any size. */
export interface HttpReader {
  /** Takes a piece, and gives the message when it is complete. Bytes after it are kept for the next one. @throws HttpReadError */
  push(piece: Buffer): HttpMessage | undefined
  /** Bytes that are kept for the next message. */
  readonly keptBytes: number
  /** No bytes follow: a reply without a length ends here. @throws HttpReadError when a message is cut off */
  end(): HttpMessage | undefined
}

type Body = { readonly kind: 'length'; readonly bytes: number } | { readonly kind: 'chunked' } | { readonly kind: 'until-end' }

interface Head {
  readonly startLine: string
  readonly header: Record<string, string>
  readonly body: Body
}

const none = Buffer.alloc(0)

/**
 * A strict reader of HTTP/1.1 replies. What two readers could understand differently is refused: a bare LF, folded lines, two lengths,
 * a length beside chunks, any coding but `chunked`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9112 for the grammar
 */
export function httpReader(options: HttpReaderOptions): HttpReader {
  const { maxBytes, maxHeadBytes = 65_536 } = options
  let rest: Buffer = none
  let pieces: Buffer[] = []
  let pieceBytes = 0
  let head: Head | undefined
  let chunks: Buffer[] = []
  let chunkBytes = 0
  let wantedBytes = 0

  // Pieces are joined only once enough of them are there, so that a large body is copied once, however it was cut.
  const gather = (): Buffer => {
    if (pieces.length > 0) rest = pieces.length === 1 && rest.length === 0 ? (pieces[0] as Buffer) : Buffer.concat([rest, ...pieces])
    pieces = []
    pieceBytes = 0
    return rest
  }
  const finish = (body: Uint8Array): HttpMessage => {
    const { startLine, header } = head as Head
    head = undefined
    return { startLine, header, body }
  }

  const readHead = (): boolean => {
    const bytes = gather()
    const length = endOfHead(bytes)
    if (length === -1 && bytes.length <= maxHeadBytes) return false
    if (length === -1 || length > maxHeadBytes) throw new HttpReadError(`its head is over ${maxHeadBytes} bytes`)
    head = parseHead(bytes.toString('utf8', 0, length))
    rest = bytes.subarray(length + 4)
    if (head.body.kind === 'length' && head.body.bytes > maxBytes) throw new HttpReadError(`its body has ${head.body.bytes} bytes`, true)
    // 100 Continue and its like come before the reply proper.
    if (/^HTTP\/1\.1 1\d\d/.test(head.startLine)) {
      head = undefined
      return readHead()
    }
    return true
  }

  const readChunks = (): HttpMessage | undefined => {
    if (rest.length + pieceBytes < wantedBytes) return undefined
    gather()
    wantedBytes = 0
    for (;;) {
      const lineEnd = rest.indexOf('\r\n', 0, 'latin1')
      if (lineEnd === -1) {
        if (rest.length > 1024) throw new HttpReadError('a chunk has no length')
        return undefined
      }
      const size = /^([0-9a-fA-F]{1,8})(?:[ \t]*;[^\r\n]*)?$/.exec(rest.toString('latin1', 0, lineEnd))?.[1]
      if (size === undefined) throw new HttpReadError('a chunk has no length')
      const bytes = Number.parseInt(size, 16)
      if (bytes === 0) return readTrailers(lineEnd + 2)
      if (chunkBytes + bytes > maxBytes) throw new HttpReadError(`its body has over ${maxBytes} bytes`, true)
      const from = lineEnd + 2
      if (rest.length < from + bytes + 2) {
        wantedBytes = from + bytes + 2
        return undefined
      }
      if (rest[from + bytes] !== 0x0d || rest[from + bytes + 1] !== 0x0a) throw new HttpReadError('a chunk is longer than it says')
      chunks.push(rest.subarray(from, from + bytes))
      chunkBytes += bytes
      rest = rest.subarray(from + bytes + 2)
    }
  }

  const readTrailers = (from: number): HttpMessage | undefined => {
    if (rest.length < from + 2) return undefined
    const isEmpty = rest[from] === 0x0d && rest[from + 1] === 0x0a
    const end = isEmpty ? from + 2 : endOfHead(rest, from) + 4
    if (end === 3) {
      if (rest.length - from > maxHeadBytes) throw new HttpReadError('its trailers are too long')
      return undefined
    }
    rest = rest.subarray(end)
    const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
    chunks = []
    chunkBytes = 0
    return finish(body)
  }

  const read = (): HttpMessage | undefined => {
    if (head === undefined && !readHead()) return undefined
    const { body } = head as Head
    const available = rest.length + pieceBytes
    if (body.kind === 'length') {
      if (available < body.bytes) return undefined
      const bytes = gather()
      rest = bytes.subarray(body.bytes)
      return finish(bytes.subarray(0, body.bytes))
    }
    if (body.kind === 'chunked') return readChunks()
    if (available > maxBytes) throw new HttpReadError(`its body has over ${maxBytes} bytes`, true)
    return undefined
  }

  return {
    push(piece) {
      if (piece.length > 0) {
        pieces.push(piece)
        pieceBytes += piece.length
      }
      return read()
    },
    get keptBytes() {
      return rest.length + pieceBytes
    },
    end() {
      if (head === undefined && rest.length + pieceBytes === 0) return undefined
      if (head?.body.kind !== 'until-end') throw new HttpReadError('it is cut off')
      const body = gather()
      rest = none
      return finish(body)
    },
  }
}

/** `head` taken apart: everything before the empty line. @throws HttpReadError */
export function parseHead(head: string): Head {
  const lines = head.split('\r\n')
  const startLine = lines[0] as string
  const status = /^HTTP\/1\.[01] (\d{3})(?: [^\r\n]*)?$/.exec(startLine)?.[1]
  if (status === undefined) throw new HttpReadError('it does not begin like an HTTP reply')
  const header: Record<string, string> = {}
  for (let index = 1; index < lines.length; index++) addLine(header, lines[index] as string)
  return { startLine, header, body: bodyOf(header, status) }
}

const LINE = /^([!#$%&'*+.^_`|~0-9a-zA-Z-]+):[ \t]*(.*?)[ \t]*$/s
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f]/

function addLine(header: Record<string, string>, line: string): void {
  const parts = LINE.exec(line)
  if (parts === null) throw new HttpReadError('it has a header line without a name')
  const name = (parts[1] as string).toLowerCase()
  const value = parts[2] as string
  if (CONTROL.test(value)) throw new HttpReadError(`its header "${name}" has a control character`)
  const before = Object.hasOwn(header, name) ? header[name] : undefined
  if (before !== undefined && (name === 'content-length' || name === 'transfer-encoding')) throw new HttpReadError(`it has "${name}" twice`)
  header[name] = before === undefined ? value : `${before}, ${value}`
}

function bodyOf(header: Readonly<Record<string, string>>, status: string): Body {
  const length = header['content-length']
  const coding = header['transfer-encoding']
  if (coding !== undefined) {
    if (length !== undefined) throw new HttpReadError('it has a length and chunks')
    if (coding.toLowerCase() !== 'chunked') throw new HttpReadError(`its transfer coding is "${coding}"`)
    return { kind: 'chunked' }
  }
  if (length !== undefined) {
    if (!/^\d{1,15}$/.test(length)) throw new HttpReadError(`its length is "${length}"`)
    return { kind: 'length', bytes: Number(length) }
  }
  return status.startsWith('1') || status === '204' || status === '304' ? { kind: 'length', bytes: 0 } : { kind: 'until-end' }
}

function endOfHead(bytes: Buffer, from = 0): number {
  return bytes.indexOf('\r\n\r\n', from, 'latin1')
}
