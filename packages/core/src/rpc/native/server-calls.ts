import { baseErrors, type Clock, MicroError } from '../../base/index.js'
import type { Reply } from '../call.js'
import type { Dispatch, RunningCall } from '../dispatch.js'
import { rpcErrors } from '../errors.js'
import { writeError } from './error-body.js'
import { nativeErrors } from './errors.js'
import { frameFlag, frameOf, frameType, writeU32 } from './frame.js'
import { Inbox } from './inbox.js'
import { writeMetadataBlock } from './metadata.js'
import type { Parts } from './parts.js'
import type { NativeRequest } from './request.js'
import { StreamSender } from './sender.js'
import { endlessMs, isStream, serverCall, type ServerCall } from './server-call.js'
import type { NativeSettings } from './settings.js'
import type { Writer } from './writer.js'

/** What the calls of a connection stand on. */
export interface ServerCallsOptions {
  readonly service: string
  readonly dispatch: Pick<Dispatch, 'begin' | 'isDraining'>
  readonly clock: Clock
  readonly settings: NativeSettings
  readonly writer: Writer
  readonly parts: Parts
  /** The window that the caller gives for outputs, in bytes. */
  readonly creditBytes: number
  readonly onError: ((error: MicroError, call: { readonly service: string; readonly endpoint: string }) => void) | undefined
}

/** The calls of one connection, from the request to the answer: unary ones that end at once leave no trace here. */
export class ServerCalls {
  /** Bodies and unread messages of calls in work. */
  heldBytes = 0
  /** Calls in work, and replies under way. */
  pending = 0
  readonly #options: ServerCallsOptions
  readonly #slots: (ServerCall | undefined)[] = []
  #cancels = 0
  #cancelsSinceMs = 0

  constructor(options: ServerCallsOptions) {
    this.#options = options
  }

  /** The call of exactly that id; undefined when its slot is free, or has another generation. */
  find(id: number): ServerCall | undefined {
    const call = this.#slots[id & 0xffff]
    return call?.id === id ? call : undefined
  }

  /** @throws `internal`/`PROTOCOL_BROKEN` for a slot that is in use, or was not offered */
  check(id: number): void {
    const slot = id & 0xffff
    const { maxCalls } = this.#options.settings
    if (slot >= maxCalls || id > 0x7fffffff) throw nativeErrors.protocolBroken(`slot ${slot} is used, and ${maxCalls} were offered`)
    if (this.#slots[slot] !== undefined) throw nativeErrors.protocolBroken(`slot ${slot} is used for a second call`)
  }

  /** Takes the slot, which is free. */
  occupy(id: number): ServerCall {
    const call = serverCall(id)
    this.#slots[id & 0xffff] = call
    this.pending += 1
    return call
  }

  /** The stream of inputs for `call`. */
  openInbox(call: ServerCall): Inbox {
    const { writer, settings } = this.#options
    const credit = Buffer.alloc(4)
    call.inbox = new Inbox(settings.creditBytes, {
      onCredit: (bytes) => {
        writeU32(credit, 0, bytes)
        writer.link.send(frameOf(frameType.credit, 0, call.id, credit))
      },
      onHeld: (bytes) => {
        this.heldBytes += bytes
      },
      // What still comes is thrown away, and gets no credit.
      onLeft: () => undefined,
    })
    return call.inbox
  }

  /** Runs a request. `call` is its slot, where it has one already. */
  begin(id: number, request: NativeRequest, occupied: ServerCall | undefined): void {
    const { dispatch } = this.#options
    // Only what was refused here is safe elsewhere: an error of that kind which a handler passes on may come after half of the work.
    const isRefused = dispatch.isDraining
    let running: RunningCall
    try {
      running = dispatch.begin(request)
    } catch (error) {
      return this.fail(id, MicroError.from(error), isRefused)
    }
    const { outcome } = running
    if (!(outcome instanceof Promise)) return this.#answer(id, request, running, outcome)
    const call = occupied ?? this.occupy(id)
    call.running = running
    request.detach()
    call.heldBytes = request.body.byteLength
    this.heldBytes += call.heldBytes
    outcome.then(
      (reply) => {
        if (this.find(id) === call) this.#answer(id, request, running, reply)
      },
      (error: unknown) => {
        if (this.find(id) === call) this.fail(id, MicroError.from(error))
      },
    )
  }

  /** Answers with an error. `isRefused`: nothing was begun, so another node may be asked. */
  fail(id: number, error: MicroError, isRefused = false): void {
    this.#options.writer.link.send(frameOf(frameType.error, isRefused ? frameFlag.refused : 0, id, writeError(error)))
    this.#free(id)
  }

  /** Ends a call in work from this side. */
  abort(call: ServerCall, error: MicroError): void {
    this.fail(call.id, error)
    call.running?.abort(error)
  }

  /**
   * The caller does not want it any more.
   *
   * @throws `resource_exhausted`/`TOO_MANY_CANCELS` for a caller who does that faster than work can be stopped: its slots are free, its handlers are not
   */
  cancel(call: ServerCall): void {
    const { clock, settings } = this.#options
    this.#stop(call, baseErrors.canceled('answering the call'))
    const nowMs = clock.monotonicMs()
    if (nowMs - this.#cancelsSinceMs > 1000) {
      this.#cancels = 0
      this.#cancelsSinceMs = nowMs
    }
    this.#cancels += 1
    if (this.#cancels > 4 * settings.maxCalls) throw nativeErrors.tooManyCancels()
  }

  /** Ends everything: the connection is gone. */
  close(): void {
    const error = baseErrors.canceled('answering the call')
    for (const call of this.#slots) if (call !== undefined) this.#stop(call, error)
  }

  #answer(id: number, request: NativeRequest, running: RunningCall, { output, metadata }: Reply): void {
    if (isStream(output)) {
      if (!request.wantsStream) return this.#refuseStream(id, request, output)
      const call = this.find(id) ?? this.occupy(id)
      call.running = running
      void this.#pump(call, request, output, metadata)
      return
    }
    const { writer } = this.#options
    try {
      if (!writer.reply(id, output, metadata, () => this.#free(id))) return this.#free(id)
    } catch (error) {
      return this.fail(id, this.#notWritten(request, MicroError.from(error)))
    }
    if (this.find(id) === undefined) this.occupy(id)
  }

  #refuseStream(id: number, request: NativeRequest, output: AsyncIterable<unknown>): void {
    // What the end of an unwanted stream comes to interests nobody.
    Promise.resolve(output[Symbol.asyncIterator]().return?.()).catch(() => undefined)
    this.fail(id, nativeErrors.replyIsStream(request.endpoint.name))
  }

  async #pump(call: ServerCall, request: NativeRequest, output: AsyncIterable<unknown>, metadata: Reply['metadata']): Promise<void> {
    const { writer, clock, creditBytes } = this.#options
    const { id } = call
    const { timeoutMs } = request
    const sender = new StreamSender(id, writer, creditBytes)
    call.sender = sender
    // A dispatch watches over the time until there is an outcome; a stream goes on after that.
    if (timeoutMs !== undefined && timeoutMs < endlessMs) {
      const error = baseErrors.deadlineExceeded(`answering ${request.endpoint.name}`, timeoutMs)
      call.cancelTimer = clock.after(timeoutMs, () => this.abort(call, error))
    }
    try {
      if (!(await sender.pump(output))) return
    } catch (error) {
      if (this.find(id) === call) this.fail(id, this.#thrown(request, error))
      return
    }
    if (this.find(id) !== call) return
    try {
      const block = writeMetadataBlock(metadata)
      writer.link.send(frameOf(frameType.end, block === undefined ? 0 : frameFlag.metadata, id, block))
      this.#free(id)
    } catch (error) {
      this.fail(id, MicroError.from(error))
    }
  }

  // What was thrown while the stream ran did not pass the dispatch.
  #thrown(request: NativeRequest, thrown: unknown): MicroError {
    const { service, onError } = this.#options
    const endpoint = request.endpoint.name
    const error = MicroError.is(thrown) ? thrown : rpcErrors.internal(service, endpoint, thrown)
    if (error.code === 'internal' || error.code === 'unknown' || error.code === 'data_loss') onError?.(error, { service, endpoint })
    return error
  }

  #notWritten(request: NativeRequest, error: MicroError): MicroError {
    if (error.reason === 'FRAME_TOO_LARGE' || error.reason === 'METADATA_INVALID') return error
    const { service, onError } = this.#options
    const failure = rpcErrors.outputNotEncodable(request.endpoint.name, error)
    onError?.(failure, { service, endpoint: request.endpoint.name })
    return failure
  }

  #stop(call: ServerCall, error: MicroError): void {
    call.inbox?.abandon(error)
    this.#free(call.id)
    call.running?.abort(error)
  }

  #free(id: number): void {
    const call = this.find(id)
    if (call === undefined) return
    this.#slots[id & 0xffff] = undefined
    this.pending -= 1
    this.heldBytes -= call.heldBytes
    call.inbox?.abandon(baseErrors.canceled('reading the inputs'))
    call.cancelTimer?.()
    call.sender?.stop()
    this.#options.parts.drop(id)
    this.#options.writer.link.outbox.chunks.drop(id)
  }
}
