import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Writes a file so that a reader sees the old text or the new one, never a part; nothing is written when it has this text already. Folders are made. */
export async function replaceFile(file: string, text: string): Promise<void> {
  if ((await readText(file)) === text) return
  await mkdir(dirname(file), { recursive: true })
  const fresh = `${file}.${randomUUID()}.new`
  try {
    await writeFile(fresh, text)
    await rename(fresh, file)
  } catch (error) {
    await rm(fresh, { force: true })
    throw error
  }
}

/** The text of a file; undefined when there is none. */
export async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}
