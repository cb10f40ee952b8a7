import { storeErrors } from '@microts/core/store'
import { checksum } from './checksum.js'
import { readFully } from './files.js'
import type { Place } from './log.js'

/**
 * Reads the value at `place`, and checks it.
 *
 * @throws `data_loss`/`RECORD_CORRUPT` when it is not what was written, or cannot be read at all
 */
export async function readValue(key: string, place: Place): Promise<Uint8Array> {
  const { segment, valueAt, valueBytes, valueCrc } = place
  // Not of Node's shared pool: whoever keeps this value would keep its neighbours too.
  const value = new Uint8Array(Buffer.allocUnsafeSlow(valueBytes).buffer)
  segment.readers++
  try {
    const read = await readFully(segment.file, value, valueAt).catch((error: unknown) => {
      throw corrupt(key, place, error)
    })
    if (read < valueBytes || checksum(value, segment.salt) !== valueCrc) throw corrupt(key, place)
    return value
  } finally {
    segment.readers--
    if (segment.readers === 0) segment.onIdle?.()
  }
}

/** The failure to read what stands at `place`. */
export const corrupt = (key: string, { segment, valueAt }: Place, cause?: unknown) =>
  storeErrors.recordCorrupt(key, `${segment.path}, offset ${valueAt}`, cause)
