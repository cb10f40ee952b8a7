import { baseErrors, type Clock, MicroError } from '../base/index.js'
import type { Connection, Frame } from '../transport/transport.js'
import type { Dispatch, RunningCall } from './dispatch.js'
import { errorFromHeader, errorToHeader } from './error-header.js'
import { rpcErrors } from './errors.js'
import type { Framing } from './framing.js'
import type { Framings } from './framings.js'
import type { Router } from './router.js'
import { metadataOf, microHeader, timeoutOf } from './wire.js'

/** What streams are answered with. */
export interface GoStreamOptions {
  readonly service: string
  readonly router: Router
  readonly framings: Framings
  readonly dispatch: Dispatch
  readonly clock: Clock
  readonly onError?: ((error: MicroError, call: { readonly service: string; readonly endpoint: string }) => void) | undefined
}

/** go-micro's streams, of which each has a connection to itself. */
export interface GoStreams {
  /** Answers the stream that `opening` opens, to its end. Never rejects. */
  answer(connection: Connection, opening: Frame): Promise<void>
  /** Ends all of them with `unavailable`/`SERVER_CLOSED`. */
  close(): void
}

// What go-micro puts into `Micro-Error` when nothing went wrong and nothing follows.
const endOfStream = 'EOS'
// Timers of Node take no more: a stream may last.
const endlessMs = 2 ** 31 - 1
// How long the client has to end the connection once the stream is over.
const partingMs = 1000
const empty = new Uint8Array(0)

/**
 * Streams as go-micro's clients open them: each message is a frame, the first one only opens (its body means nothing), and either side ends with `Micro-Error: EOS`.
 *
 * An endpoint that takes a stream gets an AsyncIterable of decoded messages, read one by one as the handler asks for them; what it returns, one value or an AsyncIterable, is
 * written as fast as the other side reads. One that takes a single value gets the first message after the opening one, as go-micro's generated clients send it.
 */
export function createGoStreams(options: GoStreamOptions): GoStreams {
  const { service, router, framings, dispatch, clock, onError } = options
  const stops = new Set<(error: MicroError) => void>()

  const answer = async (connection: Connection, opening: Frame): Promise<void> => {
    const { header } = opening
    const name = microHeader(header, 'endpoint') ?? microHeader(header, 'method') ?? ''
    const said = echoOf(header)
    const contentType = said['content-type'] as string
    const inbox = streamInbox(connection, service, name)
    let running: RunningCall | undefined
    let outputs: AsyncIterator<unknown> | undefined
    let stopped: MicroError | undefined
    let rejectStop: (error: MicroError) => void = () => undefined
    const whenStopped = new Promise<never>((_, reject) => (rejectStop = reject))
    whenStopped.catch(() => undefined)
    const stop = (error: MicroError) => {
      stopped ??= error
      running?.abort(error)
      inbox.stop(error)
      rejectStop(error)
    }
    stops.add(stop)
    void connection.closed.then(() => stop(baseErrors.canceled(`answering ${name}`)))

    try {
      const endpoint = router.find(name)
      if (endpoint.stream === undefined) throw rpcErrors.streamsUnsupported(endpoint.name)
      const framing = framings.find(contentType)
      if (framing === undefined) throw rpcErrors.contentTypeUnsupported(contentType)
      const messages = inbox.messages(framing)
      const single = endpoint.stream === 'output' ? await messages.next() : undefined
      running = dispatch.begin({
        endpoint,
        input: () => (single === undefined ? messages : single.value),
        metadata: () => metadataOf(header),
        timeoutMs: timeoutOf(header) ?? endlessMs,
        remote: connection.remote,
      })
      const { output } = await running.outcome
      const { reply } = framing.openRequest(empty)
      const send = (value: unknown) => connection.send({ header: said, body: reply(value) })
      if (isIterable(output)) {
        outputs = output[Symbol.asyncIterator]()
        // A handler may wait for what has nothing to do with the signal; the stream ends nevertheless.
        const step = () => Promise.race([(outputs as AsyncIterator<unknown>).next(), whenStopped])
        for (let next = await step(); next.done !== true; next = await step()) await send(next.value)
      } else await send(output)
      // go-micro's client ends the connection right after its own word, and reads nothing any more.
      if (!inbox.isEnded) await connection.send({ header: { ...said, 'micro-error': endOfStream }, body: empty })
    } catch (thrown) {
      const error = MicroError.is(thrown) ? thrown : rpcErrors.internal(service, name, thrown)
      if (error !== stopped && error.reason === 'INTERNAL') onError?.(error, { service, endpoint: name })
      // Not waited for: a generator returns when what it waits for comes.
      void outputs?.return?.()?.then(undefined, () => undefined)
      const failure = { header: { ...said, 'micro-error': errorToHeader(error, `${service}.${name}`) }, body: empty }
      // The other side may be gone, and then it does not want to know.
      await connection.send(failure).catch(() => undefined)
    } finally {
      stops.delete(stop)
    }
    const cancel = clock.after(partingMs, () => void connection.close(), { background: true })
    await inbox.drain()
    cancel()
    await connection.close()
  }

  return {
    answer,
    close() {
      for (const stop of stops) stop(rpcErrors.serverClosed(service, 'a stream'))
    },
  }
}

/** The messages of a stream's client, read when somebody asks for them. */
function streamInbox(connection: Connection, service: string, endpoint: string) {
  const controller = new AbortController()
  let isEnded = false
  return {
    /** Whoever waits for a message gets `error` instead. */
    stop: (error: MicroError) => controller.abort(error),
    get isEnded() {
      return isEnded
    },
    async *messages(framing: Framing): AsyncGenerator<unknown, undefined> {
      while (!isEnded) {
        const frame = await connection.receive({ signal: controller.signal })
        if (frame === undefined) throw baseErrors.canceled(`reading the stream of ${endpoint}`)
        const error = microHeader(frame.header, 'error')
        if (error !== undefined) isEnded = true
        if (error === endOfStream) return undefined
        if (error !== undefined) throw errorFromHeader(error, service, endpoint).error
        yield framing.openRequest(frame.body).input()
      }
      return undefined
    },
    /** Passes over what still comes, up to the client's last word. */
    async drain(): Promise<void> {
      try {
        while (!isEnded) {
          const frame = await connection.receive()
          if (frame === undefined || microHeader(frame.header, 'error') !== undefined) isEnded = true
        }
      } catch {
        // Somebody still waits for a message of it (a handler that left its input hanging), or it broke: there is nothing left to hear.
      }
    },
  }
}

// What go-micro's client looks at in an answer: the stream, and the format. The rest tells people with a packet dump what they see.
function echoOf(header: Frame['header']): Record<string, string> {
  const said: Record<string, string> = { 'content-type': header['content-type'] || 'application/protobuf' }
  for (const name of ['stream', 'id', 'endpoint', 'method', 'service']) {
    const value = microHeader(header, name)
    if (value !== undefined) said[`micro-${name}`] = value
  }
  return said
}

function isIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}
