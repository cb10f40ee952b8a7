import { mkdir, open, readFile, rename, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { MicroError } from '@microts/core/base'
import { jsonStoreErrors } from './errors.js'

/** A JSON file that is replaced as a whole. */
export interface JsonFile {
  /** What it held when it was opened; undefined when it was not there. */
  readonly content: unknown
  /** Writes what `contentOf` gives. Resolves when that would survive a power cut. All who ask while the disk is at work share the next write. */
  save(): Promise<void>
  /** Resolves when no write is under way, whatever came of it. */
  settled(): Promise<void>
}

/**
 * Opens `file` for one process.
 *
 * @throws `data_loss`/`FILE_CORRUPT` when it is no JSON, `unavailable`/`FILE_UNUSABLE` when the disk fails; `save` also `aborted`/`FILE_CHANGED` when somebody else has written it
 */
export async function openJsonFile(file: string, contentOf: () => unknown): Promise<JsonFile> {
  let seen = await stampOf(file)
  const content = seen === 'none' ? undefined : await readJson(file)
  let running = Promise.resolve()
  let next: Promise<void> | undefined

  const write = async () => {
    next = undefined
    try {
      if ((await stampOf(file)) !== seen) throw jsonStoreErrors.changed(file)
      await replace(file, JSON.stringify(contentOf(), null, 2))
      seen = await stampOf(file)
    } catch (cause) {
      throw MicroError.is(cause) ? cause : jsonStoreErrors.unusable(file, cause)
    }
  }
  return {
    content,
    // After a write that failed comes the next one all the same: whoever waited for the first has been told.
    save: () => (next ??= running = running.then(write, write)),
    settled: () => running.catch(() => undefined),
  }
}

/** Tells two states of a file apart. A file that is replaced is another one on the disk. */
async function stampOf(file: string): Promise<string> {
  try {
    const { ino, mtimeMs, size } = await stat(file)
    return `${ino} ${mtimeMs} ${size}`
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return 'none'
    throw jsonStoreErrors.unusable(file, cause)
  }
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (cause) {
    throw jsonStoreErrors.corrupt(file, cause)
  }
}

/** A reader finds the old content or the new one, whole, and so does whoever starts after a power cut. */
async function replace(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const temporary = `${file}.tmp`
  await synced(temporary, 'w', text)
  await rename(temporary, file)
  await synced(dirname(file), 'r')
}

async function synced(path: string, flags: string, text?: string): Promise<void> {
  const handle = await open(path, flags, 0o600)
  try {
    if (text !== undefined) await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}
