import { chmod, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isRunning } from './process-mark.js'

/** Removes what is named after a process that does not run any more, in `folder`. `prefix`: what stands before the mark. */
export async function removeLeftovers(folder: string, prefix = ''): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(prefix) && isRunning(name.slice(prefix.length)) === false) await removeReadOnly(join(folder, name))
  }
}

/** Removes a folder that is read-only, as a folder of the store is. */
export async function removeReadOnly(folder: string): Promise<void> {
  const makeWritable = async (path: string): Promise<void> => {
    await chmod(path, 0o755)
    for (const entry of await readdir(path, { withFileTypes: true })) if (entry.isDirectory()) await makeWritable(join(path, entry.name))
  }
  await makeWritable(folder).catch(() => undefined) // gone already, or no folder: rm says so if it matters
  await rm(folder, { recursive: true, force: true })
}
