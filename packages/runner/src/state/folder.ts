import { mkdirSync, statSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import type { Environment } from '../project/find.js'
import { stateErrors } from './errors.js'

/**
 * The folder of the state files, made if it is not there, for this user alone: `$XDG_RUNTIME_DIR/micro`, else `micro-<uid>` in the system's
 * temporary folder.
 *
 * @throws MicroError `permission_denied`/`UNSAFE_FOLDER` when somebody else owns it or may write to it
 */
export function runtimeFolder(env: Environment = process.env): string {
  const { uid } = userInfo()
  const base = env['XDG_RUNTIME_DIR']
  const folder = base === undefined || base === '' ? join(tmpdir(), `micro-${uid}`) : join(base, 'micro')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const { mode, uid: owner } = statSync(folder)
  if (owner !== uid || (mode & 0o022) !== 0) throw stateErrors.unsafeFolder(folder)
  return folder
}
