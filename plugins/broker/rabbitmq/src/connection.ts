import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import type { Clock } from '@microts/core/base'
import { Connection as Library, type Channel } from 'rabbitmq-client'
import { messageOf, rabbitmqErrors } from './errors.js'
import { otherGreeting } from './greeting.js'
import { agreedFrameBytes, codeOf, guardReads, keepBytes } from './library.js'
import type { Server } from './servers.js'

/** One connection to one server, from the login to its end; it is never connected again. */
export interface Connection {
  readonly server: Server
  readonly isOpen: boolean
  /** What one frame holds, and so the header of a message. */
  readonly frameBytes: number
  /** A channel of its own, whose bodies are bytes; what the server complains about it is told to its `error` and `close`. */
  channel(): Promise<Channel>
  /** Closes its channels and says good-bye; no more than that after `timeoutMs`. Twice is once. */
  close(timeoutMs: number): Promise<void>
}

/** How to make a {@link Connection}. */
export interface ConnectionOptions {
  readonly name: string
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly timeoutMs: number
  /** A server that has been silent for about twice as long is gone. */
  readonly heartbeatSeconds: number
  readonly caFile: string | undefined
  /** Once, when an open connection has ended by itself. */
  readonly onLost: (cause: Error) => void
  /** The server takes no messages for a reason, such as a full disk; undefined: it takes them again. */
  readonly onBlocked: (why: string | undefined) => void
}

// RabbitMQ's own default and most.
const wantedFrameBytes = 131_072

/**
 * Connects and logs in.
 *
 * @throws `unauthenticated`/`RABBITMQ_AUTHORIZATION`, `permission_denied`/`RABBITMQ_VHOST`, `failed_precondition`/`NOT_A_RABBITMQ_SERVER`,
 * `failed_precondition`/`RABBITMQ_TLS`, or the Error of the socket or the library
 */
export async function openConnection(server: Server, options: ConnectionOptions, frameBytes = wantedFrameBytes): Promise<Connection> {
  options.signal.throwIfAborted()
  const library = await logIn(server, options, frameBytes)
  const agreed = agreedFrameBytes(library)
  if (options.signal.aborted || agreed < frameBytes) library.unsafeDestroy()
  options.signal.throwIfAborted()
  return agreed < frameBytes ? openConnection(server, options, agreed) : wrap(server, library, options, frameBytes)
}

async function logIn(server: Server, options: ConnectionOptions, frameMax: number): Promise<Library> {
  const { name, timeoutMs, heartbeatSeconds, caFile, signal } = options
  const { host, port, user, password, vhost } = server
  const ca = caFile === undefined ? undefined : await readCertificates(server, caFile)
  const library = new Library({
    hostname: host,
    port,
    username: user,
    password,
    vhost,
    connectionName: name,
    connectionTimeout: timeoutMs,
    heartbeat: heartbeatSeconds,
    frameMax,
    noDelay: true,
    ...(server.tls ? { tls: { ...(ca === undefined ? {} : { ca }), ...(isIP(host) === 0 ? { servername: host } : {}) } } : {}),
  })
  guardReads(library)
  let onAbort = () => undefined as void
  try {
    await new Promise<void>((resolve, reject) => {
      onAbort = () => reject(signal.reason as Error)
      signal.addEventListener('abort', onAbort, { once: true })
      library.once('connection', resolve)
      library.once('error', reject)
    })
    library.removeAllListeners()
    return library
  } catch (error) {
    // Connecting again is done in session.ts, which says why.
    library.on('error', () => undefined)
    library.unsafeDestroy()
    throw await explained(error, server, options)
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

async function readCertificates({ url }: Server, caFile: string): Promise<Buffer> {
  try {
    return await readFile(caFile)
  } catch (cause) {
    throw rabbitmqErrors.tls(url, messageOf(cause), cause)
  }
}

async function explained(error: unknown, server: Server, { clock, signal }: ConnectionOptions): Promise<unknown> {
  const { url, user, vhost, tls } = server
  const code = codeOf(error)
  if (signal.aborted) return signal.reason
  if (code === 'ACCESS_REFUSED') return rabbitmqErrors.notAuthorized(url, user, error)
  if (code === 'NOT_ALLOWED' || code === 'INVALID_PATH') return rabbitmqErrors.vhost(url, vhost, user, error)
  // By OpenSSL's and Node's names: DEPTH_ZERO_SELF_SIGNED_CERT, ERR_TLS_CERT_ALTNAME_INVALID, ERR_SSL_WRONG_VERSION_NUMBER, EPROTO.
  if (/CERT|SIGNATURE|TLS|SSL|EPROTO/.test(code)) return rabbitmqErrors.tls(url, messageOf(error), error)
  const isSocketError = /^E(?!RR_)[A-Z_]+$/.test(code) && code !== 'ECONNRESET' && code !== 'EPIPE'
  if (tls || isSocketError || error instanceof AggregateError) return error
  const greeting = await otherGreeting(server, clock)
  if (greeting === undefined) return error
  // A TLS server answers with an alert.
  return greeting.startsWith('\x15\x03')
    ? rabbitmqErrors.tls(url, 'the server wants it, and the address says amqp://', error)
    : rabbitmqErrors.notRabbitmq(url, greeting)
}

function wrap(server: Server, library: Library, options: ConnectionOptions, frameBytes: number): Connection {
  const channels = new Set<Channel>()
  let isOpen = true
  let closing: Promise<void> | undefined
  library.on('connection.blocked', (why) => options.onBlocked(why))
  library.on('connection.unblocked', () => options.onBlocked(undefined))
  library.on('error', (error: Error) => {
    if (!isOpen) return
    isOpen = false
    library.unsafeDestroy()
    if (closing === undefined) options.onLost(error)
  })

  return {
    server,
    get isOpen() {
      return isOpen && closing === undefined
    },
    frameBytes,
    async channel() {
      const channel = await library.acquire({ emitErrorsFromChannel: true })
      keepBytes(channel)
      channels.add(channel)
      channel.once('close', () => channels.delete(channel))
      return channel
    },
    close: (timeoutMs) => (closing ??= close(timeoutMs)),
  }

  async function close(timeoutMs: number): Promise<void> {
    if (!isOpen) return
    let cancel = () => undefined as void
    const late = new Promise<void>((resolve) => (cancel = options.clock.after(timeoutMs, resolve)))
    // The library waits for channels, and closes none.
    const goodBye = Promise.all([...channels].map((channel) => channel.close())).then(() => library.close())
    await Promise.race([goodBye, late])
    cancel()
    isOpen = false
    library.unsafeDestroy()
  }
}
