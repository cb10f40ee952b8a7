import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { MicroError } from '../base/index.js'
import { formatAddress, parseAddress } from './address.js'
import { transportErrors } from './errors.js'
import { headerOf, hopByHop, isFrame, toLatin1 } from './http-header.js'
import { type HttpServerConnection, httpServerConnection } from './http-server-connection.js'
import { portHolder } from './port-holder.js'
import type { Connection, Listener, ListenOptions, WebReply, WebRequest } from './transport.js'

// A refused body is read on for this long, so that the refusal arrives: closing at once would reset the connection under it.
const lingerMs = 1000

/**
 * Listens at `address`: requests with a header of go-micro's are frames, all others go to `web`.
 *
 * Node's strict parser reads; whoever has not sent a whole head within 10 s, or a whole request within 60 s, is cut off.
 */
export async function listenHttp(address: string, accept: (connection: Connection) => void, options: ListenOptions): Promise<Listener> {
  const { createServer } = await import('node:http')
  const server = createServer({
    noDelay: true,
    keepAlive: true,
    headersTimeout: 10_000,
    requestTimeout: 60_000,
    connectionsCheckingInterval: 5000,
    // Longer than our clients keep an idle connection, so that it is they who end it and no call meets a door that just closed.
    keepAliveTimeout: 120_000,
    maxHeaderSize: 65_536,
  })
  const sockets = new Map<Socket, SocketState>()
  const context: ServeContext = { accept, options, sockets, isClosing: false }
  server.on('connection', (socket) => {
    sockets.set(socket, { unanswered: 0, connection: undefined })
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('request', (request, reply) => takeRequest(request, reply, context))
  await bind(server, address)
  const bound = server.address() as { readonly address: string; readonly port: number }

  let ending: Promise<void> | undefined
  const end = () =>
    new Promise<void>((resolve) => {
      context.isClosing = true
      server.close(() => resolve())
      for (const [socket, state] of sockets) if (state.unanswered === 0) socket.destroy()
    })
  return { address: formatAddress(bound.address, bound.port), close: () => (ending ??= end()) }
}

async function bind(server: Server, address: string): Promise<void> {
  const { host, port } = parseAddress(address)
  const failure = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    server.once('error', resolve)
    server.listen({ host, port }, () => {
      server.removeListener('error', resolve)
      resolve(undefined)
    })
  })
  if (failure?.code === 'EADDRINUSE') throw transportErrors.portTaken(address, await portHolder(port), failure)
  if (failure !== undefined) throw transportErrors.listenFailed(address, failure)
}

interface SocketState {
  /** Requests that have begun and whose reply has not been written to its end. */
  unanswered: number
  connection: HttpServerConnection | undefined
}

interface ServeContext {
  readonly accept: (connection: Connection) => void
  readonly options: ListenOptions
  readonly sockets: Map<Socket, SocketState>
  isClosing: boolean
}

function takeRequest(request: IncomingMessage, reply: ServerResponse, context: ServeContext): void {
  const { socket } = request
  const state = context.sockets.get(socket)
  if (state === undefined) return
  state.unanswered++
  reply.on('close', () => {
    state.unanswered--
    if (context.isClosing && state.unanswered === 0) socket.destroySoon()
  })
  const header = headerOf(request.rawHeaders)
  const maxBytes = context.options.maxBytes ?? 4_194_304
  readBody(request, header, maxBytes, (body) => {
    if (body instanceof MicroError) refuse(request, reply, body)
    else if (isFrame(header)) takeFrame(state, socket, reply, { header, body }, context)
    else void answerWeb(request, reply, header, body, context)
  })
}

function readBody(
  request: IncomingMessage,
  header: Readonly<Record<string, string>>,
  maxBytes: number,
  done: (body: Uint8Array | MicroError) => void,
): void {
  const announced = Number(header['content-length'] ?? 0)
  if (announced > maxBytes) return done(transportErrors.frameTooLarge(announced, maxBytes))
  const pieces: Buffer[] = []
  let bytes = 0
  let isRefused = false
  request.on('data', (piece: Buffer) => {
    bytes += piece.length
    if (isRefused) return
    pieces.push(piece)
    if (bytes <= maxBytes) return
    isRefused = true
    pieces.length = 0
    done(transportErrors.frameTooLarge(undefined, maxBytes))
  })
  request.on('end', () => {
    if (!isRefused) done(pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces))
  })
}

function refuse(request: IncomingMessage, reply: ServerResponse, error: MicroError): void {
  write(reply, failed(413, error), false)
  request.resume()
  const timer = setTimeout(() => request.socket.destroy(), lingerMs)
  request.on('close', () => clearTimeout(timer))
}

function takeFrame(
  state: SocketState,
  socket: Socket,
  reply: ServerResponse,
  request: { readonly header: Record<string, string>; readonly body: Uint8Array },
  context: ServeContext,
): void {
  const { header, body } = request
  const answer = (answerHeader: Readonly<Record<string, string>>, answerBody: Uint8Array) =>
    write(reply, { status: 200, header: answerHeader, body: answerBody }, context.isClosing)
  const isFirst = state.connection === undefined
  state.connection ??= httpServerConnection(socket)
  for (const name in header) if (hopByHop.has(name)) delete header[name]
  state.connection.take({ header, body }, answer)
  if (isFirst) context.accept(state.connection)
}

async function answerWeb(
  request: IncomingMessage,
  reply: ServerResponse,
  header: Readonly<Record<string, string>>,
  body: Uint8Array,
  context: ServeContext,
): Promise<void> {
  const { web } = context.options
  const { socket } = request
  if (web === undefined) return write(reply, notFound(), context.isClosing)
  let controller: AbortController | undefined
  const hungUp = () => controller?.abort()
  reply.on('close', hungUp)
  const answer = await answered(web, {
    method: request.method ?? 'GET',
    path: request.url ?? '/',
    header,
    body,
    remote: formatAddress(socket.remoteAddress ?? '', socket.remotePort ?? 0),
    get signal() {
      controller ??= new AbortController()
      if (socket.destroyed) controller.abort()
      return controller.signal
    },
  })
  reply.removeListener('close', hungUp)
  write(reply, answer, context.isClosing)
}

async function answered(web: NonNullable<ListenOptions['web']>, request: WebRequest): Promise<WebReply> {
  try {
    return await web(request)
  } catch {
    // Whoever answers tells its own failures; what it did not foresee may hold secrets, so the client learns no more than that.
    return failed(500, transportErrors.webFailed())
  }
}

function notFound(): WebReply {
  return failed(404, transportErrors.noWeb())
}

function failed(status: number, { code, reason, message, hint, details }: MicroError): WebReply {
  return {
    status,
    header: { 'content-type': 'application/json' },
    body: Buffer.from(`${JSON.stringify({ code, reason, message, hint, details })}\n`),
  }
}

function write(reply: ServerResponse, answer: WebReply, isLast: boolean): void {
  if (reply.destroyed || reply.headersSent) return
  const flat: string[] = ['content-length', String(answer.body.length)]
  if (isLast) flat.push('connection', 'close')
  for (const name in answer.header) if (!hopByHop.has(name)) flat.push(name, toLatin1(answer.header[name] as string))
  reply.sendDate = false
  reply.writeHead(answer.status, flat)
  reply.end(answer.body)
}
