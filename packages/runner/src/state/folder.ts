import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import type { Environment } from '../project/find.js'
import { stateErrors } from './errors.js'

/**
 * The folder of the state files, for this user alone: `$XDG_RUNTIME_DIR/micro`, else `micro-<uid>` in the system's temporary folder. It is there as long as
 * something runs.
 *
 * @throws MicroError `permission_denied`/`UNSAFE_FOLDER` when somebody else owns it or may write to it
 */
export function runtimeFolder(env: Environment = process.env): string {
  const { uid } = userInfo()
  const base = env['XDG_RUNTIME_DIR']
  const folder = base === undefined || base === '' ? join(tmpdir(), `micro-${uid}`) : join(base, 'micro')
  const found = statSync(folder, { throwIfNoEntry: false })
  if (found !== undefined && (found.uid !== uid || (found.mode & 0o022) !== 0)) throw stateErrors.unsafeFolder(folder)
  return folder
}

/** Writes a file into the folder, which is made if it is not there. */
export function writeInto(folder: string, file: string, text: string): void {
  for (let attempt = 1; ; attempt++) {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    try {
      return writeFileSync(file, text, { mode: 0o600 })
    } catch (error) {
      // Between the two the last run of this user has ended, and taken the folder along.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt === 3) throw error
    }
  }
}
