import { checksum } from './checksum.js'
import type { Entry } from './entry.js'
import { writeFully, type Files } from './files.js'
import type { Place } from './log.js'
import { encodeRecord, recordBytes, type NewRecord } from './record.js'
import { abandonSegment, beginSegment, type Segment } from './segment.js'
import { corrupt } from './value.js'
import { createWindow, windowBytes, type Window } from './window.js'

/** How a log is compacted. */
export interface CompactOptions {
  readonly files: Files
  readonly folder: string
  /** The segments to replace, in order; none of them is written to any more. */
  readonly replaced: readonly Segment[]
  /** What of them is still needed. */
  readonly entries: readonly Entry[]
  /** Asked now and then; true gives up. */
  readonly isStopped: () => boolean
}

/** A base that is written and not yet published, and where each entry stands in it. */
export interface Compacted {
  readonly base: Segment
  readonly places: ReadonlyMap<Entry, Place>
}

/**
 * Writes what is still needed of some segments into one, under a temporary name; undefined when it was stopped. The name that it will take is that of
 * the last one of them, so that taking it is one rename: before it all is as it was, after it the others are below a base and need no longer be there.
 *
 * @throws `data_loss`/`RECORD_CORRUPT` when a value cannot be read: it must not be left behind, nor be given a new checksum
 */
export async function writeBase({ files, folder, replaced, entries, isStopped }: CompactOptions): Promise<Compacted | undefined> {
  const base = await beginSegment(files, folder, (replaced.at(-1) as Segment).number, { isBase: true, isFollowed: true })
  const places = new Map<Entry, Place>()
  try {
    let group: { readonly entry: Entry; readonly record: NewRecord }[] = []
    let bytes = 0
    const flush = async () => {
      await writeGroup(base, group, bytes, places)
      group = []
      bytes = 0
    }
    let window: { readonly segment: Segment; readonly of: Window } | undefined
    for (const entry of inOrderOfPlace(entries)) {
      const { segment } = entry.place
      if (window?.segment !== segment) window = { segment, of: createWindow(segment) }
      const record = await readRecord(entry, window.of)
      group.push({ entry, record })
      bytes += recordBytes(record)
      if (bytes < windowBytes) continue
      await flush()
      if (isStopped()) break
    }
    if (!isStopped()) {
      await flush()
      return { base, places }
    }
  } catch (error) {
    await abandonSegment(files, base)
    throw error
  }
  await abandonSegment(files, base)
  return undefined
}

function inOrderOfPlace(entries: readonly Entry[]): Entry[] {
  return [...entries].sort((a, b) => a.place.segment.number - b.place.segment.number || a.place.valueAt - b.place.valueAt)
}

async function readRecord(entry: Entry, window: Window): Promise<NewRecord> {
  const { key, metadata, expiresAtMs, ttlMs, home, place } = entry
  const start = await window.hold(place.valueAt, place.valueBytes)
  // A copy: the window moves on before the group is written.
  const value = new Uint8Array(window.bytes.subarray(start, start + place.valueBytes))
  if (!entry.isSound || checksum(value, place.segment.salt) !== place.valueCrc) throw corrupt(key, place)
  return { type: 'put', scope: home.scope, key, metadata, expiresAtMs, ttlMs, value }
}

async function writeGroup(
  base: Segment,
  group: readonly { readonly entry: Entry; readonly record: NewRecord }[],
  bytes: number,
  places: Map<Entry, Place>,
): Promise<void> {
  const buffer = Buffer.allocUnsafe(bytes)
  let at = 0
  for (const { entry, record } of group) {
    const { valueAt, valueCrc } = encodeRecord(record, buffer, at, base.salt, 0)
    const length = recordBytes(record)
    places.set(entry, { segment: base, valueAt: base.size + valueAt, valueBytes: record.value.byteLength, valueCrc, recordBytes: length })
    at += length
  }
  await writeFully(base.file, buffer, base.size)
  base.size += bytes
}
