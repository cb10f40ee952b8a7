import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { transportErrors } from '../errors.js'
import type { TlsOptions } from './tls-options.js'

/** What takes TLS off connections. */
export interface TlsFront {
  /** Begins a handshake over `socket`, whose bytes must all be in it. Whoever does not come to the end of it in time is cut off. */
  take(socket: Socket): void
}

/**
 * TLS 1.2 and later with the certificate of `options`. `secured` gets each connection whose handshake is done.
 *
 * @throws `invalid_argument`/`TLS_INVALID` for a certificate or key that cannot be used
 */
export function tlsFront(
  options: TlsOptions,
  protocols: readonly string[],
  handshakeTimeoutMs: number,
  secured: (socket: TLSSocket) => void,
): TlsFront {
  const { cert, key, clientAuthorities } = options
  // Not imported: a bundle hoists imports of Node's modules to its top, and a port without TLS would load this one.
  const { createServer } = process.getBuiltinModule('node:tls')
  try {
    const server = createServer({
      cert: pem(cert),
      key: pem(key),
      minVersion: 'TLSv1.2',
      handshakeTimeout: handshakeTimeoutMs,
      ALPNProtocols: [...protocols],
      ...(clientAuthorities === undefined ? {} : { ca: pem(clientAuthorities), requestCert: true, rejectUnauthorized: true }),
    })
    server.on('secureConnection', secured)
    // A handshake that fails is the client's matter: its own library says why.
    server.on('tlsClientError', (_error, socket) => socket.destroy())
    // The documented way to give a TLS server a socket that it has not accepted itself.
    return { take: (socket) => void server.emit('connection', socket) }
  } catch (error) {
    throw transportErrors.tlsInvalid(error instanceof Error ? error.message : 'the certificate or key is not PEM', error)
  }
}

function pem(text: string | Uint8Array): string | Buffer {
  return typeof text === 'string' ? text : Buffer.from(text)
}
