import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { checksum } from './checksum.js'
import { fileErrors } from './errors.js'
import { readFully, writeFully, type Files, type OpenFile } from './files.js'

/** The format that this code writes. Reading refuses a later one. */
export const formatVersion = 1
/** Where the first record begins. */
export const headerBytes = 32

const magic = Buffer.from('MICROLOG', 'latin1')
const baseFlag = 1
const followedFlag = 2

/** One file of the log. */
export interface Segment {
  readonly number: number
  readonly path: string
  readonly file: OpenFile
  /** With what its checksums begin; drawn anew for each file. */
  readonly salt: number
  /** It says all that those with lower numbers said. */
  readonly isBase: boolean
  /** When it was written, there was one after it. */
  readonly isFollowed: boolean
  /** Bytes up to the end of the last record that counts. */
  size: number
  /** Reads under way. */
  readers: number
  /** Called when the last reader leaves; set once the segment is retired. */
  onIdle: (() => void) | undefined
}

/** The name of the file with this number. */
export const segmentName = (number: number): string => `${String(number).padStart(10, '0')}.log`

/** The number in the name of a segment; undefined for a name that is none. */
export function segmentNumber(name: string): number | undefined {
  const digits = /^(\d{10})\.log$/.exec(name)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/**
 * Begins a segment under a temporary name: `[magic MICROLOG][u32 version][u32 flags][u32 number][u32 salt][u32 0][u32 crc of the 28 before]`.
 * {@link publishSegment} gives it its own. Flags: 1 for a base, 2 for one that is followed by another.
 */
export async function beginSegment(
  files: Files,
  folder: string,
  number: number,
  { isBase = false, isFollowed = false }: { readonly isBase?: boolean; readonly isFollowed?: boolean },
): Promise<Segment> {
  const path = join(folder, segmentName(number))
  const file = await files.create(`${path}.tmp`)
  const salt = randomBytes(4).readUInt32LE(0)
  const header = Buffer.alloc(headerBytes)
  magic.copy(header)
  header.writeUInt32LE(formatVersion, 8)
  header.writeUInt32LE((isBase ? baseFlag : 0) | (isFollowed ? followedFlag : 0), 12)
  header.writeUInt32LE(number, 16)
  header.writeUInt32LE(salt, 20)
  header.writeUInt32LE(checksum(header.subarray(0, 28), 0), 28)
  try {
    await writeFully(file, header, 0)
  } catch (error) {
    await abandonSegment(files, { path, file })
    throw error
  }
  return { number, path, file, salt, isBase, isFollowed, size: headerBytes, readers: 0, onIdle: undefined }
}

/** Gives a segment its name, in the place of one that has it: whole or not at all, also in a power cut. */
export async function publishSegment(files: Files, folder: string, segment: Segment): Promise<void> {
  await segment.file.sync()
  await files.rename(`${segment.path}.tmp`, segment.path)
  await files.syncFolder(folder)
}

/** Takes back a segment that was begun and not published. */
export async function abandonSegment(files: Files, segment: { readonly path: string; readonly file: OpenFile }): Promise<void> {
  await segment.file.close()
  await files.remove(`${segment.path}.tmp`).catch(() => {
    // It is left for the next opening, which removes all temporary files. What made us give up is the failure to tell.
  })
}

/** Opens a segment and checks its header. Its `size` is that of the file. */
export async function openSegment(files: Files, folder: string, number: number, mode: 'read' | 'write'): Promise<Segment> {
  const path = join(folder, segmentName(number))
  const file = await files.open(path, mode)
  try {
    const header = Buffer.alloc(headerBytes)
    const read = await readFully(file, header, 0)
    if (read < headerBytes) throw fileErrors.logCorrupt(path, read, `the file ends within its header of ${headerBytes} bytes`)
    if (!header.subarray(0, magic.length).equals(magic) || checksum(header.subarray(0, 28), 0) !== header.readUInt32LE(28))
      throw fileErrors.logCorrupt(path, 0, 'the header does not have the checksum that it was written with')
    const version = header.readUInt32LE(8)
    if (version > formatVersion) throw fileErrors.versionUnknown(path, version, formatVersion)
    if (header.readUInt32LE(16) !== number)
      throw fileErrors.logCorrupt(path, 16, `it says that it is number ${header.readUInt32LE(16)}: it was renamed`)
    const flags = header.readUInt32LE(12)
    return {
      number,
      path,
      file,
      salt: header.readUInt32LE(20),
      isBase: (flags & baseFlag) !== 0,
      isFollowed: (flags & followedFlag) !== 0,
      size: await file.size(),
      readers: 0,
      onIdle: undefined,
    }
  } catch (error) {
    await file.close()
    throw error
  }
}

/** Closes a segment that nobody will begin to read any more, after those who read it now. */
export async function retireSegment(segment: Segment): Promise<void> {
  if (segment.readers > 0) await new Promise<void>((resolve) => (segment.onIdle = resolve))
  await segment.file.close()
}
