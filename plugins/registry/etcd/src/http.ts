import { Agent as HttpAgent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Clock } from '@microts/core/base'
import type { Endpoint } from './endpoints.js'

/** What came back. */
export interface Reply {
  readonly status: number
  readonly text: string
}

/** A reply that goes on: lines, as they come, until the server or `close` ends it. */
export interface Lines extends AsyncIterable<string> {
  readonly status: number
  /** Whether waiting for it keeps the process alive. It does not at first. */
  keepAlive(isKept: boolean): void
  close(cause?: Error): void
}

/** How to ask. */
export interface RequestOptions {
  readonly path: string
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
  /** For the whole reply, or for the beginning of one that goes on. */
  readonly timeoutMs: number
}

/** Posts to etcd over connections that are kept. */
export interface Http {
  post(endpoint: Endpoint, options: RequestOptions): Promise<Reply>
  open(endpoint: Endpoint, options: RequestOptions): Promise<Lines>
  /** Ends all connections at once. */
  close(): void
}

// A peer whose machine is gone is noticed by the kernel: the first question after this, then one a second.
const tcpKeepAliveMs = 10_000
const maxSockets = 16
// More than the watch of 10,000 nodes that change at once; a stranger's endless line must not fill the memory.
const maxLineLength = 128 * 1024 * 1024

/**
 * Node's own client, and not `fetch`, which cannot be given a certificate authority without a library.
 *
 * @param ca PEM, in the place of the system's
 */
export function openHttp({ ca, clock }: { readonly ca: string | undefined; readonly clock: Clock }): Http {
  const tls = ca === undefined ? {} : { ca }
  const kept = { keepAlive: true, maxSockets }
  const agents = [new HttpAgent(kept), new HttpsAgent({ ...kept, ...tls }), new HttpAgent(), new HttpsAgent(tls)] as const
  const streams = new Set<ClientRequest>()

  function send({ host, port, isTls }: Endpoint, { path, body, headers }: RequestOptions, isStream: boolean): ClientRequest {
    const agent = agents[(isStream ? 2 : 0) + (isTls ? 1 : 0)]
    const request = (isTls ? httpsRequest : httpRequest)({
      host,
      port,
      path,
      method: 'POST',
      agent,
      headers: { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    })
    request.end(body)
    return request
  }

  /** The reply's beginning, or the failure of the request; what comes after `timeoutMs` is cut off. */
  function begin(endpoint: Endpoint, options: RequestOptions, isStream: boolean) {
    const request = send(endpoint, options, isStream)
    const { timeoutMs } = options
    const cancel = clock.after(timeoutMs, () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)), { background: true })
    const response = new Promise<IncomingMessage>((resolve, reject) => {
      request.once('response', resolve)
      request.on('error', reject)
    })
    return { request, response, cancel }
  }

  async function postOnce(endpoint: Endpoint, options: RequestOptions): Promise<Reply> {
    const { request, response, cancel } = begin(endpoint, options, false)
    try {
      const found = await response
      const chunks: Buffer[] = []
      for await (const chunk of found) chunks.push(chunk as Buffer)
      return { status: found.statusCode ?? 0, text: Buffer.concat(chunks).toString() }
    } catch (error) {
      throw request.reusedSocket ? new StaleConnection(error as Error) : error
    } finally {
      cancel()
    }
  }

  return {
    async post(endpoint, options) {
      try {
        return await postOnce(endpoint, options)
      } catch (error) {
        if (!(error instanceof StaleConnection)) throw error
        if (!isReset(error.cause)) throw error.cause
      }
      // A kept connection that the server had just ended says nothing of the server.
      return postOnce(endpoint, options).catch((error: unknown) => {
        throw error instanceof StaleConnection ? error.cause : error
      })
    },
    async open(endpoint, options) {
      const { request, response, cancel } = begin(endpoint, options, true)
      streams.add(request)
      request.once('close', () => streams.delete(request))
      request.once('socket', (socket) => socket.setKeepAlive(true, tcpKeepAliveMs))
      try {
        const found = await response
        request.socket?.unref()
        return {
          status: found.statusCode ?? 0,
          keepAlive: (isKept) => void (isKept ? request.socket?.ref() : request.socket?.unref()),
          close: (cause) => void request.destroy(cause),
          [Symbol.asyncIterator]: () => linesOf(found),
        }
      } finally {
        cancel()
      }
    },
    close() {
      for (const request of streams) request.destroy()
      for (const agent of agents) agent.destroy()
    },
  }
}

class StaleConnection extends Error {
  override readonly cause: Error
  constructor(cause: Error) {
    super(cause.message)
    this.cause = cause
  }
}

const isReset = (error: Error) => ['ECONNRESET', 'EPIPE'].includes(String((error as { code?: unknown }).code))

async function* linesOf(response: IncomingMessage): AsyncGenerator<string, void, void> {
  response.setEncoding('utf8')
  // A line of megabytes comes in hundreds of chunks, and is joined once.
  let parts: string[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<string>) {
    const [first = '', ...others] = chunk.split('\n')
    parts.push(first)
    length += first.length
    if (length > maxLineLength) throw new Error(`it sends a line of more than ${maxLineLength} characters`)
    for (const next of others) {
      const line = parts.join('')
      parts = [next]
      length = next.length
      if (line !== '') yield line
    }
  }
  if (length > 0) yield parts.join('')
}
