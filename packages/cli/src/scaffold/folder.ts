import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { MicroError } from '@microts/core/base'
import { scaffoldErrors } from './errors.js'

/**
 * Makes `folder` and lets `fill` write into it; when that fails, what was made is gone again. A folder that is there may be empty, no more.
 *
 * @throws `already_exists`/`TARGET_EXISTS`; `permission_denied` or `failed_precondition`/`TARGET_UNWRITABLE`; what `fill` throws of its own
 */
export async function fillFolder<T>(folder: string, fill: () => Promise<T>): Promise<T> {
  await assertFree(folder)
  let made: string | undefined
  try {
    // The topmost folder that was not there.
    made = await mkdir(folder, { recursive: true })
    return await fill()
  } catch (error) {
    await remove(made, folder)
    throw toScaffoldError(error, folder)
  }
}

/** A failure of the disk as one that says what to do; others as they are. */
export function toScaffoldError(error: unknown, path: string): unknown {
  if (MicroError.is(error) || typeof (error as NodeJS.ErrnoException | null)?.syscall !== 'string') return error
  const { code, path: at = path } = error as NodeJS.ErrnoException
  if (code === 'EEXIST' || code === 'ENOTDIR') return scaffoldErrors.fileInTheWay(at)
  return scaffoldErrors.notWritable(at, error as NodeJS.ErrnoException)
}

async function assertFree(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => undefined) // What cannot be looked at fails below, when it is written to.
  if (found === undefined) return
  if (!found.isDirectory()) throw scaffoldErrors.fileInTheWay(folder)
  if ((await readdir(folder)).length > 0) throw scaffoldErrors.notEmpty(folder)
}

async function remove(made: string | undefined, folder: string): Promise<void> {
  if (made !== undefined) return rm(made, { recursive: true, force: true })
  // It was there and empty, and stays so.
  const names = await readdir(folder).catch(() => [])
  for (const name of names) await rm(join(folder, name), { recursive: true, force: true })
}
