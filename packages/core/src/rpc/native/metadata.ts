import type { Metadata } from '../call.js'
import { isSendable, metadataOf } from '../wire.js'
import { nativeErrors } from './errors.js'
import { readU16, writeLength } from './frame.js'

/** The longest block. */
const maxBytes = 8192

const nameForm = /^[a-z0-9!#$%&'*+.^_`|~-]{1,255}$/
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const badValue = /[\u0000-\u001f\u007f]/

/** How many bytes the block of `metadata` takes at most; 0 when there is nothing to send. @throws `invalid_argument`/`METADATA_INVALID` for what can never fit */
export function metadataRoom(metadata: Metadata): number {
  let room = 0
  for (const name in metadata) room += name.length + (metadata[name] as string).length * 3 + 3
  if (room > 4 * maxBytes) throw nativeErrors.metadataInvalid(`it has over ${maxBytes} bytes`)
  return room === 0 ? 0 : room + 2
}

/**
 * Writes a block at `at`: `[u16 length of the rest]`, then for each entry `[u8 length][name][u16 length][value]`, and gives where it ends. Names that belong to the call
 * itself (`micro-...`, `timeout`) are left out: what is passed on from an incoming call must not change how the next one is read.
 *
 * @throws `invalid_argument`/`METADATA_INVALID`
 */
export function writeMetadata(buffer: Buffer, at: number, metadata: Metadata): number {
  let end = at + 2
  for (const key in metadata) {
    const name = key.toLowerCase()
    if (!isSendable(name)) continue
    const value = metadata[key] as string
    if (!nameForm.test(name) || name === '__proto__') throw nativeErrors.metadataInvalid(`the name ${JSON.stringify(key)} may not be sent`)
    if (badValue.test(value)) throw nativeErrors.metadataInvalid(`the value of "${name}" has a control character`)
    buffer[end] = name.length
    end += 1 + buffer.write(name, end + 1, 'latin1')
    const bytes = buffer.write(value, end + 2)
    writeLength(buffer, end, bytes)
    end += 2 + bytes
    if (end - at - 2 > maxBytes) throw nativeErrors.metadataInvalid(`it has over ${maxBytes} bytes`)
  }
  writeLength(buffer, at, end - at - 2)
  return end
}

/**
 * Where the block at `at` ends.
 *
 * @throws `internal`/`PROTOCOL_BROKEN` when that lies beyond `end`
 */
export function skipMetadata(buffer: Buffer, at: number, end: number): number {
  const next = at + 2 <= end ? at + 2 + readU16(buffer, at) : end + 1
  if (next > end || next - at - 2 > maxBytes)
    throw nativeErrors.protocolBroken('a block of metadata is longer than its frame, or than 8 KiB')
  return next
}

/** The entries of the block from `at` to `end`. @throws `invalid_argument`/`METADATA_INVALID` */
export function readMetadata(buffer: Buffer, at: number, end: number): Metadata {
  const found: Record<string, string> = {}
  let next = at + 2
  while (next < end) {
    const name = next + 1 + (buffer[next] as number)
    const value = name + 2 <= end ? name + 2 + readU16(buffer, name) : end + 1
    if (value > end) throw nativeErrors.metadataInvalid('an entry is longer than the block')
    const key = buffer.toString('latin1', next + 1, name)
    const text = buffer.toString('utf8', name + 2, value)
    if (!nameForm.test(key) || key === '__proto__' || badValue.test(text))
      throw nativeErrors.metadataInvalid('a name or a value is not allowed')
    found[key] = text
    next = value
  }
  return metadataOf(found)
}

/** A block of its own; undefined when there is nothing to send. @throws `invalid_argument`/`METADATA_INVALID` */
export function writeMetadataBlock(metadata: Metadata): Buffer | undefined {
  const room = metadataRoom(metadata)
  if (room === 0) return undefined
  const block = Buffer.alloc(room)
  return block.subarray(0, writeMetadata(block, 0, metadata))
}
