import type { Duplex } from 'node:stream'
import { baseErrors, type Clock, MicroError, systemClock } from '../../base/index.js'
import type { Failure } from '../attempt.js'
import type { Metadata, Reply } from '../call.js'
import type { Body } from './body.js'
import { ClientCalls, type NativeCallOptions, shapes } from './client-calls.js'
import { ClientFrames } from './client-frames.js'
import type { NativeCodec } from './codec.js'
import { Formats } from './formats.js'
import { Link } from './link.js'
import { Parts } from './parts.js'
import { type ClientRoute, type NativeRoute, RouteBook } from './routes.js'
import { type NativeSettings, usualSettings } from './settings.js'
import { Writer } from './writer.js'

/** How a connection is opened. */
export interface OpenNativeOptions {
  /** JSON, which both sides have always. */
  readonly json: NativeCodec
  /** What is written: the first of them that the other side reads too. JSON may stand among them. @default JSON */
  readonly codecs?: readonly NativeCodec[]
  /** The other side's address, for messages. */
  readonly remote: string
  /** What travels with every call; sent once for each endpoint. */
  readonly metadata?: Metadata
  /** @default the machine's */
  readonly clock?: Clock
  readonly settings?: Partial<NativeSettings>
  /** Gives up the opening. */
  readonly signal?: AbortSignal | undefined
  /** The other side is going away: what is in flight is still answered, the next calls belong to another connection. */
  readonly onDrain?: () => void
}

/** A reply as it came. */
export interface NativeReply {
  /** Undecoded: `value()` decodes, and another call or an output may be given it as it is. */
  readonly body: Body
  readonly metadata: Metadata
}

/** What became of a call, for who decides whether it is tried elsewhere. */
export type NativeOutcome = { readonly reply: NativeReply } | Failure

/** The client's end of a connection, which takes any number of calls at a time. */
export interface NativeConnection {
  /** Whether calls are taken: false after a goaway and after the end. */
  readonly isOpen: boolean
  /** Calls in flight. */
  readonly inFlight: number
  /** What an endpoint is called by; the same object each time, so it is worth keeping. */
  route(service: string, endpoint: string): NativeRoute
  /** The output of one value for another. A `Uint8Array` is sent as it is, a {@link Body} undecoded. Rejects with a MicroError. */
  call(route: NativeRoute, input: unknown, options?: NativeCallOptions): Promise<Reply>
  /** The same, with the reply undecoded, and with a failure that says whether the work was begun. Never rejects. */
  exchange(route: NativeRoute, input: unknown, options?: NativeCallOptions): Promise<NativeOutcome>
  /** One value in, any number out. It is called at once; who leaves the loop cancels it. */
  serverStream(route: NativeRoute, input: unknown, options?: NativeCallOptions): AsyncIterableIterator<unknown>
  /** Any number in, one value out. `inputs` is read as the other side takes them, and returned when it wants no more. */
  clientStream(route: NativeRoute, inputs: AsyncIterable<unknown>, options?: NativeCallOptions): Promise<Reply>
  /** Any number in, any number out, neither waiting for the other. */
  bidiStream(route: NativeRoute, inputs: AsyncIterable<unknown>, options?: NativeCallOptions): AsyncIterableIterator<unknown>
  /** Ends it; calls in flight fail with `failed_precondition`/`CLOSED`. Twice is once. */
  close(): Promise<void>
  /** Resolves when the connection has ended, whoever ended it. */
  readonly closed: Promise<void>
}

/**
 * Opens the native framing on a connected socket, from which nothing was read and to which nothing was written.
 *
 * @throws `unimplemented`/`PREFACE_INVALID`, `unimplemented`/`VERSION_UNSUPPORTED`, `deadline_exceeded`/`HANDSHAKE_TIMEOUT`, `canceled`, and what ends a connection; the
 * socket is closed then
 */
export function openNative(socket: Duplex, options: OpenNativeOptions): Promise<NativeConnection> {
  const { json, codecs = [], remote, metadata = {}, clock = systemClock, signal, onDrain } = options
  const settings = { ...usualSettings, ...options.settings }
  const formats = new Formats(json, codecs)
  const parts = new Parts(settings.maxParts)
  let calls: ClientCalls | undefined
  let frames: ClientFrames | undefined

  return new Promise((resolve, reject) => {
    const onAbort = () => link.close(baseErrors.canceled(`connecting to ${remote}`, signal?.reason))
    const link: Link = new Link(
      { socket, clock, settings, formats, isServer: false },
      {
        onHello(peer) {
          signal?.removeEventListener('abort', onAbort)
          const writer = new Writer(link, formats, peer)
          const routes = new RouteBook(metadata)
          const onIdle = () => {
            if (calls?.isGoing === true) link.close(baseErrors.closed('connection'))
          }
          calls = new ClientCalls({ writer, routes, parts, clock, peer, settings, remote, onIdle })
          frames = new ClientFrames({ calls, formats, parts, settings })
          resolve(connection(link, calls, routes))
        },
        onFrame: (frame) => frames?.read(frame),
        onDrain() {
          if (calls === undefined || calls.isGoing) return
          calls.isGoing = true
          onDrain?.()
          if (calls.slots.busy === 0) link.close(baseErrors.closed('connection'))
        },
        onClosed(error) {
          signal?.removeEventListener('abort', onAbort)
          parts.close()
          calls?.close(error)
          reject(error)
        },
      },
    )
    link.start()
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted === true) onAbort()
  })
}

function connection(link: Link, calls: ClientCalls, routes: RouteBook): NativeConnection {
  const none: NativeCallOptions = {}
  return {
    get isOpen() {
      return !link.isClosed && !calls.isGoing
    },
    get inFlight() {
      return calls.slots.busy
    },
    route: (service, endpoint) => routes.find(service, endpoint),
    call: (route, input, options = none) =>
      new Promise((resolve, reject) => {
        calls.begin(route as ClientRoute, input, options, new PromiseWaiter(resolve, reject), shapes.unary)
      }),
    exchange: (route, input, options = none) =>
      new Promise((resolve) => {
        const waiter = { onReply: (body: Body, metadata: Metadata) => resolve({ reply: { body, metadata } }), onFailure: resolve }
        calls.begin(route as ClientRoute, input, options, waiter, shapes.unary)
      }),
    clientStream: (route, inputs, options = none) =>
      new Promise((resolve, reject) => {
        const slot = calls.begin(route as ClientRoute, undefined, options, new PromiseWaiter(resolve, reject), shapes.clientStream)
        if (slot !== undefined) calls.pump(slot, inputs)
      }),
    serverStream: (route, input, options = none) => outputs(calls, route as ClientRoute, input, options, undefined),
    bidiStream: (route, inputs, options = none) => outputs(calls, route as ClientRoute, undefined, options, inputs),
    close() {
      link.close(baseErrors.closed('connection'))
      return link.closed
    },
    closed: link.closed,
  }
}

/** One promise a call, and no closure. */
class PromiseWaiter {
  readonly #resolve: (reply: Reply) => void
  readonly #reject: (error: MicroError) => void

  constructor(resolve: (reply: Reply) => void, reject: (error: MicroError) => void) {
    this.#resolve = resolve
    this.#reject = reject
  }

  onFailure({ error }: Failure): void {
    this.#reject(error)
  }

  onReply(body: Body, metadata: Metadata): void {
    let output: unknown
    try {
      output = body.value()
    } catch (error) {
      return this.#reject(MicroError.from(error))
    }
    this.#resolve({ output, metadata })
  }
}

function outputs(
  calls: ClientCalls,
  route: ClientRoute,
  input: unknown,
  options: NativeCallOptions,
  inputs: AsyncIterable<unknown> | undefined,
): AsyncIterableIterator<unknown> {
  let refused: MicroError | undefined
  const waiter = {
    // The inbox has ended with it.
    onReply: () => undefined,
    onFailure: ({ error }: Failure) => {
      refused = error
    },
  }
  const slot = calls.begin(route, input, options, waiter, inputs === undefined ? shapes.serverStream : shapes.bidiStream)
  const inbox = calls.openInbox(slot)
  if (refused !== undefined) inbox.end(refused)
  else if (inputs !== undefined && slot !== undefined) calls.pump(slot, inputs)
  return inbox
}
