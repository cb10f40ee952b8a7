import type { Socket } from 'node:net'
import type { MicroError } from '../base/index.js'
import { formatAddress } from './address.js'
import { transportErrors } from './errors.js'
import { type HttpFrames, httpFrames } from './http-frames.js'
import { hopByHop, isFrame, isStreamFrame } from './http-header.js'
import { failedReply, writeReply } from './http-reply.js'
import { type HttpRequest, HttpRequestError, type RequestReader, requestReader } from './http-request.js'
import type { ListenLimits } from './port/limits.js'
import type { ListenOptions, Protocol, ProtocolRouter, ServedConnection, WebReply, WebRequest } from './transport.js'

/** What serving HTTP needs to know. */
export interface HttpProtocolOptions {
  /** Answers plain HTTP. @default everything is 404 */
  readonly web?: ListenOptions['web']
  readonly limits: ListenLimits
}

/**
 * HTTP/1.1 by our own strict reader: go-micro's RPC (a request with one of its headers is a frame) and plain HTTP, on one connection as they come.
 *
 * Requests of a connection are answered one after the other, in their order. A frame with `micro-stream` turns the whole connection into a stream: from then on each
 * request is a frame to receive and each frame to send a reply of its own, unpaired, which no HTTP server of Node's can express.
 * It takes whatever no other protocol wants, and answers what is no HTTP with status 400.
 */
export function httpProtocol(options: HttpProtocolOptions): Protocol<Socket> {
  return {
    name: 'http',
    alpn: ['http/1.1', 'http/1.0'],
    detect: () => 'yes',
    serve: (socket, head, router) => serveHttp(socket, head, router, options),
  }
}

// As much is read ahead while a request is in work or a stream's frames wait; reading on is what shows that a client has hung up.
const readAheadBytes = 65_536

// Serving is one state machine on purpose: every event asks the same few variables what may happen next.
function serveHttp(socket: Socket, head: Uint8Array, router: ProtocolRouter, options: HttpProtocolOptions): ServedConnection {
  const { web, limits } = options
  const { maxBytes } = router
  const reader = requestReader({ maxBytes, maxHeadBytes: limits.maxHeadBytes })
  let frames: HttpFrames | undefined
  let state: 'calls' | 'stream' | 'refused' = 'calls'
  let current: HttpRequest | undefined
  let controller: AbortController | undefined
  let isDraining = false
  let requests = 0
  let isPumping = false

  const reply = (answer: WebReply) => {
    const { method, isLast, header } = current as HttpRequest
    const isAsked = header['connection']?.toLowerCase().includes('keep-alive') === true
    const connection = isLast || isDraining ? 'close' : undefined
    writeReply(socket, answer, { connection: connection ?? (isAsked ? 'keep-alive' : undefined), isHead: method === 'HEAD' })
    current = undefined
    pump()
  }

  const write = (frame: { readonly header: Readonly<Record<string, string>>; readonly body: Uint8Array }) => {
    const answer = { status: 200, header: frame.header, body: frame.body }
    if (state === 'stream') writeReply(socket, answer)
    else if (current === undefined) throw transportErrors.nothingToAnswer()
    else reply(answer)
  }

  const takeFrame = (request: HttpRequest) => {
    const { header, body } = request
    const isFirst = frames === undefined
    frames ??= httpFrames(socket, write, () => pump())
    for (const name in header) if (hopByHop.has(name)) delete header[name]
    frames.put({ header, body })
    if (isFirst) router.accept(frames)
  }

  const takeWeb = (request: HttpRequest) => {
    if (web === undefined) return reply(failedReply(404, transportErrors.noWeb()))
    const { method, path, header, body } = request
    controller = undefined
    const asked: WebRequest = {
      method,
      path,
      header,
      body,
      remote: formatAddress(socket.remoteAddress ?? '', socket.remotePort ?? 0),
      get signal() {
        controller ??= new AbortController()
        if (socket.destroyed) controller.abort()
        return controller.signal
      },
    }
    const answered = (answer: WebReply) => {
      if (current !== request || socket.destroyed) return
      try {
        reply(answer)
      } catch {
        // A header that no client could read. Who made it knows what it means; the client learns that there is no answer.
        reply(failedReply(500, transportErrors.webFailed()))
      }
    }
    // Whoever answers tells its own failures; what it did not foresee may hold secrets, so the client learns no more than that it failed.
    web(asked).then(answered, () => answered(failedReply(500, transportErrors.webFailed())))
  }

  const refuse = (status: number, error: MicroError) => {
    state = 'refused'
    current = undefined
    writeReply(socket, failedReply(status, error), { connection: 'close' })
    // What still comes is read and dropped for a moment, so that the refusal arrives: closing over unread bytes would reset the connection.
    socket.resume()
  }

  const next = (): HttpRequest | undefined => {
    try {
      return reader.next()
    } catch (error) {
      if (!(error instanceof HttpRequestError)) throw error
      refuse(error.status, refusalOf(error, maxBytes))
      return undefined
    }
  }

  const mayRead = () => {
    if (state === 'refused') return true
    if (state === 'stream') return (frames as HttpFrames).waitingBytes <= readAheadBytes
    return current === undefined && !socket.writableNeedDrain
  }

  // Not entered again from within, so that a thousand pipelined requests that are answered at once need no stack.
  const pump = () => {
    if (isPumping || socket.destroyed) return
    isPumping = true
    while (state !== 'refused' && mayRead() && !socket.writableEnded) {
      const request = next()
      if (request === undefined) {
        if (reader.takeExpectation()) socket.write('HTTP/1.1 100 Continue\r\n\r\n')
        break
      }
      requests++
      const isWeb = !isFrame(request.header)
      if (state === 'calls' && isStreamFrame(request.header)) state = 'stream'
      if (state === 'calls') current = request
      if (!isWeb) takeFrame(request)
      else if (state === 'calls') takeWeb(request)
      else refuse(400, transportErrors.requestMalformed('the connection has a stream, which takes nothing else'))
    }
    isPumping = false
    if (isDraining && isIdle()) socket.destroySoon()
    const isFull = !mayRead() && reader.keptBytes > readAheadBytes
    if (isFull) socket.pause()
    else if (socket.isPaused()) socket.resume()
  }

  const isIdle = () => state === 'calls' && current === undefined
  const hungUp = () => {
    controller?.abort()
    // Nobody waits for the answer any more. What has been answered still goes out.
    if (current !== undefined) socket.destroy()
  }

  socket.on('error', () => undefined)
  socket.on('end', hungUp)
  socket.on('close', () => {
    controller?.abort()
    current = undefined
  })
  socket.on('drain', pump)
  socket.on('data', (piece: Buffer) => {
    if (state === 'refused') return
    reader.push(piece)
    pump()
  })
  if (head.length > 0) reader.push(Buffer.from(head.buffer, head.byteOffset, head.length))
  pump()

  let seen = ''
  let sinceMs = 0
  return {
    drain() {
      isDraining = true
      if (isIdle()) socket.destroySoon()
    },
    sweep(nowMs) {
      const phase = phaseOf({ state, socket, reader, isWorking: current !== undefined })
      const key = `${requests} ${phase}`
      if (key !== seen) {
        seen = key
        sinceMs = nowMs
      }
      const limit = timeOf(phase, requests, limits)
      if (limit === undefined || nowMs - sinceMs < limit) return
      // Whoever sends nothing, or reads nothing, does not wait for a word either.
      if (phase === 'head' || phase === 'body') refuse(408, transportErrors.requestTimeout(limit))
      else socket.destroy()
    },
  }
}

type Phase = 'idle' | 'head' | 'body' | 'work' | 'write' | 'refused'

function phaseOf(now: {
  readonly state: 'calls' | 'stream' | 'refused'
  readonly socket: Socket
  readonly reader: RequestReader
  readonly isWorking: boolean
}): Phase {
  if (now.state === 'refused' || now.socket.writableEnded) return 'refused'
  if (now.socket.writableNeedDrain) return 'write'
  if (now.isWorking) return 'work'
  const { state } = now.reader
  return state === 'idle' && now.state === 'stream' ? 'work' : state
}

function timeOf(phase: Phase, requests: number, limits: ListenLimits): number | undefined {
  if (phase === 'work') return undefined
  if (phase === 'refused') return limits.lingerMs
  if (phase === 'write') return limits.writeMs
  if (phase === 'body') return limits.requestMs
  if (phase === 'head') return limits.headMs
  return requests === 0 ? limits.headMs : limits.idleMs
}

function refusalOf(error: HttpRequestError, maxBytes: number): MicroError {
  if (error.status === 413) return transportErrors.frameTooLarge(error.bytes, maxBytes)
  if (error.status === 431) return transportErrors.headTooLarge(error.message)
  return transportErrors.requestMalformed(error.message)
}
