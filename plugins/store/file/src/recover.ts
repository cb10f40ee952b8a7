import { join } from 'node:path'
import { fileErrors } from './errors.js'
import { readFully, writeFully, type Files } from './files.js'
import type { Place } from './log.js'
import type { FoundRecord } from './record.js'
import { scanLast, scanSealed, type End } from './scan.js'
import { abandonSegment, beginSegment, openSegment, publishSegment, segmentName, segmentNumber, type Segment } from './segment.js'

/** How a log is recovered. */
export interface RecoverOptions {
  readonly files: Files
  /** It must be there, and locked. */
  readonly folder: string
  /** Called for each record that counts, in the order in which they were written. */
  readonly onRecord: (record: FoundRecord, place: Place) => void
  readonly warn: (message: string, data?: Readonly<Record<string, unknown>>) => void
}

/**
 * Opens the segments of a folder, brings them into the state that the last acknowledged write left, and gives them in order; the last one is to be
 * written to. An empty folder gets its first.
 *
 * What it removes was never acknowledged or has been replaced: temporary files, segments below a base, and a write at the end that was cut off, of which
 * it warns.
 *
 * @throws `data_loss`/`LOG_CORRUPT`, `failed_precondition`/`LOG_VERSION_UNKNOWN`
 */
export async function recoverLog({ files, folder, onRecord, warn }: RecoverOptions): Promise<Segment[]> {
  const names = await files.list(folder)
  const numbers = names.flatMap((name) => segmentNumber(name) ?? []).sort((a, b) => a - b)
  for (const name of names) if (name.endsWith('.log.tmp')) await files.remove(join(folder, name))
  if (numbers.length === 0) return [await firstSegment(files, folder)]

  const segments: Segment[] = []
  try {
    for (const number of numbers) segments.push(await openSegment(files, folder, number, number === numbers.at(-1) ? 'write' : 'read'))
    await dropReplaced(files, folder, segments)
    checkComplete(folder, segments)
    for (const segment of segments) {
      const toCatalog = (record: FoundRecord) => onRecord(record, placeOf(segment, record))
      if (segment === segments.at(-1)) await mendEnd(segment, await scanLast(segment, toCatalog), warn)
      else await scanSealed(segment, toCatalog)
    }
    return segments
  } catch (error) {
    for (const { file } of segments) await file.close()
    throw error
  }
}

async function firstSegment(files: Files, folder: string): Promise<Segment> {
  const segment = await beginSegment(files, folder, 1, { isBase: true })
  try {
    await publishSegment(files, folder, segment)
    return segment
  } catch (error) {
    await abandonSegment(files, segment)
    throw error
  }
}

async function dropReplaced(files: Files, folder: string, segments: Segment[]): Promise<void> {
  const base = segments.findLastIndex(({ isBase }) => isBase)
  if (base < 1) return
  for (const { file, path } of segments.splice(0, base)) {
    await file.close()
    await files.remove(path)
  }
  await files.syncFolder(folder)
}

function checkComplete(folder: string, segments: readonly Segment[]): void {
  const [first, last] = [segments[0] as Segment, segments.at(-1) as Segment]
  const missing = (number: number) =>
    fileErrors.logCorrupt(join(folder, segmentName(number)), 0, 'there is no such file, though there was one')
  if (!first.isBase) throw missing(first.number - 1)
  if (last.isFollowed) throw missing(last.number + 1)
  segments.forEach(({ number }, index) => {
    if (number !== first.number + index) throw missing(first.number + index)
  })
}

// After a crash the last records may be in the kernel's memory only, and a sync that failed has left them marked as written. So they are written once more:
// what is handed out from here on is safe.
async function mendEnd(segment: Segment, { endAt, syncedBytes, isClosed }: End, warn: RecoverOptions['warn']): Promise<void> {
  const { file, path } = segment
  const cutBytes = segment.size - endAt
  if (cutBytes > 0) {
    warn(`Cut ${cutBytes} bytes off "${path}" at offset ${endAt}: a write that was not finished, and not acknowledged`, {
      file: path,
      offset: endAt,
      bytes: cutBytes,
    })
    await file.truncate(endAt)
    segment.size = endAt
  }
  if (cutBytes === 0 && isClosed) return
  const unsure = Buffer.allocUnsafe(endAt - syncedBytes)
  await readFully(file, unsure, syncedBytes)
  await writeFully(file, unsure, syncedBytes)
  await file.sync()
}

function placeOf(segment: Segment, { at, headBytes, valueBytes, valueCrc }: FoundRecord): Place {
  return { segment, valueAt: at + headBytes, valueBytes, valueCrc, recordBytes: headBytes + valueBytes }
}
