import { connect } from 'node:net'
import type { Clock } from '@microts/core/base'
import { natsBrokerErrors } from './errors.js'
import type { Server } from './servers.js'

/** What a NATS server says of itself before anything is asked; the part that is of use here. */
export interface Greeting {
  readonly tls: 'required' | 'offered' | 'none'
}

const info = 'INFO '
// Far above what a server of a large cluster says.
const maxGreetingBytes = 1024 * 1024
const shownBytes = 60
// Servers that wait for the client to speak first, HTTP for one, say what they are when they are spoken to. NATS servers never wait.
const silenceMs = 500

/**
 * Reads the greeting of the NATS server at `server`, over a connection of its own that is closed again.
 *
 * The library is kept away from anything else: of a port that accepts and stays silent it says "timeout", and never closes that connection
 * (3.4.0, tried).
 *
 * @throws `failed_precondition`/`NOT_A_NATS_SERVER`, or the Error of the socket
 */
export function readGreeting(
  server: Server,
  options: { readonly timeoutMs: number; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Greeting> {
  const { timeoutMs, clock, signal } = options
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error)
    const socket = connect({ host: server.host, port: server.port })
    let isConnected = false
    let heard = ''
    let failure: Error | undefined
    let cancelAsking = () => undefined as void
    const cancelTimeout = clock.after(timeoutMs, () => {
      const why = isConnected ? 'the connection is accepted, and nobody greets as a NATS server' : 'no connection'
      socket.destroy(new Error(`${why} within ${timeoutMs} ms`))
    })
    const abort = () => socket.destroy(signal.reason as Error)
    signal.addEventListener('abort', abort, { once: true })

    socket.setEncoding('latin1')
    socket.once('connect', () => {
      isConnected = true
      cancelAsking = clock.after(Math.min(silenceMs, timeoutMs / 2), () => void socket.write('PING\r\n'))
    })
    socket.on('data', (chunk: string) => {
      heard += chunk
      if (heard.includes('\n') || !startsLikeInfo(heard) || heard.length > maxGreetingBytes) socket.destroy()
    })
    socket.on('error', (error) => (failure ??= error))
    socket.once('close', () => {
      cancelTimeout()
      cancelAsking()
      signal.removeEventListener('abort', abort)
      const greeting = parse(heard)
      if (greeting !== undefined) return resolve(greeting)
      if (heard !== '') return reject(natsBrokerErrors.notNats(server.url, firstLine(heard).slice(0, shownBytes)))
      reject(failure ?? new Error('the connection is ended without a greeting'))
    })
  })
}

const startsLikeInfo = (heard: string) => (heard.length < info.length ? info.startsWith(heard) : heard.startsWith(info))

const firstLine = (text: string) => text.split(/\r?\n/, 1)[0] ?? ''

function parse(heard: string): Greeting | undefined {
  if (!heard.startsWith(info)) return undefined
  try {
    const found = JSON.parse(firstLine(heard).slice(info.length)) as { tls_required?: unknown; tls_available?: unknown } | null
    if (typeof found !== 'object' || found === null) return undefined
    if (found.tls_required === true) return { tls: 'required' }
    return { tls: found.tls_available === true ? 'offered' : 'none' }
  } catch {
    // Not JSON, so it is another server's INFO.
    return undefined
  }
}
