import { realpath, rename, rm, stat, writeFile } from 'node:fs/promises'

/** Replaces a file that is there, at once: whoever reads it meanwhile, or after a power cut, has the old text or the new one. Its mode stays. */
export async function writeWhole(file: string, text: string): Promise<void> {
  // A link is followed: what it points to is replaced, not the link.
  const target = await realpath(file)
  const temporary = `${target}.${process.pid}`
  const { mode } = await stat(target)
  try {
    await writeFile(temporary, text, { flag: 'wx', mode })
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
