import type { Socket } from 'node:net'
import type { MicroError } from '../base/index.js'
import { checkedHeader } from './header.js'
import { hopByHop } from './http-header.js'
import type { WebReply } from './transport.js'

/** What becomes of the connection after a reply, and how the reply is written. */
export interface ReplyOptions {
  /** `close`: the client is told, and the socket ends. `keep`: HTTP/1.0 is told that it stays. Absent: it stays, as HTTP/1.1 takes for granted. */
  readonly connection?: 'close' | 'keep-alive' | undefined
  /** An answer to `HEAD`: all of the head, nothing of the body. @default false */
  readonly isHead?: boolean
}

const texts: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'No Content',
  304: 'Not Modified',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  412: 'Precondition Failed',
  413: 'Payload Too Large',
  415: 'Unsupported Media Type',
  416: 'Range Not Satisfiable',
  417: 'Expectation Failed',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
}

// Up to here head and body are copied into one buffer: one write is one packet. A larger body is handed over as it is.
const copiedBytes = 16_384

/**
 * Writes a reply, and says whether the socket takes more. Header values are UTF-8, as go-micro writes them.
 *
 * @throws `invalid_argument`/`HEADER_INVALID` for a header that would not arrive as it is; then nothing was written
 */
export function writeReply(socket: Socket, reply: WebReply, { connection, isHead = false }: ReplyOptions = {}): boolean {
  const { status, body } = reply
  const hasBody = status !== 204 && status !== 304
  let head = `HTTP/1.1 ${status} ${texts[status] ?? ''}\r\n`
  if (hasBody) head += `content-length: ${body.length}\r\n`
  if (connection !== undefined) head += `connection: ${connection}\r\n`
  const header = checkedHeader(reply.header)
  for (const name in header) if (!hopByHop.has(name)) head += `${name}: ${header[name]}\r\n`
  head += '\r\n'
  const bodyBytes = isHead || !hasBody ? 0 : body.length
  const isLast = connection === 'close'
  if (bodyBytes === 0) return isLast ? ended(socket, head) : socket.write(head, 'utf8')
  if (bodyBytes > copiedBytes) {
    socket.cork()
    socket.write(head, 'utf8')
    const more = isLast ? ended(socket, body) : socket.write(body)
    socket.uncork()
    return more
  }
  const headBytes = Buffer.byteLength(head)
  const bytes = Buffer.allocUnsafe(headBytes + bodyBytes)
  bytes.write(head, 0, headBytes, 'utf8')
  bytes.set(body, headBytes)
  return isLast ? ended(socket, bytes) : socket.write(bytes)
}

/** `error` as the body of a reply. */
export function failedReply(status: number, { code, reason, message, hint, details }: MicroError): WebReply {
  return {
    status,
    header: { 'content-type': 'application/json' },
    body: Buffer.from(`${JSON.stringify({ code, reason, message, hint, details })}\n`),
  }
}

function ended(socket: Socket, bytes: string | Uint8Array): boolean {
  socket.end(bytes)
  return false
}
