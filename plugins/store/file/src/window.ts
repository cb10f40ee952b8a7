import { fileErrors } from './errors.js'
import { readFully } from './files.js'
import type { Segment } from './segment.js'

/** A stretch of a segment in memory, for whoever reads it from front to back. */
export interface Window {
  /** Bytes of the segment. */
  readonly size: number
  readonly bytes: Buffer
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
  return {
    size,
    get bytes() {
      return bytes
    },
    async hold(at, length) {
      if (at >= heldFrom && at + length <= heldFrom + heldBytes) return at - heldFrom
      if (length > bytes.length) bytes = Buffer.allocUnsafeSlow(length)
      heldFrom = at
      heldBytes = await readFully(file, bytes.subarray(0, Math.min(bytes.length, size - at)), at)
      if (heldBytes < length) throw fileErrors.logCorrupt(path, at + heldBytes, 'the file ends, though it was longer before')
      return 0
    },
  }
}
