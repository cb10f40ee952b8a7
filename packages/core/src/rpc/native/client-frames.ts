import type { Metadata } from '../call.js'
import { Body } from './body.js'
import type { ClientCalls } from './client-calls.js'
import { readError } from './error-body.js'
import { nativeErrors } from './errors.js'
import type { Formats } from './formats.js'
import { type Frame, frameFlag, frameType, readU32 } from './frame.js'
import { MessageHead, readMessage } from './message.js'
import { readMetadata, skipMetadata } from './metadata.js'
import type { Parts } from './parts.js'
import { messageOverheadBytes } from './sender.js'
import type { NativeSettings } from './settings.js'
import { failure, type Slot } from './slots.js'

/** What a client's frames are read with. */
export interface ClientFramesOptions {
  readonly calls: ClientCalls
  readonly formats: Formats
  readonly parts: Parts
  readonly settings: NativeSettings
}

const noMetadata: Metadata = {}

/** Reads what a server sends. What is for a call that has ended is left alone: it was under way when the call was given up. */
export class ClientFrames {
  readonly #options: ClientFramesOptions
  readonly #message = new MessageHead()

  constructor(options: ClientFramesOptions) {
    this.#options = options
  }

  /** @throws `internal`/`PROTOCOL_BROKEN` */
  read(frame: Frame): void {
    const { calls, parts } = this.#options
    const { type, id, buffer, start, end } = frame
    if (type === frameType.chunk) return parts.add(frame)
    const slot = calls.slots.find(id)
    switch (type) {
      case frameType.reply:
        return slot === undefined ? undefined : this.#reply(slot, frame)
      case frameType.error: {
        if (slot === undefined) return
        const isRefused = (frame.flags & frameFlag.refused) !== 0
        return calls.settle(slot, failure(readError(buffer.subarray(start, end)), isRefused, isRefused))
      }
      case frameType.message:
        return slot === undefined ? undefined : this.#streamed(slot, frame)
      case frameType.end:
        return slot === undefined ? undefined : this.#end(slot, frame)
      case frameType.credit:
        if (end - start !== 4) throw nativeErrors.protocolBroken('a CREDIT has 4 bytes')
        return slot?.sender?.credit(readU32(buffer, start))
      default:
        throw nativeErrors.protocolBroken(`a server sends no frame of type ${type}`)
    }
  }

  #reply(slot: Slot, frame: Frame): void {
    const message = this.#message
    readMessage(frame, message)
    const { calls, formats, parts, settings } = this.#options
    const { id, totalBytes, bodyAt, metadataAt } = message
    const format = formats.at(message.codec)
    if (totalBytes > settings.maxBytes) return calls.cancel(slot, failure(nativeErrors.messageTooLarge(totalBytes, settings.maxBytes)))
    const metadata = metadataAt === 0 ? noMetadata : readMetadata(frame.buffer, metadataAt, bodyAt)
    if ((frame.flags & frameFlag.more) === 0) return answer(calls, slot, new Body(format, frame.buffer, bodyAt, frame.end), metadata)
    if (calls.heldBytes + parts.bytes + totalBytes > settings.maxHeldBytes)
      return calls.cancel(slot, failure(nativeErrors.tooMuchHeld(settings.maxHeldBytes)))
    parts.begin(id, totalBytes, frame, bodyAt, (bytes) => answer(calls, slot, new Body(format, bytes, 0, bytes.length), metadata))
  }

  #streamed(slot: Slot, frame: Frame): void {
    const message = this.#message
    readMessage(frame, message)
    const { calls, formats, parts, settings } = this.#options
    const { id, totalBytes, bodyAt } = message
    const { inbox } = slot
    if (inbox === undefined) throw nativeErrors.protocolBroken('a stream answers a call of a single value')
    if (parts.has(id)) throw nativeErrors.protocolBroken('a message of a stream begins before the last one has ended')
    const format = formats.at(message.codec)
    if (totalBytes > settings.maxBytes) return calls.cancel(slot, failure(nativeErrors.messageTooLarge(totalBytes, settings.maxBytes)))
    inbox.accept(totalBytes)
    if (calls.heldBytes + parts.bytes + totalBytes + messageOverheadBytes > settings.maxHeldBytes)
      return calls.cancel(slot, failure(nativeErrors.tooMuchHeld(settings.maxHeldBytes)))
    if ((frame.flags & frameFlag.more) === 0) inbox.push(new Body(format, frame.buffer, bodyAt, frame.end))
    else parts.begin(id, totalBytes, frame, bodyAt, (bytes) => inbox.push(new Body(format, bytes, 0, bytes.length)))
  }

  #end(slot: Slot, { buffer, flags, start, end, id }: Frame): void {
    const { calls, formats, parts } = this.#options
    if (slot.inbox === undefined || parts.has(id))
      throw nativeErrors.protocolBroken('a stream ends that has not begun, or before its last message')
    const hasMetadata = (flags & frameFlag.metadata) !== 0
    const metadata = hasMetadata ? readMetadata(buffer, start, skipMetadata(buffer, start, end)) : noMetadata
    answer(calls, slot, new Body(formats.at(0), buffer, end, end), metadata)
  }
}

// A single value for who takes a stream is a stream of one.
function answer(calls: ClientCalls, slot: Slot, body: Body, metadata: Metadata): void {
  const { waiter, inbox } = slot
  calls.finish(slot)
  if (inbox !== undefined && body.byteLength > 0) inbox.push(body)
  inbox?.end()
  waiter?.onReply(body, metadata)
}
