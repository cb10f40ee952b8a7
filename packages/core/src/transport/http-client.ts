import { connect as connectSocket, type Socket } from 'node:net'
import { baseErrors, type Clock } from '../base/index.js'
import { formatAddress, parseAddress } from './address.js'
import { transportErrors } from './errors.js'
import { checkedHeader } from './header.js'
import { hopByHop, isStreamFrame } from './http-header.js'
import { type HttpMessage, httpReader, HttpReadError } from './http-message.js'
import { mailbox } from './mailbox.js'
import type { Connection, Frame, OpenOptions } from './transport.js'

/** Begins a TCP connection. */
export type Connect = (target: { readonly host: string; readonly port: number }) => Socket

/** What opening needs besides the address. */
export interface HttpOpenContext {
  readonly clock: Clock
  readonly maxBytes: number
  readonly connect?: Connect | undefined
}

/** Opens a TCP connection to `address`, over which each frame is a `POST /` and each answer its reply. */
export async function openHttp(address: string, options: OpenOptions, context: HttpOpenContext): Promise<Connection> {
  const socket = await connected(address, options, context)
  return httpConnection(socket, address, context.maxBytes)
}

function connected(address: string, options: OpenOptions, context: HttpOpenContext): Promise<Socket> {
  const { timeoutMs = 5000, signal } = options
  const { clock, connect = connectTcp } = context
  const target = parseAddress(address)
  if (signal?.aborted === true) throw baseErrors.canceled(`connecting to ${address}`, signal.reason)
  const socket = connect(target)
  return new Promise((resolve, reject) => {
    const settle = () => {
      cancelTimer()
      signal?.removeEventListener('abort', onAbort)
      socket.removeListener('connect', onConnect)
      socket.removeListener('error', onError)
    }
    const fail = (error: Error) => {
      settle()
      // A connection attempt that is destroyed may still report an error; its failure has been told.
      socket.on('error', () => undefined)
      socket.destroy()
      reject(error)
    }
    const onConnect = () => {
      settle()
      resolve(socket)
    }
    const onError = (error: Error) => fail(transportErrors.connectFailed(address, error))
    const onAbort = () => fail(baseErrors.canceled(`connecting to ${address}`, signal?.reason))
    const cancelTimer = clock.after(timeoutMs, () => fail(transportErrors.connectTimeout(address, timeoutMs)))
    signal?.addEventListener('abort', onAbort, { once: true })
    socket.once('connect', onConnect)
    socket.once('error', onError)
  })
}

function connectTcp(target: { readonly host: string; readonly port: number }): Socket {
  return connectSocket({ ...target, noDelay: true, keepAlive: true, keepAliveInitialDelay: 15_000 })
}

function httpConnection(socket: Socket, address: string, maxBytes: number): Connection {
  const inbox = mailbox()
  const reader = httpReader({ maxBytes })
  const prefix = `POST / HTTP/1.1\r\nhost: ${address}\r\n`
  let isWaiting = false
  // From the first frame with `micro-stream` on, the frames of both sides are unpaired.
  let isStream = false
  let waitingBytes = 0
  let isOpen = true
  let cause: Error | undefined
  let resolveClosed: () => void = () => undefined
  const closed = new Promise<void>((resolve) => (resolveClosed = resolve))

  const finish = (error?: Error) => {
    if (!isOpen) return
    isOpen = false
    inbox.end(error ?? (isWaiting ? transportErrors.connectionLost(address, cause) : undefined))
    resolveClosed()
    socket.destroy()
  }
  const answered = (message: HttpMessage | undefined) => {
    if (message === undefined) return
    if (!isWaiting && !isStream) return finish(transportErrors.notUnderstood(address, 'it answers what was not asked'))
    isWaiting = false
    // An idle connection must not keep a finished program alive.
    if (!isStream) socket.unref()
    const failure = failureOf(message, address, maxBytes)
    if (failure !== undefined) return finish(failure)
    // The end is told before the frame, so that nobody sends another one on a connection that is over.
    const isLast = message.header['connection']?.toLowerCase() === 'close'
    if (isLast) resolveClosed()
    inbox.put({ header: withoutHops(message.header), body: message.body })
    waitingBytes += frameBytes + message.body.length
    // A stream that nobody reads waits at the other side.
    if (waitingBytes > maxWaitingBytes) socket.pause()
    if (isLast) finish()
    else if (isStream) reading(() => reader.push(none))
    // More than was asked for: it would be taken for the answer to the next frame.
    else if (reader.keptBytes > 0) finish(transportErrors.notUnderstood(address, 'it answers what was not asked'))
  }
  const reading = (read: () => HttpMessage | undefined) => {
    try {
      answered(read())
    } catch (error) {
      if (!(error instanceof HttpReadError)) throw error
      finish(error.tooLarge ? transportErrors.frameTooLarge(undefined, maxBytes) : transportErrors.notUnderstood(address, error.message))
    }
  }

  socket.unref()
  socket.on('data', (piece: Buffer) => reading(() => reader.push(piece)))
  socket.on('end', () => {
    if (isWaiting) reading(() => reader.end())
    finish()
  })
  socket.on('error', (error) => (cause = error))
  socket.on('close', () => finish())

  return {
    local: formatAddress(socket.localAddress ?? '', socket.localPort ?? 0),
    remote: address,
    closed,
    send(frame) {
      if (!isOpen) return Promise.reject(transportErrors.connectionClosed(address))
      if (isWaiting)
        return Promise.reject(
          baseErrors.unimplemented('the http transport', 'concurrent', 'Open a second connection, or receive the answer first.'),
        )
      let bytes: Buffer
      try {
        bytes = requestBytes(prefix, frame)
      } catch (error) {
        return Promise.reject(error)
      }
      isStream ||= isStreamFrame(frame.header)
      isWaiting = !isStream
      socket.ref()
      // A write that fails shows as the end of the connection, which is what the receiver is told.
      return socket.write(bytes) ? Promise.resolve() : drained(socket)
    },
    receive: (receiveOptions) =>
      inbox.receive(receiveOptions).then((frame) => {
        if (frame !== undefined) waitingBytes -= frameBytes + frame.body.length
        if (waitingBytes <= maxWaitingBytes && socket.isPaused()) socket.resume()
        return frame
      }),
    close() {
      isWaiting = false
      finish()
      return Promise.resolve()
    },
  }
}

const none = Buffer.alloc(0)
const maxWaitingBytes = 65_536
// What a frame costs besides its body, so that a flood of empty ones counts too.
const frameBytes = 512

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.removeListener('drain', done)
      socket.removeListener('close', done)
      resolve()
    }
    socket.once('drain', done)
    socket.once('close', done)
  })
}

// Head and body leave in one write: two would be two packets.
function requestBytes(prefix: string, frame: Frame): Buffer {
  const header = checkedHeader(frame.header)
  const { body } = frame
  let head = `${prefix}content-length: ${body.length}\r\n`
  for (const name in header) if (!hopByHop.has(name)) head += `${name}: ${header[name]}\r\n`
  head += '\r\n'
  const headBytes = Buffer.byteLength(head)
  const bytes = Buffer.allocUnsafe(headBytes + body.length)
  bytes.write(head, 0, 'utf8')
  bytes.set(body, headBytes)
  return bytes
}

function withoutHops(header: Readonly<Record<string, string>>): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const name in header) if (!hopByHop.has(name)) kept[name] = header[name] as string
  return kept
}

function failureOf(message: HttpMessage, address: string, maxBytes: number): Error | undefined {
  const status = Number(message.startLine.slice(9, 12))
  if (status === 200) return undefined
  if (status === 413) return transportErrors.frameTooLarge(undefined, toldLimit(message.body) ?? maxBytes)
  return transportErrors.httpStatus(address, status, Buffer.from(message.body).toString('utf8'))
}

function toldLimit(body: Uint8Array): number | undefined {
  try {
    const told = JSON.parse(Buffer.from(body).toString('utf8')) as { details?: { maxBytes?: unknown } } | null
    return typeof told?.details?.maxBytes === 'number' ? told.details.maxBytes : undefined
  } catch {
    // Another HTTP server's page: it names no limit that could be read.
    return undefined
  }
}
