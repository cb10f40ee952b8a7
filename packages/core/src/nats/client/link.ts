import { connect, isIP, type Socket } from 'node:net'
import type { Clock } from '../../base/index.js'
import type { NatsAddress } from '../address.js'
import { natsErrors } from '../errors.js'
import { natsParser, type Frame } from '../wire/parser.js'
import { errorTexts, protocolVersion, type NatsConnect, type NatsInfo } from '../wire/protocol.js'
import { Verb } from '../wire/verbs.js'

/** A connection to a server that has let us in. */
export interface Link {
  readonly socket: Socket
  readonly address: NatsAddress
  readonly info: NatsInfo
  /** Reads nothing any more, and breaks the connection off. */
  destroy(): void
}

/** Whom to trust, and who one is, in TLS. PEM texts. */
export interface NatsTlsOptions {
  /** Who signs servers. @default those that Node trusts */
  readonly ca?: string | Buffer
  /** A certificate of the client's own, where the server asks for one. */
  readonly cert?: string | Buffer
  readonly key?: string | Buffer
  /** The name that the certificate must have. @default the address' host */
  readonly serverName?: string
}

/** How to make a {@link Link}. */
export interface LinkOptions {
  readonly name: string | undefined
  readonly clock: Clock
  /** From the first packet to the server's answer to CONNECT. */
  readonly timeoutMs: number
  /** Given: without TLS nothing is said to a server. */
  readonly tls: NatsTlsOptions | undefined
  /** A server that is called otherwise is not the one that is looked for. */
  readonly serverName: string | undefined
  /** Every operation after the login. */
  readonly onFrame: (frame: Frame) => void
  /** Once, when an open link has ended by itself. */
  readonly onEnd: (cause: Error) => void
  readonly signal: AbortSignal
}

// What a server may say in one line or one message; both far above what nats-server allows itself.
const maxLineBytes = 1024 * 1024
const maxMessageBytes = 64 * 1024 * 1024

/** Connects to `address` and logs in; rejects with why it could not. */
export function openLink(address: NatsAddress, options: LinkOptions): Promise<Link> {
  const { clock, timeoutMs, onFrame, onEnd, signal } = options
  return new Promise((resolve, reject) => {
    let step: 'info' | 'login' | 'open' | 'over' = 'info'
    let info: NatsInfo | undefined
    let lastError: Error | undefined
    if (signal.aborted) return reject(signal.reason as Error)

    let parser = newParser()
    const plain = connect({ host: address.host, port: address.port, noDelay: true })
    let socket: Socket = plain
    const cancelTimer = clock.after(timeoutMs, () => end(new Error(`no answer within ${timeoutMs} ms`)))
    const abort = () => end(signal.reason as Error)
    signal.addEventListener('abort', abort, { once: true })
    listen(plain)

    function newParser() {
      return natsParser({ side: 'client', maxControlLineBytes: maxLineBytes, maxPayloadBytes: maxMessageBytes, onFrame: receive })
    }

    function listen(to: Socket): void {
      to.on('error', (error) => (lastError = error))
      to.on('close', () => end(closedBy(lastError)))
      to.on('data', (chunk: Buffer) => {
        const fault = parser.push(chunk)
        if (fault !== undefined) end(natsErrors.unreadable(address.url, fault))
      })
    }

    function closedBy(error: Error | undefined): Error {
      const isTls = /CERT|SIGNATURE|TLS|SSL/.test(String((error as { code?: unknown } | undefined)?.code))
      return isTls ? natsErrors.tlsFailed(address.url, String(error?.message), error) : natsErrors.connectionLost(address.url, error)
    }

    function settle(): void {
      cancelTimer()
      signal.removeEventListener('abort', abort)
    }

    function end(cause: Error): void {
      if (step === 'over') return
      const wasOpen = step === 'open'
      destroy()
      settle()
      if (wasOpen) onEnd(cause)
      else reject(cause)
    }

    function receive(frame: Frame): void {
      if (frame.verb === Verb.err) {
        const answer = errorText(frame)
        if (step !== 'open' || isLoginRefusal(answer)) return end(refusal(address, answer))
      }
      if (step === 'open') return onFrame(frame)
      if (step === 'info' && frame.verb === Verb.info) onInfo(readInfo(frame))
      else if (step === 'login' && frame.verb === Verb.ping) socket.write('PONG\r\n')
      else if (step === 'login' && frame.verb === Verb.pong && info !== undefined) {
        step = 'open'
        settle()
        resolve({ socket, address, info, destroy })
      }
    }

    function onInfo(found: NatsInfo | undefined): void {
      if (found === undefined) return end(natsErrors.unreadable(address.url, 'INFO'))
      const { serverName, tls } = options
      if (serverName !== undefined && found.server_name !== serverName)
        return end(natsErrors.otherServer(address.url, found.server_name, serverName))
      info = found
      step = 'login'
      if (found.tls_required === true || ((address.tls || tls !== undefined) && found.tls_available === true)) return secure()
      if (address.tls || tls !== undefined) return end(natsErrors.tlsFailed(address.url, 'the server does not offer it'))
      logIn(found)
    }

    // What came in the clear behind INFO is not read: whoever can write into the connection could have put it there.
    function secure(): void {
      parser.stop()
      plain.removeAllListeners('data')
      // Loaded here: most servers are on this machine, and TLS is a large part of Node.
      const { connect: connectTls } = process.getBuiltinModule('node:tls')
      const { ca, cert, key, serverName = address.host } = options.tls ?? {}
      const secured = connectTls({
        socket: plain,
        host: serverName,
        ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
        ...(ca === undefined ? {} : { ca }),
        ...(cert === undefined ? {} : { cert }),
        ...(key === undefined ? {} : { key }),
      })
      socket = secured
      parser = newParser()
      listen(secured)
      secured.once('secureConnect', () => {
        if (info !== undefined) logIn(info)
      })
    }

    function logIn(to: NatsInfo): void {
      socket.write(`CONNECT ${JSON.stringify(greeting(address, to, options.name))}\r\nPING\r\n`)
    }

    function destroy(): void {
      step = 'over'
      parser.stop()
      socket.destroy()
    }
  })
}

/** What INFO says, or undefined when it is none. */
export function readInfo(frame: Frame): NatsInfo | undefined {
  try {
    const info: unknown = JSON.parse(frame.line.toString('utf8', frame.argsStart, frame.argsEnd))
    return typeof info === 'object' && info !== null && typeof (info as NatsInfo).max_payload === 'number' ? (info as NatsInfo) : undefined
  } catch {
    // Not JSON, so not INFO.
    return undefined
  }
}

/** The text of `-ERR`, without its quotes. */
export function errorText(frame: Frame): string {
  return frame.line.toString('utf8', frame.argsStart, frame.argsEnd).replace(/^'|'$/g, '')
}

function greeting(address: NatsAddress, info: NatsInfo, name: string | undefined): NatsConnect {
  return {
    verbose: false,
    pedantic: false,
    echo: true,
    headers: info.headers,
    no_responders: info.headers,
    protocol: 1,
    lang: 'micro-ts',
    version: protocolVersion,
    ...(name === undefined ? {} : { name }),
    ...(address.user === undefined ? {} : { user: address.user, pass: address.password ?? '' }),
    ...(address.token === undefined ? {} : { auth_token: address.token }),
  }
}

const isLoginRefusal = (answer: string) =>
  answer === errorTexts.authorization || answer === errorTexts.authenticationTimeout || /^(User|Account) Authentication /.test(answer)

function refusal(address: NatsAddress, answer: string): Error {
  return isLoginRefusal(answer) ? natsErrors.notAuthorized(address.url, answer) : natsErrors.serverSaid(address.url, answer)
}
