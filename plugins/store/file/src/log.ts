import { baseErrors } from '@microts/core/base'
import { fileErrors } from './errors.js'
import { writeFully, type Files } from './files.js'
import { encodeRecord, endRecord, recordBytes, type NewRecord } from './record.js'
import { abandonSegment, beginSegment, publishSegment, retireSegment, type Segment } from './segment.js'

/** Where a value stands. */
export interface Place {
  readonly segment: Segment
  readonly valueAt: number
  readonly valueBytes: number
  readonly valueCrc: number
  /** All of the record, with its head. */
  readonly recordBytes: number
}

/** A record on its way into the log. One of the two is called, once. */
export interface LogWrite {
  readonly record: NewRecord
  /** Whoever asked has given up; it is not written if it is not being written already. */
  isCanceled: boolean
  /** It is safe. Called in the order of the log. */
  commit(place: Place): void
  reject(error: Error): void
}

/** How a log is made. */
export interface LogOptions {
  readonly files: Files
  readonly folder: string
  /** At least one; the last is written to. */
  readonly segments: Segment[]
  /** A segment that has this many bytes is followed by a new one. */
  readonly maxSegmentBytes: number
  /** Called after each group of records that was committed. */
  readonly onCommitted: () => void
}

/** The log of a store: records go to its end, in groups that share one sync. */
export interface Log {
  /** Bytes of all segments. */
  readonly bytes: number
  /** Whether nothing is on its way. */
  readonly isIdle: boolean
  append(write: LogWrite): void
  /** Begins a new segment, and gives all those before it: they are not written to any more. */
  roll(): Promise<readonly Segment[]>
  /** Takes `base` in the place of `replaced`, whose files are removed as soon as nobody reads them. The last of them has lost its name to `base` already. */
  replace(replaced: readonly Segment[], base: Segment): Promise<void>
  /** Stops acknowledging, for good: the disk has failed. */
  fail(path: string, cause: unknown): void
  /** Writes what is on its way, says in the log that it is whole, and closes the files. */
  close(): Promise<void>
}

// More in one group would make the first of them wait longer than the sync that is saved.
const maxGroupBytes = 8 * 1024 * 1024

// A buffer of this size is kept for the next group; the rare larger one is not.
const maxKeptBytes = 1024 * 1024

/** A log that goes on where `segments` end. */
export function createLog({ files, folder, segments, maxSegmentBytes, onCommitted }: LogOptions): Log {
  const queue: LogWrite[] = []
  const rolls: { readonly resolve: (before: readonly Segment[]) => void; readonly reject: (error: Error) => void }[] = []
  let active = segments.at(-1) as Segment
  let running: Promise<void> | undefined
  let failure: Error | undefined
  let isClosed = false

  const fail = (path: string, cause: unknown) => {
    failure ??= fileErrors.failed(path, cause)
    for (const write of queue.splice(0)) write.reject(failure)
    for (const roll of rolls.splice(0)) roll.reject(failure)
  }

  const run = async () => {
    // One turn of the loop, so that all who put in this one share the sync with the first.
    await turn()
    while (failure === undefined && (queue.length > 0 || rolls.length > 0)) {
      if (rolls.length > 0 || active.size >= maxSegmentBytes) await beginNext()
      const group = takeGroup(queue)
      if (group.length > 0 && failure === undefined) await writeGroup(group)
      await turn()
    }
    running = undefined
  }

  // One group is written after the other, so they can share a buffer: new memory for each costs more than filling it.
  let buffer = Buffer.alloc(0)
  const bufferOf = (length: number) => {
    if (length > maxKeptBytes) return Buffer.allocUnsafeSlow(length)
    if (length > buffer.length) buffer = Buffer.allocUnsafeSlow(Math.min(maxKeptBytes, length * 2))
    return buffer.subarray(0, length)
  }
  const writeGroup = async (group: readonly LogWrite[]) => {
    const { bytes, places } = encodeGroup(group, active, bufferOf)
    try {
      await writeFully(active.file, bytes, active.size)
    } catch (error) {
      return takeBack(group, error)
    }
    try {
      await active.file.sync()
    } catch (error) {
      // The kernel may have dropped the pages and marked them clean: a second sync would succeed and mean nothing.
      fail(active.path, error)
      return rejectAll(group, failure as Error)
    }
    active.size += bytes.length
    group.forEach((write, index) => write.commit(places[index] as Place))
    return onCommitted()
  }

  // What a full disk let through of a group is cut off again, so that the next one finds a log that is whole.
  const takeBack = async (group: readonly LogWrite[], cause: unknown) => {
    try {
      if (!isNoSpace(cause)) throw cause
      await active.file.truncate(active.size)
      rejectAll(group, fileErrors.diskFull(active.path, cause))
    } catch (error) {
      fail(active.path, error)
      rejectAll(group, failure as Error)
    }
  }

  const beginNext = async () => {
    const before = [...segments]
    try {
      const next = await beginSegment(files, folder, active.number + 1, {})
      await publishSegment(files, folder, next).catch(async (error: unknown) => {
        if (isNoSpace(error)) await abandonSegment(files, next)
        else await next.file.close()
        throw error
      })
      segments.push(next)
      active = next
      for (const { resolve } of rolls.splice(0)) resolve(before)
    } catch (error) {
      // Without room for another segment this one grows; anything else may have left a segment that a crash would take for the end of the log.
      if (!isNoSpace(error)) return fail(folder, error)
      for (const { reject } of rolls.splice(0)) reject(fileErrors.diskFull(folder, error))
    }
  }

  return {
    get bytes() {
      return segments.reduce((sum, { size }) => sum + size, 0)
    },
    get isIdle() {
      return running === undefined
    },
    append(write) {
      if (failure !== undefined || isClosed) return write.reject(failure ?? baseErrors.closed('file store'))
      queue.push(write)
      running ??= run()
    },
    roll: () =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) return reject(failure)
        rolls.push({ resolve, reject })
        running ??= run()
      }),
    async replace(replaced, base) {
      segments.splice(0, replaced.length, base)
      // A crash on the way leaves some of them: they are below a base, and the next opening removes them.
      for (const { number, path } of replaced) if (number !== base.number) await files.remove(path)
      await Promise.all(replaced.map(retireSegment))
    },
    fail,
    async close() {
      isClosed = true
      await running
      // Whether it succeeds makes no difference to what was acknowledged: it tells the next opening that nothing was cut off.
      if (failure === undefined) await writeGroup([unattended(endRecord)])
      await Promise.all(segments.map(retireSegment))
    },
  }
}

/** A write that nobody waits for. */
export const unattended = (record: NewRecord): LogWrite => ({ record, isCanceled: false, commit: () => undefined, reject: () => undefined })

function takeGroup(queue: LogWrite[]): LogWrite[] {
  const group: LogWrite[] = []
  let taken = 0
  let bytes = 0
  for (const write of queue) {
    if (bytes >= maxGroupBytes) break
    taken++
    if (write.isCanceled) continue
    bytes += recordBytes(write.record)
    group.push(write)
  }
  queue.splice(0, taken)
  return group
}

function encodeGroup(
  group: readonly LogWrite[],
  segment: Segment,
  bufferOf: (length: number) => Buffer,
): { readonly bytes: Buffer; readonly places: readonly Place[] } {
  const lengths = group.map(({ record }) => recordBytes(record))
  const bytes = bufferOf(lengths.reduce((sum, length) => sum + length, 0))
  let at = 0
  const places = group.map(({ record }, index) => {
    const length = lengths[index] as number
    const { valueAt, valueCrc } = encodeRecord(record, bytes, at, segment.salt, segment.size)
    at += length
    return { segment, valueAt: segment.size + valueAt, valueBytes: record.value.byteLength, valueCrc, recordBytes: length }
  })
  return { bytes, places }
}

function rejectAll(group: readonly LogWrite[], error: Error): void {
  for (const write of group) write.reject(error)
}

/** Whether an error of the disk says that there is no room, which passes. */
export function isNoSpace(error: unknown): boolean {
  const code = (error as { readonly code?: string } | null)?.code
  return code === 'ENOSPC' || code === 'EDQUOT'
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
