import { createHash } from 'node:crypto'
import { readFile, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** A file as the hash sees it. */
export interface HashedFile {
  /** `100644`, or `100755` for a program. */
  readonly mode: string
  /** From the root of the repository, with `/`. */
  readonly path: string
  /** 64 hexadecimal digits. */
  readonly sha256: string
}

/**
 * The hash of a plugin's content: SHA-256 over one line for each file, `mode SP path NUL sha256 LF`, sorted by the bytes of the paths.
 * 64 hexadecimal digits. Times, owners and empty folders do not count.
 */
export function h1Of(files: readonly HashedFile[]): string {
  const sorted = files.map((file) => ({ file, bytes: Buffer.from(file.path) })).sort((a, b) => Buffer.compare(a.bytes, b.bytes))
  const hash = createHash('sha256')
  for (const { file } of sorted) hash.update(`${file.mode} ${file.path}\0${file.sha256}\n`)
  return hash.digest('hex')
}

/** The {@link h1Of} a folder on the disk. What is neither a file nor a folder counts too, as something that no plugin has. */
export async function h1OfFolder(folder: string): Promise<string> {
  return h1Of(await hashFolder(folder))
}

/** All files of a folder of the disk as the hash sees them; what is neither a file nor a folder has the mode `other`. */
export async function hashFolder(folder: string, below = ''): Promise<readonly HashedFile[]> {
  const files: HashedFile[] = []
  for (const { path, isFile } of await filesBelow(folder, below)) {
    const at = join(folder, path)
    if (!isFile) files.push({ mode: 'other', path, sha256: '' })
    else {
      const { mode } = await stat(at)
      const sha256 = createHash('sha256')
        .update(await readFile(at))
        .digest('hex')
      files.push({ mode: (mode & 0o100) === 0 ? '100644' : '100755', path, sha256 })
    }
  }
  return files
}

/** All that is below a folder and is no folder itself; paths from it, with `/`. Links are named and not followed. */
export async function filesBelow(folder: string, below = ''): Promise<{ readonly path: string; readonly isFile: boolean }[]> {
  const found: { readonly path: string; readonly isFile: boolean }[] = []
  for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    if (entry.isDirectory()) found.push(...(await filesBelow(folder, path)))
    else found.push({ path, isFile: entry.isFile() })
  }
  return found
}
