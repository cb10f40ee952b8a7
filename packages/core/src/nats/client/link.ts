import { connect, type Socket } from 'node:net'
import type { Clock } from '../../base/index.js'
import type { NatsAddress } from '../address.js'
import { natsErrors } from '../errors.js'
import { natsParser, type Frame } from '../wire/parser.js'
import { Verb } from '../wire/verbs.js'
import { errorTexts, protocolVersion, type NatsConnect, type NatsInfo } from '../wire/protocol.js'

/** A connection to a server that has let us in. */
export interface Link {
  readonly socket: Socket
  readonly address: NatsAddress
  readonly info: NatsInfo
  /** Reads nothing any more, and breaks the connection off. */
  destroy(): void
}

/** How to make a {@link Link}. */
export interface LinkOptions {
  readonly name: string | undefined
  readonly clock: Clock
  /** From the first packet to the server's answer to CONNECT. */
  readonly timeoutMs: number
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
    const socket = connect({ host: address.host, port: address.port, noDelay: true })
    let step: 'info' | 'login' | 'open' | 'over' = 'info'
    let info: NatsInfo | undefined
    let lastError: Error | undefined

    const parser = natsParser({ side: 'client', maxControlLineBytes: maxLineBytes, maxPayloadBytes: maxMessageBytes, onFrame: receive })
    const cancelTimer = clock.after(timeoutMs, () => end(new Error(`no answer within ${timeoutMs} ms`)))
    const abort = () => end(signal.reason as Error)
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    socket.on('error', (error) => (lastError = error))
    socket.on('close', () => end(natsErrors.connectionLost(address.url, lastError)))
    socket.on('data', (chunk: Buffer) => {
      const fault = parser.push(chunk)
      if (fault !== undefined) end(natsErrors.unreadable(address.url, fault))
    })

    function settle(): void {
      cancelTimer()
      signal.removeEventListener('abort', abort)
    }

    function end(cause: Error): void {
      if (step === 'over') return
      const wasOpen = step === 'open'
      step = 'over'
      settle()
      parser.stop()
      socket.destroy()
      if (wasOpen) onEnd(cause)
      else reject(cause)
    }

    function receive(frame: Frame): void {
      if (frame.verb === Verb.err) {
        const answer = errorText(frame)
        if (step !== 'open' || answer === errorTexts.authorization) return end(refusal(address, answer))
      }
      if (step === 'open') return onFrame(frame)
      if (step === 'info' && frame.verb === Verb.info) {
        info = readInfo(frame)
        if (info === undefined) return end(natsErrors.unreadable(address.url, 'INFO'))
        step = 'login'
        socket.write(`CONNECT ${JSON.stringify(greeting(address, info, options.name))}\r\nPING\r\n`)
      } else if (step === 'login' && frame.verb === Verb.ping) socket.write('PONG\r\n')
      else if (step === 'login' && frame.verb === Verb.pong && info !== undefined) {
        step = 'open'
        settle()
        resolve({ socket, address, info, destroy })
      }
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

function refusal(address: NatsAddress, answer: string): Error {
  const isLogin = answer === errorTexts.authorization || answer === errorTexts.authenticationTimeout
  return isLogin ? natsErrors.notAuthorized(address.url, answer) : natsErrors.serverSaid(address.url, answer)
}
