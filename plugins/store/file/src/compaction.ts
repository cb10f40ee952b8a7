import type { Catalog } from './catalog.js'
import { writeBase } from './compact.js'
import type { Entry } from './entry.js'
import type { Files } from './files.js'
import { isNoSpace, type Log } from './log.js'
import { abandonSegment, publishSegment, type Segment } from './segment.js'

/** How compaction is kept going. */
export interface CompactionOptions {
  readonly files: Files
  readonly folder: string
  readonly log: Log
  readonly catalog: Catalog
  /** Bytes that may be left lying before it begins. */
  readonly minGarbageBytes: number
  readonly warn: (message: string, data?: Readonly<Record<string, unknown>>) => void
}

/** Compacts a log in the background when more than half of it is no longer needed. */
export interface Compaction {
  /** Looks whether it is time; costs next to nothing when it is not. */
  consider(): void
  /** Gives up what is under way, and begins nothing any more. */
  stop(): Promise<void>
}

/** Nothing is under way yet. */
export function createCompaction({ files, folder, log, catalog, minGarbageBytes, warn }: CompactionOptions): Compaction {
  let running: Promise<void> | undefined
  let isStopped = false
  // After a failure, as a full disk, another attempt is due when the log has grown by half.
  let notBeforeBytes = 0

  const compact = async () => {
    const replaced = await log.roll()
    const entries = entriesIn(catalog, new Set(replaced))
    const compacted = await writeBase({ files, folder, replaced, entries, isStopped: () => isStopped })
    if (compacted === undefined) return
    const { base, places } = compacted
    try {
      await publishSegment(files, folder, base)
    } catch (error) {
      if (isNoSpace(error)) await abandonSegment(files, base)
      // Whether the new base has its name is not known, so nothing that follows could be relied on.
      else log.fail(base.path, error)
      throw error
    }
    // What was replaced or deleted meanwhile is said later in the log, and stays said.
    for (const [entry, place] of places) entry.place = place
    await log.replace(replaced, base)
  }

  return {
    consider() {
      if (running !== undefined || isStopped) return
      const { bytes } = log
      const garbageBytes = bytes - catalog.liveBytes
      if (garbageBytes < minGarbageBytes || garbageBytes < catalog.liveBytes || bytes < notBeforeBytes) return
      running = compact()
        .catch((error: unknown) => {
          notBeforeBytes = bytes * 1.5
          if (!isStopped) warn(`Could not compact the log in "${folder}", which stays as it is: ${String(error)}`, { folder })
        })
        .finally(() => (running = undefined))
    },
    async stop() {
      isStopped = true
      await running
    },
  }
}

function entriesIn(catalog: Catalog, segments: ReadonlySet<Segment>): Entry[] {
  const entries: Entry[] = []
  for (const { table } of catalog.homes) for (const entry of table.records()) if (segments.has(entry.place.segment)) entries.push(entry)
  return entries
}
