import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/**
 * What tells without reading whether anybody touched a folder: the newest change of anything in it, and how many bytes and files it has.
 *
 * The time is ctime, which no call sets: who writes a byte and puts mtime back is seen. Undefined when the folder cannot be read. It is
 * synchronous, since a start does nothing else meanwhile and this takes a third of the time.
 */
export function stampOf(folder: string): string | undefined {
  try {
    const sum = { newest: 0n, bytes: 0n, files: 0 }
    addFolder(folder, sum)
    return `${sum.newest}-${sum.bytes}-${sum.files}`
  } catch {
    return undefined // it is not there, or not to be read: whoever asks looks closer then
  }
}

function addFolder(folder: string, sum: { newest: bigint; bytes: bigint; files: number }): void {
  addChange(folder, sum)
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) addFolder(path, sum)
    else {
      sum.bytes += addChange(path, sum)
      sum.files++
    }
  }
}

function addChange(path: string, sum: { newest: bigint }): bigint {
  const { ctimeNs, size } = lstatSync(path, { bigint: true })
  if (ctimeNs > sum.newest) sum.newest = ctimeNs
  return size
}
