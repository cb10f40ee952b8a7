import { type Clock, MicroError } from '../../base/index.js'
import type { Endpoint } from '../endpoint.js'
import { Body } from './body.js'
import { nativeErrors } from './errors.js'
import type { Format, Formats } from './formats.js'
import { type Frame, frameFlag, frameType, readU32 } from './frame.js'
import { MessageHead, readMessage } from './message.js'
import type { Parts } from './parts.js'
import { NativeRequest } from './request.js'
import type { RouteTable, ServerRoute } from './routes.js'
import { messageOverheadBytes } from './sender.js'
import { endlessMs } from './server-call.js'
import type { ServerCalls } from './server-calls.js'
import type { NativeSettings } from './settings.js'

/** What a server's frames are read with. */
export interface ServerFramesOptions {
  readonly calls: ServerCalls
  readonly routes: RouteTable
  readonly formats: Formats
  readonly parts: Parts
  readonly settings: NativeSettings
  readonly clock: Clock
  readonly remote: string
}

/** Reads what a client sends: a frame is turned into what it means for the calls of the connection, or it is refused. */
export class ServerFrames {
  readonly #options: ServerFramesOptions
  readonly #message = new MessageHead()

  constructor(options: ServerFramesOptions) {
    this.#options = options
  }

  /** @throws `internal`/`PROTOCOL_BROKEN` */
  read(frame: Frame): void {
    const { calls, routes, parts } = this.#options
    const { type, id, buffer, start, end } = frame
    switch (type) {
      case frameType.call:
        return this.#call(frame)
      case frameType.route:
        return routes.define(id, buffer.subarray(start, end))
      case frameType.chunk:
        return parts.add(frame)
      case frameType.message:
        return this.#streamed(frame)
      case frameType.cancel: {
        const call = calls.find(id)
        return call === undefined ? undefined : calls.cancel(call)
      }
      case frameType.end:
        if (parts.has(id)) throw nativeErrors.protocolBroken('a stream ends before its last message')
        return calls.find(id)?.inbox?.end()
      case frameType.credit:
        if (end - start !== 4) throw nativeErrors.protocolBroken('a CREDIT has 4 bytes')
        return calls.find(id)?.sender?.credit(readU32(buffer, start))
      default:
        throw nativeErrors.protocolBroken(`a client sends no frame of type ${type}`)
    }
  }

  #call(frame: Frame): void {
    const message = this.#message
    readMessage(frame, message)
    const { calls, routes, formats, settings } = this.#options
    const { id, totalBytes } = message
    calls.check(id)
    const route = routes.at(message.route)
    const format = formats.at(message.codec)
    const { target } = route
    if (totalBytes > settings.maxBytes) return calls.fail(id, nativeErrors.messageTooLarge(totalBytes, settings.maxBytes), true)
    if (this.#isFull(totalBytes)) return calls.fail(id, nativeErrors.tooMuchHeld(settings.maxHeldBytes), true)
    // What is `unavailable` here was not begun, so another node may be asked.
    if (MicroError.is(target)) return calls.fail(id, target, target.code === 'unavailable')
    this.#begin(frame, route as ServerRoute & { readonly target: Endpoint }, format)
  }

  #begin(frame: Frame, route: ServerRoute & { readonly target: Endpoint }, format: Format): void {
    const { calls, remote } = this.#options
    const { id, flags, bodyAt, metadataAt, totalBytes } = this.#message
    const wantsStream = (flags & frameFlag.outputStream) !== 0
    // 32 bits of milliseconds are more than a timer takes.
    const timeoutMs = this.#message.timeoutMs === 0 ? undefined : Math.min(this.#message.timeoutMs, endlessMs)
    const metadata = metadataAt === 0 ? undefined : { buffer: frame.buffer, at: metadataAt }
    if ((flags & frameFlag.more) !== 0) {
      const copy = metadata === undefined ? undefined : { buffer: Buffer.from(frame.buffer.subarray(metadataAt, bodyAt)), at: 0 }
      const request = (body: Body, leftMs: number | undefined) =>
        new NativeRequest(route, remote, { timeoutMs: leftMs, wantsStream, stream: undefined }, body, copy)
      return this.#beginLater(frame, format, timeoutMs, request)
    }
    const body = new Body(format, frame.buffer, bodyAt, frame.end)
    if ((flags & frameFlag.inputStream) === 0)
      return calls.begin(id, new NativeRequest(route, remote, { timeoutMs, wantsStream, stream: undefined }, body, metadata), undefined)
    if (totalBytes > 0) throw nativeErrors.protocolBroken('a call whose input is a stream has a body, too')
    const call = calls.occupy(id)
    const stream = calls.openInbox(call)
    // A stream lasts as long as its ends want, unless the caller says otherwise.
    calls.begin(id, new NativeRequest(route, remote, { timeoutMs: timeoutMs ?? endlessMs, wantsStream, stream }, body, metadata), call)
  }

  /** For a body in chunks. The time that they take is the caller's. */
  #beginLater(
    frame: Frame,
    format: Format,
    timeoutMs: number | undefined,
    request: (body: Body, leftMs: number | undefined) => NativeRequest,
  ): void {
    const { calls, parts, clock } = this.#options
    const { id, totalBytes, bodyAt, flags } = this.#message
    if ((flags & frameFlag.inputStream) !== 0) throw nativeErrors.protocolBroken('a call whose input is a stream has a body, too')
    const call = calls.occupy(id)
    const startedMs = clock.monotonicMs()
    parts.begin(id, totalBytes, frame, bodyAt, (bytes) => {
      const leftMs = timeoutMs === undefined ? undefined : Math.max(0, timeoutMs - (clock.monotonicMs() - startedMs))
      calls.begin(id, request(new Body(format, bytes, 0, bytes.length), leftMs), call)
    })
  }

  #streamed(frame: Frame): void {
    const message = this.#message
    readMessage(frame, message)
    const { calls, formats, parts, settings } = this.#options
    const { id, totalBytes, bodyAt } = message
    const format = formats.at(message.codec)
    const call = calls.find(id)
    // Its call has ended while it was under way.
    if (call?.inbox === undefined) return
    if (parts.has(id)) throw nativeErrors.protocolBroken('a message of a stream begins before the last one has ended')
    if (totalBytes > settings.maxBytes) return calls.abort(call, nativeErrors.messageTooLarge(totalBytes, settings.maxBytes))
    call.inbox.accept(totalBytes)
    if (this.#isFull(totalBytes + messageOverheadBytes)) return calls.abort(call, nativeErrors.tooMuchHeld(settings.maxHeldBytes))
    if ((frame.flags & frameFlag.more) === 0) call.inbox.push(new Body(format, frame.buffer, bodyAt, frame.end))
    else parts.begin(id, totalBytes, frame, bodyAt, (bytes) => call.inbox?.push(new Body(format, bytes, 0, bytes.length)))
  }

  #isFull(bytes: number): boolean {
    const { calls, parts, settings } = this.#options
    return calls.heldBytes + parts.bytes + bytes > settings.maxHeldBytes
  }
}
