import { createServer, type Server, type Socket } from 'node:net'
import type { Cancel, Clock } from '../../base/index.js'
import { formatAddress, parseAddress } from '../address.js'
import { transportErrors } from '../errors.js'
import { httpProtocol } from '../http-protocol.js'
import { failedReply, writeReply } from '../http-reply.js'
import { portHolder } from '../port-holder.js'
import type { Connection, Listener, ListenOptions, Protocol, ProtocolRouter, ServedConnection } from '../transport.js'
import { detect, isTls } from './detect.js'
import type { ListenLimits } from './limits.js'
import type { LocalSocket } from './local-socket.js'
import type { TlsOptions } from './tls-options.js'
import type { TlsFront } from './tls.js'

/** What a port needs to know besides what it is asked. */
export interface PortContext {
  readonly clock: Clock
  readonly limits: ListenLimits
  readonly tls: TlsOptions | undefined
}

/** A connection of the port's, and what it has become. */
interface Visitor {
  readonly socket: Socket
  protocol: string | undefined
  served: ServedConnection | undefined
  /** Since when its first bytes are waited for; undefined before the first sweep. */
  sinceMs: number | undefined
}

const sweepMs = 1000

/**
 * One port that speaks to everyone: what a connection speaks is told by its first bytes.
 *
 * Asked are TLS, `options.protocols` in their order, and HTTP, which takes the rest. Nobody waits for more bytes than it takes to tell, and whoever sends none is cut off.
 */
export async function listenPort(
  address: string,
  accept: (connection: Connection) => void,
  options: ListenOptions,
  context: PortContext,
): Promise<Listener> {
  const { clock, limits, tls } = context
  const { maxBytes = 4_194_304, web, protocols: others = [] } = options
  const protocols = [...(others as readonly Protocol<Socket>[]), httpProtocol({ web, limits })]
  const router: ProtocolRouter = { accept, maxBytes }
  const visitors = new Map<Socket, Visitor>()
  let isClosing = false
  let cancelSweep: Cancel | undefined
  let local: LocalSocket | undefined

  const sweep = () => {
    const nowMs = clock.monotonicMs()
    for (const visitor of visitors.values()) {
      visitor.sinceMs ??= nowMs
      if (visitor.served?.sweep !== undefined) visitor.served.sweep(nowMs)
      else if (visitor.served === undefined && nowMs - visitor.sinceMs >= limits.headMs) visitor.socket.destroy()
    }
    cancelSweep = visitors.size > 0 ? clock.after(sweepMs, sweep, { background: true }) : undefined
  }

  const enter = (socket: Socket): Visitor => {
    const visitor: Visitor = { socket, protocol: undefined, served: undefined, sinceMs: undefined }
    visitors.set(socket, visitor)
    socket.on('close', () => visitors.delete(socket))
    cancelSweep ??= clock.after(sweepMs, sweep, { background: true })
    return visitor
  }

  const hand = (visitor: Visitor, protocol: Protocol<Socket>, head: Uint8Array) => {
    visitor.protocol = protocol.name
    visitor.served = protocol.serve(visitor.socket, head, router)
    if (isClosing) visitor.served.drain()
  }

  /** Waits for the first bytes of a socket, and gives it to whoever knows them. */
  const meet = (socket: Socket, wanted: readonly Protocol<Socket>[], front: TlsFront | undefined) => {
    const visitor = enter(socket)
    let head: Buffer | undefined
    const onError = () => undefined
    const onData = (piece: Buffer) => {
      head = head === undefined ? piece : Buffer.concat([head, piece])
      const isSecure = front === undefined ? 'no' : isTls(head)
      if (isSecure === 'more') return
      const plain = tls === undefined || tls.allowPlain === true || front === undefined
      const protocol = isSecure === 'yes' || !plain ? undefined : detect(wanted, head)
      if (protocol === 'more') return
      socket.removeListener('data', onData)
      socket.removeListener('error', onError)
      socket.pause()
      if (protocol !== undefined) return hand(visitor, protocol, head)
      if (isSecure !== 'yes') return turnAway(socket, front !== undefined)
      // From now on it counts as what is inside; this entry only sees that the handshake comes to its end.
      socket.on('error', onError)
      socket.unshift(head)
      front?.take(socket)
    }
    socket.on('error', onError)
    socket.on('data', onData)
  }

  const secured = (socket: Socket & { readonly alpnProtocol: string | false | null }) => {
    const named = protocols.find((one) => one.alpn?.includes(socket.alpnProtocol || '') === true)
    if (named === undefined) return meet(socket, protocols, undefined)
    socket.pause()
    hand(enter(socket), named, new Uint8Array(0))
  }
  // Loaded here: a plain port, which most are, starts without node:tls.
  const front = tls === undefined ? undefined : (await import('./tls.js')).tlsFront(tls, alpnOf(protocols), limits.headMs, secured)

  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 15_000 }, (socket) => meet(socket, protocols, front))
  server.maxConnections = limits.maxConnections
  await bind(server, address)
  // What fails after this is the taking of one connection (too many files are open): the others go on.
  server.on('error', () => undefined)
  const bound = server.address() as { readonly address: string; readonly port: number }

  const end = async () => {
    isClosing = true
    const closed = [ended(server), local?.close() ?? Promise.resolve()]
    for (const { socket, served } of visitors.values()) {
      if (served === undefined) socket.destroy()
      else served.drain()
    }
    await Promise.all(closed)
    cancelSweep?.()
  }
  let ending: Promise<void> | undefined
  return {
    address: formatAddress(bound.address, bound.port),
    connections: () => countByProtocol(visitors.values()),
    async listenLocal(name) {
      const spoken = protocols.filter((one) => one.isLocal === true)
      if (spoken.length === 0 || isClosing || local !== undefined) return local?.path
      const { listenOnSocket } = await import('./local-socket.js')
      local = await listenOnSocket(name, (socket) => meet(socket, spoken, undefined), limits.maxConnections)
      if (isClosing) await local?.close()
      return local?.path
    },
    close: () => (ending ??= end()),
  }
}

// A person with curl, or a service that was not told of TLS, gets a word; whatever it is, it would be understood by nobody here.
function turnAway(socket: Socket, isTlsPort: boolean): void {
  socket.on('error', () => undefined)
  socket.resume()
  if (isTlsPort) writeReply(socket, failedReply(400, transportErrors.tlsNeeded()), { connection: 'close' })
  socket.destroySoon()
}

function alpnOf(protocols: readonly Protocol<Socket>[]): string[] {
  return protocols.flatMap((one) => one.alpn ?? [])
}

function countByProtocol(visitors: Iterable<Visitor>): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { protocol } of visitors) if (protocol !== undefined) counts[protocol] = (counts[protocol] ?? 0) + 1
  return counts
}

function ended(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
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
