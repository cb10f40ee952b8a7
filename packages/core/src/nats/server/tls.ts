import type { Socket } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import { natsErrors } from '../errors.js'

/** How connections to a server are encrypted. PEM throughout. */
export interface NatsServerTls {
  readonly key: string | Uint8Array
  /** The certificate, and those between it and the root. */
  readonly cert: string | Uint8Array
  /** Who signs the clients' certificates. @default those that Node trusts */
  readonly ca?: string | Uint8Array
  /** Clients must show a certificate that `ca` has signed. @default false */
  readonly verify?: boolean
  /**
   * TLS comes before INFO, which a client has to be told (`tls: { handshakeFirst: true }` with @nats-io): nobody between the two can then strip TLS from
   * INFO, or read it. @default false, as NATS has it
   */
  readonly handshakeFirst?: boolean
  /** For the handshake. @default 2_000 */
  readonly timeoutMs?: number
}

/** Turns plain connections into encrypted ones. */
export interface Encryption {
  readonly isFirst: boolean
  readonly isVerifying: boolean
  /** Calls `onDone` once: with the encrypted socket when the handshake has succeeded, otherwise with undefined, and the socket is gone. */
  encrypt(socket: Socket, onDone: (secure: TLSSocket | undefined) => void): void
}

/** @throws `invalid_argument`/`NATS_TLS_INVALID` */
export function encryption({ key, cert, ca, verify = false, handshakeFirst = false, timeoutMs = 2000 }: NatsServerTls): Encryption {
  const waiting = new Map<string, (secure: TLSSocket | undefined) => void>()
  // It listens nowhere: it is handed sockets, and knows how a certificate is checked.
  const server = create()
  server.on('secureConnection', (secure) => settle(nameOf(secure), secure))
  server.on('tlsClientError', (_error, secure) => secure.destroy())

  return {
    isFirst: handshakeFirst,
    isVerifying: verify,
    encrypt(socket, onDone) {
      const name = nameOf(socket)
      waiting.set(name, onDone)
      socket.once('close', () => settle(name, undefined))
      // 'close' follows.
      socket.on('error', () => undefined)
      server.emit('connection', socket)
    },
  }

  function settle(name: string, secure: TLSSocket | undefined): void {
    const onDone = waiting.get(name)
    waiting.delete(name)
    onDone?.(secure)
  }

  function create(): Server {
    try {
      return createServer({
        key: pem(key),
        cert: pem(cert),
        ...(ca === undefined ? {} : { ca: pem(ca) }),
        requestCert: verify,
        rejectUnauthorized: verify,
        handshakeTimeout: timeoutMs,
        minVersion: 'TLSv1.2',
      })
    } catch (error) {
      throw natsErrors.tlsInvalid(error)
    }
  }
}

const pem = (value: string | Uint8Array) => (typeof value === 'string' ? value : Buffer.from(value))

// No two open connections have the same.
const nameOf = ({ localAddress, localPort, remoteAddress, remotePort }: Socket) =>
  `${localAddress} ${localPort} ${remoteAddress} ${remotePort}`
