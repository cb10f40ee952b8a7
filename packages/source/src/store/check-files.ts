import type { Limits } from '../git/limits.js'
import type { TreeEntry } from '../git/tree.js'
import { whyReserved } from '../reference/segment.js'
import { storeErrors } from './errors.js'

/** A file of a commit that may be written. */
export interface CheckedFile {
  readonly mode: '100644' | '100755'
  readonly id: string
  readonly bytes: number
  readonly path: string
}

// What the file systems in use hold, with room for the folder of the store before it.
const longestName = 255
const longestPath = 700
const deepest = 40

/**
 * The files of a listing, once every one of them may be written: git guards against hostile paths when it checks out, and nothing is checked
 * out here, so it is our part.
 *
 * @throws MicroError `SYMLINK`, `SUBMODULE`, `PATH_ESCAPE`, `RESERVED_NAME`, `FILE_NAME`, `CASE_COLLISION` or `TOO_BIG`
 */
export function checkFiles(key: string, entries: readonly TreeEntry[], limits: Limits): readonly CheckedFile[] {
  if (entries.length > limits.files) throw storeErrors.tooBig(key, 'files', limits.files)
  const spellings = new Map<string, string>()
  let total = 0
  return entries.map((entry) => {
    const path = checkPath(key, entry.path)
    if (entry.mode === '160000') throw storeErrors.submodule(key, path)
    if (entry.mode === '120000') throw storeErrors.link(key, path)
    checkCase(key, path, spellings)
    if (entry.bytes === undefined || entry.bytes > limits.fileBytes) throw storeErrors.tooBig(key, `bytes in "${path}"`, limits.fileBytes)
    total += entry.bytes
    if (total > limits.totalBytes) throw storeErrors.tooBig(key, 'bytes', limits.totalBytes)
    // Old repositories have 100664; whether it is a program is all that counts.
    return { mode: entry.mode === '100755' ? '100755' : '100644', id: entry.id, bytes: entry.bytes, path }
  })
}

function checkPath(key: string, path: string | undefined): string {
  if (path === undefined) throw storeErrors.unreadableName(key, '?')
  // eslint-disable-next-line no-control-regex -- these are what is looked for
  if (/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/.test(path) || Buffer.byteLength(path) > longestPath)
    throw storeErrors.unreadableName(key, path)
  const parts = path.split('/')
  if (parts.length > deepest) throw storeErrors.unreadableName(key, path)
  for (const part of parts) {
    if (part === '' || part === '.' || part === '..' || part.includes('\\')) throw storeErrors.escape(key, path)
    const why = part.includes(':') ? 'Windows gives ":" a meaning' : whyReserved(part)
    if (why !== undefined) throw storeErrors.reserved(key, path, why)
    if (Buffer.byteLength(part) > longestName) throw storeErrors.unreadableName(key, path)
  }
  return path
}

/** Folders count too: `A/x` and `a/y` become one folder where cases are not told apart. */
function checkCase(key: string, path: string, spellings: Map<string, string>): void {
  for (let end = path.indexOf('/'); ; end = path.indexOf('/', end + 1)) {
    const part = end === -1 ? path : path.slice(0, end)
    const folded = part.normalize('NFC').toLowerCase()
    const other = spellings.get(folded)
    // The same spelling again is a folder that holds more than one file.
    if (other !== undefined && other !== part) throw storeErrors.caseCollision(key, path, other)
    spellings.set(folded, part)
    if (end === -1) return
  }
}
