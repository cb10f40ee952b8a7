import { gitErrors } from './errors.js'
import { type CachedRepository, type GitTools, runLocal } from './repository.js'

/**
 * Reads objects of the cache by their ids through one `git cat-file --batch`, raw: no filter, no line ends, no attributes. `onObject` is called in the
 * order of `ids`, which are read one after the other.
 *
 * @throws MicroError `CACHE_CORRUPT` when one is missing; `TOO_BIG` beyond `maxBytes` in all
 */
export async function readObjects(repository: CachedRepository, { key, ids, maxBytes, onObject }: Reading, tools: GitTools): Promise<void> {
  if (ids.length === 0) return
  const reader = objectReader(key, onObject)
  // Each object has a line before it.
  const most = maxBytes + ids.length * 128
  const { exitCode, stderr } = await runLocal(repository, ['cat-file', '--batch'], tools, {
    about: `the files of ${key}`,
    input: `${ids.join('\n')}\n`,
    maxBytes: most,
    tooMuch: () => gitErrors.tooBig(key, 'bytes', maxBytes),
    onOutput: reader.push,
  })
  if (exitCode !== 0 || reader.count() !== ids.length) throw gitErrors.unreadable(key, stderr.trim() || 'it ends too soon')
}

/** What to read. */
export interface Reading {
  readonly key: string
  readonly ids: readonly string[]
  readonly maxBytes: number
  readonly onObject: (index: number, type: string, bytes: Buffer) => void
}

/** Takes `<id> SP <type> SP <size> LF <bytes> LF` apart, in whatever pieces it comes. */
function objectReader(
  key: string,
  onObject: Reading['onObject'],
): { readonly push: (chunk: Buffer) => void; readonly count: () => number } {
  let pieces: Buffer[] = []
  let held = 0
  let count = 0
  let header: { readonly type: string; readonly size: number } | undefined
  // The whole of what is held, only when there may be something in it to take.
  const take = (bytes: number): Buffer => {
    const all = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)
    pieces = [all.subarray(bytes)]
    held -= bytes
    return all.subarray(0, bytes)
  }
  const readHeader = (): boolean => {
    const all = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)
    pieces = [all]
    const end = all.indexOf(10)
    if (end === -1) return false
    const line = take(end + 1).toString('latin1')
    const [, type, size] = /^[0-9a-f]+ ([a-z]+) (\d+)\n$/.exec(line) ?? []
    if (type === undefined) throw gitErrors.unreadable(key, line.trim())
    header = { type, size: Number(size) }
    return true
  }
  const push = (chunk: Buffer) => {
    pieces.push(chunk)
    held += chunk.length
    while (header !== undefined || (held > 0 && readHeader())) {
      const { type, size } = header as { readonly type: string; readonly size: number }
      if (held < size + 1) return
      onObject(count++, type, take(size + 1).subarray(0, size))
      header = undefined
    }
  }
  return { push, count: () => count }
}
