import { fileErrors } from './errors.js'
import { claimedBytes, claimedHeadBytes, decodeRecord, fixedBytes, mark, type FoundRecord } from './record.js'
import { headerBytes, type Segment } from './segment.js'
import { createWindow, windowBytes, type Window } from './window.js'

/** What the end of a log is like. */
export interface End {
  /** Where the last record ends that counts. What comes after it is a write that was cut off. */
  readonly endAt: number
  /** Up to here everything was known to be safe before the file was opened. */
  readonly syncedBytes: number
  /** Whether the last record says that the log was closed. */
  readonly isClosed: boolean
}

/**
 * Reads all of a segment that others follow, and checks every byte of it.
 *
 * A damaged value leaves its key known, so only that record is lost (`isSound` false); where a head is damaged, what is lost is not known.
 *
 * @throws `data_loss`/`LOG_CORRUPT`
 */
export async function scanSealed(segment: Segment, onRecord: (record: FoundRecord) => void): Promise<void> {
  const window = createWindow(segment)
  for (let at = headerBytes; at < segment.size;) {
    const known = recordIn(window, segment, at)
    const record = typeof known === 'number' ? await readRecord(window, segment, at) : known
    if (record === undefined) throw damaged(segment, at)
    onRecord(record)
    at += record.headBytes + record.valueBytes
  }
}

/**
 * Reads all of the last segment, and checks every byte of it.
 *
 * A crash can leave a write half done at the end: that does not count, since it was never acknowledged. Damage in what was once safe is treated as in
 * {@link scanSealed}. The two are told apart by what later records say was safe when they were written.
 *
 * @throws `data_loss`/`LOG_CORRUPT`
 */
export async function scanLast(segment: Segment, onRecord: (record: FoundRecord) => void): Promise<End> {
  const window = createWindow(segment)
  const found: FoundRecord[] = []
  let damagedAt = Infinity
  for (let at = headerBytes; at < segment.size;) {
    const known = recordIn(window, segment, at)
    const record = typeof known === 'number' ? await readRecord(window, segment, at) : known
    if (record === undefined) {
      damagedAt = Math.min(damagedAt, at)
      at = await findMark(window, at + 1)
    } else {
      found.push(record)
      at += record.headBytes + record.valueBytes
    }
  }

  const syncedBytes = found.reduce((most, record) => Math.max(most, record.syncedBytes), headerBytes)
  if (damagedAt < syncedBytes) throw damaged(segment, damagedAt)
  const torn = found.find((record) => record.at >= syncedBytes && !record.isSound)
  const endAt = Math.min(damagedAt, torn?.at ?? Infinity, segment.size)
  const counted = found.filter((record) => record.at < endAt)
  for (const record of counted) onRecord(record)
  return { endAt, syncedBytes, isClosed: counted.at(-1)?.type === 'end' }
}

const damaged = ({ path }: Segment, at: number) => fileErrors.logCorrupt(path, at, 'there is no record that can be read')

async function readRecord(window: Window, segment: Segment, at: number): Promise<FoundRecord | undefined> {
  for (;;) {
    const found = recordIn(window, segment, at)
    if (typeof found !== 'number') return found
    await window.hold(at, found)
  }
}

// The record at `at`, undefined when there is none, or how many bytes from there have to be in the window to tell. It takes no promise for a record that
// is there already, which most are.
function recordIn(window: Window, { salt, size }: Segment, at: number): FoundRecord | undefined | number {
  if (at + fixedBytes > size) return undefined
  let start = window.indexOf(at, fixedBytes)
  if (start === undefined) return fixedBytes
  const headBytes = claimedHeadBytes(window.bytes, start)
  if (headBytes === undefined || at + headBytes > size) return undefined
  start = window.indexOf(at, headBytes)
  if (start === undefined) return headBytes
  const bytes = claimedBytes(window.bytes, start, headBytes, salt)
  if (bytes === undefined || at + bytes > size) return undefined
  start = window.indexOf(at, bytes)
  return start === undefined ? bytes : decodeRecord(window.bytes, start, headBytes, salt, at)
}

async function findMark(window: Window, from: number): Promise<number> {
  for (let at = from; at + mark.length <= window.size;) {
    const span = Math.min(windowBytes, window.size - at)
    const start = await window.hold(at, span)
    const index = window.bytes.subarray(start, start + span).indexOf(mark)
    if (index !== -1) return at + index
    // The mark may begin in this span and end in the next.
    at += span - mark.length + 1
  }
  return window.size
}
