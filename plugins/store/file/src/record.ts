import { checksum } from './checksum.js'

/**
 * What a record of the log says.
 *
 * - `put`, `delete`: what happened to the key
 * - `expire`: the record of this key with this `expiresAtMs` ended by itself; one that was put since is not meant
 * - `end`: all before it is safe on disk. The last record of a store that was closed, and of a log that goes on in the next file
 */
export type RecordType = 'put' | 'delete' | 'expire' | 'end'

/** A record to be written. */
export interface NewRecord {
  readonly type: RecordType
  /** `database/table`; empty for `end`. */
  readonly scope: string
  readonly key: string
  /** JSON, or empty: none. */
  readonly metadata: string
  /** Wall clock; 0 when it stays. */
  readonly expiresAtMs: number
  /** What was asked for; 0 when it stays. */
  readonly ttlMs: number
  readonly value: Uint8Array
}

/** A record that was found, without its value. */
export interface FoundRecord extends Omit<NewRecord, 'value'> {
  /** Where it begins in its file. */
  readonly at: number
  /** From its first byte to that of its value. */
  readonly headBytes: number
  readonly valueBytes: number
  readonly valueCrc: number
  /** So much of the file was safe on disk when this record was written. */
  readonly syncedBytes: number
  /** Whether the value has its checksum. */
  readonly isSound: boolean
}

/** How long the fixed part is. */
export const fixedBytes = 52

/** With what each record begins: a place to look on when something before it is damaged. */
export const mark = Buffer.from('µREC', 'latin1')
const markNumber = mark.readUInt32LE(0)
const types: readonly RecordType[] = ['put', 'delete', 'expire', 'end']

/** How many bytes `record` takes in the log. */
export function recordBytes(record: NewRecord): number {
  return fixedBytes + record.scope.length + Buffer.byteLength(record.key) + Buffer.byteLength(record.metadata) + record.value.byteLength
}

/**
 * Writes `record` into `buffer` at `at`, and gives where its value begins in there and the value's checksum.
 *
 * ```
 *  0 u32 mark                       24 u32 crc of the value
 *  4 u32 crc of 8 to the value      28 f64 bytes of the file that are safe
 *  8 u8  type                       36 f64 expiresAtMs, 0: stays
 *  9 u8  bytes of database/table    44 f64 ttlMs, 0: stays
 * 10 u16 bytes of the key           52 database/table, key, metadata, value
 * 12 u32 zero
 * 16 u32 bytes of the metadata
 * 20 u32 bytes of the value
 * ```
 * Little-endian. Both checksums are CRC-32 that begins with the file's `salt`, so that bytes of another file, or bytes that someone put as a value, are not
 * taken for a record of this one.
 */
export function encodeRecord(
  record: NewRecord,
  buffer: Buffer,
  at: number,
  salt: number,
  syncedBytes: number,
): { valueAt: number; valueCrc: number } {
  const keyAt = at + fixedBytes + buffer.write(record.scope, at + fixedBytes, 'latin1')
  const metadataAt = keyAt + buffer.write(record.key, keyAt)
  const valueAt = metadataAt + (record.metadata === '' ? 0 : buffer.write(record.metadata, metadataAt))
  const valueCrc = checksum(record.value, salt)
  buffer.set(record.value, valueAt)

  buffer.writeUInt32LE(markNumber, at)
  buffer[at + 8] = types.indexOf(record.type)
  buffer[at + 9] = record.scope.length
  buffer.writeUInt16LE(metadataAt - keyAt, at + 10)
  buffer.writeUInt32LE(0, at + 12)
  buffer.writeUInt32LE(valueAt - metadataAt, at + 16)
  buffer.writeUInt32LE(record.value.byteLength, at + 20)
  buffer.writeUInt32LE(valueCrc, at + 24)
  buffer.writeDoubleLE(syncedBytes, at + 28)
  buffer.writeDoubleLE(record.expiresAtMs, at + 36)
  buffer.writeDoubleLE(record.ttlMs, at + 44)
  buffer.writeUInt32LE(checksum(buffer.subarray(at + 8, valueAt), salt), at + 4)
  return { valueAt, valueCrc }
}

/** How long the head at `at` says that it is; undefined where there is no mark. Not to be trusted before {@link claimedBytes} has found its checksum right. */
export function claimedHeadBytes(buffer: Buffer, at: number): number | undefined {
  if (buffer.readUInt32LE(at) !== markNumber) return undefined
  return fixedBytes + (buffer[at + 9] as number) + buffer.readUInt16LE(at + 10) + buffer.readUInt32LE(at + 16)
}

/** How long the record at `at` is, all of whose head is in `buffer`; undefined when the head does not have its checksum. */
export function claimedBytes(buffer: Buffer, at: number, headBytes: number, salt: number): number | undefined {
  const isRight = checksum(buffer.subarray(at + 8, at + headBytes), salt) === buffer.readUInt32LE(at + 4)
  return isRight && (buffer[at + 8] as number) < types.length ? headBytes + buffer.readUInt32LE(at + 20) : undefined
}

/** The record whose head was found right and that begins at `start` of `buffer`, all of it in there, and at `at` of its file. */
export function decodeRecord(buffer: Buffer, start: number, headBytes: number, salt: number, at: number): FoundRecord {
  const keyAt = start + fixedBytes + (buffer[start + 9] as number)
  const metadataAt = keyAt + buffer.readUInt16LE(start + 10)
  const valueAt = start + headBytes
  const valueBytes = buffer.readUInt32LE(start + 20)
  const valueCrc = buffer.readUInt32LE(start + 24)
  return {
    type: types[buffer[start + 8] as number] as RecordType,
    scope: buffer.toString('latin1', start + fixedBytes, keyAt),
    key: buffer.toString('utf8', keyAt, metadataAt),
    metadata: metadataAt === valueAt ? '' : buffer.toString('utf8', metadataAt, valueAt),
    expiresAtMs: buffer.readDoubleLE(start + 36),
    ttlMs: buffer.readDoubleLE(start + 44),
    at,
    headBytes,
    valueBytes,
    valueCrc,
    syncedBytes: buffer.readDoubleLE(start + 28),
    isSound: checksum(buffer.subarray(valueAt, valueAt + valueBytes), salt) === valueCrc,
  }
}

/** The record that says that all before it is safe. */
export const endRecord: NewRecord = { type: 'end', scope: '', key: '', metadata: '', expiresAtMs: 0, ttlMs: 0, value: new Uint8Array(0) }
