import { connect, type Socket } from 'node:net'

/** A client that sends bytes as they are. For tests. */
export interface RawClient {
  readonly socket: Socket
  /** All that has come, one character a byte. */
  readonly text: string
  readonly isEnded: boolean
  send(text: string): void
  /** Resolves with all that has come, once it has `part` or the connection has ended. */
  until(part: string): Promise<string>
  /** Resolves with all that has come, once the connection has ended. */
  ended(): Promise<string>
}

/** Connects to `address` (`host:port`, or the path of a Unix socket) without waiting for it. */
export function rawClient(address: string): RawClient {
  const [host, port] = address.split(':')
  const socket = address.startsWith('/') ? connect(address) : connect({ host: host as string, port: Number(port), noDelay: true })
  return rawClientOver(socket)
}

/** A client over an open socket: a plain one, or one of TLS. */
export function rawClientOver(socket: Socket): RawClient {
  let text = ''
  let isEnded = false
  let changed: () => void = () => undefined
  const waiting = () => new Promise<void>((resolve) => (changed = resolve))
  socket.on('error', () => undefined)
  socket.on('data', (piece: Buffer) => {
    text += piece.toString('latin1')
    changed()
  })
  socket.on('close', () => {
    isEnded = true
    changed()
  })
  return {
    socket,
    get text() {
      return text
    },
    get isEnded() {
      return isEnded
    },
    send: (bytes) => void socket.write(bytes, 'latin1'),
    async until(part) {
      while (!text.includes(part) && !isEnded) await waiting()
      return text
    },
    async ended() {
      while (!isEnded) await waiting()
      return text
    },
  }
}
