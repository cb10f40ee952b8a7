import { fileErrors } from './errors.js'
import { readFully } from './files.js'
import type { Segment } from './segment.js'

/** A stretch of a segment in memory, for whoever reads it from front to back. */
export interface Window {
  /** Bytes of the segment. */
  readonly size: number
  readonly bytes: Buffer
  /** Where offset `at` of the file is in `bytes`; undefined unless `length` bytes from there are in it. */
  indexOf(at: number, length: number): number | undefined
  /** Makes sure that `length` bytes from offset `at` of the file are in `bytes`, and gives where. What `bytes` held before may be gone. */
  hold(at: number, length: number): Promise<number>
}

/** How much is read at once, unless more is asked for: enough that the calls do not count, little enough to stay in the processor's cache. */
export const windowBytes = 1024 * 1024

/** A window that holds nothing yet. */
export function createWindow({ file, path, size }: Segment): Window {
  let bytes = Buffer.allocUnsafeSlow(Math.min(windowBytes, size))
  let heldFrom = 0
  let heldBytes = 0
  const indexOf = (at: number, length: number) => (at >= heldFrom && at + length <= heldFrom + heldBytes ? at - heldFrom : undefined)
  return {
    size,
    get bytes() {
      return bytes
    },
    indexOf,
    async hold(at, length) {
      const index = indexOf(at, length)
      if (index !== undefined) return index
      if (length > bytes.length) bytes = Buffer.allocUnsafeSlow(length)
      heldFrom = at
      heldBytes = await readFully(file, bytes.subarray(0, Math.min(bytes.length, size - at)), at)
      if (heldBytes < length) throw fileErrors.logCorrupt(path, at + heldBytes, 'the file ends, though it was longer before')
      return 0
    },
  }
}
