import type { Metadata } from '../call.js'
import { nativeErrors } from './errors.js'
import {
  type Frame,
  frameFlag,
  frameType,
  headerBytes,
  maxPayloadBytes,
  readU16,
  readU32,
  writeHeader,
  writeLength,
  writeU32,
} from './frame.js'
import { metadataRoom, skipMetadata, writeMetadata } from './metadata.js'
import type { Outbox } from './outbox.js'

/**
 * What stands before a body in CALL, REPLY and MESSAGE; each end has one of them to write with and one to read with.
 *
 * CALL: `[u16 route][u8 codec][u8 0][u32 ms]`; REPLY and MESSAGE: `[u8 codec]`. Then with `more` `[u32 length of the body]`, and with `metadata` its block.
 */
export class MessageHead {
  type = 0
  flags = 0
  id = 0
  route = 0
  codec = 0
  /** What the caller gives, in milliseconds; 0: nothing is said. */
  timeoutMs = 0
  metadata: Metadata | undefined
  /** Read: where the block of metadata begins, 0 without one, and where the body does. */
  metadataAt = 0
  bodyAt = 0
  /** Read: how long the body is in all its chunks. */
  totalBytes = 0
}

// Longer texts are turned into bytes first, since a text may take three bytes a character and the slab must have room for the worst.
const maxInlineText = 16_384
// A copy of so few bytes costs less than a part of its own in the write.
const maxInlineBytes = 4096

/**
 * Writes a message: into the slab, beside it, or, when it fits into no frame, into the queue of chunks. `done` is called for the last of these only, when the last chunk has
 * left; the result says whether that is awaited.
 *
 * @throws `resource_exhausted`/`FRAME_TOO_LARGE`, `invalid_argument`/`METADATA_INVALID`; nothing was written then
 */
export function writeMessage(
  outbox: Outbox,
  head: MessageHead,
  data: string | Uint8Array,
  maxBytes: number,
  done: (() => void) | undefined,
): boolean {
  const room = headerBytes + 8 + (head.metadata === undefined ? 0 : metadataRoom(head.metadata))
  if (typeof data === 'string' && data.length <= maxInlineText) {
    const at = outbox.reserve(room + data.length * 3)
    const start = writeHead(outbox.buffer, at, head, -1)
    const end = start + outbox.buffer.write(data, start)
    if (end - start > maxBytes) throw nativeErrors.messageTooLarge(end - start, maxBytes)
    writeLength(outbox.buffer, at, end - at - headerBytes)
    outbox.commit(end)
    return false
  }
  const bytes = typeof data === 'string' ? Buffer.from(data) : data
  if (bytes.length > maxBytes) throw nativeErrors.messageTooLarge(bytes.length, maxBytes)
  if (room + bytes.length <= maxPayloadBytes) {
    const isInline = bytes.length <= maxInlineBytes
    const at = outbox.reserve(isInline ? room + bytes.length : room)
    const start = writeHead(outbox.buffer, at, head, -1)
    writeLength(outbox.buffer, at, start + bytes.length - at - headerBytes)
    if (isInline) outbox.buffer.set(bytes, start)
    outbox.commit(isInline ? start + bytes.length : start)
    if (!isInline) outbox.append(bytes)
    return false
  }
  const first = Buffer.allocUnsafe(room + 4)
  const end = writeHead(first, 0, head, bytes.length)
  outbox.chunks.add({ id: head.id, head: first.subarray(0, end), body: bytes, done: done ?? ignore })
  // The chunks follow what is small, with this tick's write.
  outbox.commit(outbox.reserve(0))
  return true
}

const ignore = () => undefined

// `totalBytes` below 0: the message is one frame.
function writeHead(buffer: Buffer, at: number, head: MessageHead, totalBytes: number): number {
  const { type, metadata } = head
  let flags = metadata === undefined ? head.flags : head.flags | frameFlag.metadata
  if (totalBytes >= 0) flags |= frameFlag.more
  writeHeader(buffer, at, type, flags, head.id)
  let end = at + headerBytes
  if (type === frameType.call) {
    writeLength(buffer, end, head.route)
    buffer[end + 2] = head.codec
    buffer[end + 3] = 0
    writeU32(buffer, end + 4, head.timeoutMs)
    end += 8
  } else {
    buffer[end] = head.codec
    end += 1
  }
  if (totalBytes >= 0) {
    writeU32(buffer, end, totalBytes)
    end += 4
  }
  return metadata === undefined ? end : writeMetadata(buffer, end, metadata)
}

/**
 * Reads what stands before the body into `head`.
 *
 * @throws `internal`/`PROTOCOL_BROKEN` when the frame is too short for it
 */
export function readMessage(frame: Frame, head: MessageHead): void {
  const { buffer, flags, start, end } = frame
  const fixed = frame.type === frameType.call ? 8 : 1
  if (end - start < fixed) throw nativeErrors.protocolBroken(`a frame of type ${frame.type} has at least ${fixed} bytes`)
  head.type = frame.type
  head.flags = flags
  head.id = frame.id
  head.metadataAt = 0
  if (fixed === 8) {
    head.route = readU16(buffer, start)
    head.codec = buffer[start + 2] as number
    head.timeoutMs = readU32(buffer, start + 4)
  } else head.codec = buffer[start] as number
  let at = start + fixed
  let totalBytes = -1
  if ((flags & frameFlag.more) !== 0) {
    if (end - at < 4) throw nativeErrors.protocolBroken('the first frame of a message in chunks says how long it is')
    totalBytes = readU32(buffer, at)
    at += 4
  }
  if ((flags & frameFlag.metadata) !== 0) {
    head.metadataAt = at
    at = skipMetadata(buffer, at, end)
  }
  head.bodyAt = at
  head.totalBytes = totalBytes === -1 ? end - at : totalBytes
}
