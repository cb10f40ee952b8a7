import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { chmod, mkdir, readdir, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { removeLeftovers, removeReadOnly } from '../machine/leftovers.js'
import { markOfThisProcess } from '../machine/process-mark.js'
import { storeErrors } from './errors.js'
import { h1OfFolder } from './h1.js'

const freshPrefix = '.new-'

/** The folder of a content, whether it is there or not. */
export const folderOf = (store: string, h1: string) => join(store, h1)

/** Whether the store has a content. Entries are renamed into it when they are whole, so one that is there is whole. */
export const isInStore = (store: string, h1: string) => existsSync(folderOf(store, h1))

/**
 * Reads the whole of an entry and compares.
 *
 * @throws MicroError `data_loss`/`HASH_MISMATCH`
 */
export async function checkContent(store: string, key: string, h1: string): Promise<void> {
  const folder = folderOf(store, h1)
  const found = await h1OfFolder(folder)
  if (found !== h1) throw storeErrors.changed(key, folder, h1, found)
}

/** An entry of the store in the making, under a name of its own. */
export interface NewEntry {
  /** Where it is until it is placed. */
  readonly folder: string
  /** At once: thousands of files that are written at the same time would be thousands of open files. */
  write(path: string, bytes: Uint8Array, isProgram: boolean): void
  /** Makes it read-only and gives it its name; an entry that has the name already is the same and stays. Gives the folder. */
  place(h1: string): Promise<string>
  /** Removes it, unless it has been placed. */
  discard(): Promise<void>
}

/** Begins an entry. What earlier processes left unfinished is removed. */
export async function newEntry(store: string): Promise<NewEntry> {
  const folder = join(store, `${freshPrefix}${markOfThisProcess()}.${randomUUID()}`)
  const explain = (cause: unknown): never => {
    throw storeErrors.unwritable(store, cause)
  }
  await mkdir(store, { recursive: true })
    .then(() => removeLeftovers(store, freshPrefix))
    .then(() => mkdir(folder))
    .catch(explain)
  const made = new Set<string>([folder])
  return {
    folder,
    write: (path, bytes, isProgram) => {
      const file = join(folder, path)
      try {
        if (!made.has(dirname(file))) mkdirSync(dirname(file), { recursive: true })
        made.add(dirname(file))
        // Not flushed to the disk: an entry's hash is compared before its first use, and that of one which lost power is wrong.
        writeFileSync(file, bytes, { mode: isProgram ? 0o555 : 0o444, flag: 'wx' })
      } catch (error) {
        explain(error)
      }
    },
    place: async (h1) => {
      const place = folderOf(store, h1)
      await makeReadOnly(folder)
      try {
        await rename(folder, place)
      } catch (error) {
        if (!['EEXIST', 'ENOTEMPTY'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
        await removeReadOnly(folder)
      }
      return place
    },
    discard: () => removeReadOnly(folder),
  }
}

async function makeReadOnly(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) if (entry.isDirectory()) await makeReadOnly(join(folder, entry.name))
  await chmod(folder, 0o555)
}
