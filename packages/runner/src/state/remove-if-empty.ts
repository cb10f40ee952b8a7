import { rmdirSync } from 'node:fs'

/** Removes a folder if there is nothing in it. For the watchdog too, so it stands alone. */
export function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder)
  } catch {
    // Something is in it, or somebody else was first.
  }
}
