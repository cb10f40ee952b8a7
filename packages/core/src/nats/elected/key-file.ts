import { natsErrors } from '../errors.js'

/** A secret that the processes of this user can read, and nobody else. */
export interface KeyFile {
  /** Absolute. It is no secret: others are told where to read. */
  readonly path: string
  readonly key: Buffer
  remove(): void
}

const keyBytes = 32
const suffix = '.micro-key'

/**
 * Writes a new key for `project` in the first of `folders` that can be made, or is, this user's alone. What a process that was killed has left there is written over.
 *
 * @throws `failed_precondition`/`KEY_FOLDER_INVALID`
 */
export function writeKeyFile(project: string, folders: readonly string[] = keyFolders()): KeyFile {
  const fs = process.getBuiltinModule('node:fs')
  const { createHash, randomBytes } = process.getBuiltinModule('node:crypto')
  const name = createHash('sha256').update(`${project}\n${networkNamespace()}`).digest('hex').slice(0, 32)
  const key = randomBytes(keyBytes)
  let lastError: unknown
  for (const folder of folders) {
    const path = `${folder}/${name}${suffix}`
    const temporary = `${path}-${randomBytes(6).toString('hex')}`
    try {
      fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
      if (!isPrivate(fs.lstatSync(folder), 'folder')) throw new Error('it is not a folder of this user alone (mode 0700)')
      fs.writeFileSync(temporary, key.toString('hex'), { mode: 0o600, flag: 'wx' })
      fs.renameSync(temporary, path)
      return { path, key, remove: () => removeOwn(path, key, folder) }
    } catch (error) {
      removeQuietly(temporary)
      lastError = error
    }
  }
  throw natsErrors.keyFolderInvalid(folders, lastError)
}

/**
 * Reads the key at `path`, which somebody has named who may be anybody: undefined unless it is a key file that this user alone can have written.
 */
export function readKeyFile(path: string): Buffer | undefined {
  const fs = process.getBuiltinModule('node:fs')
  if (!path.startsWith('/') && !/^[A-Za-z]:[\\/]/.test(path)) return undefined
  if (!path.endsWith(suffix)) return undefined
  let file: number | undefined
  try {
    // Not followed if it is a link, not waited for if it is a pipe.
    file = fs.openSync(path, fs.constants.O_RDONLY | (fs.constants.O_NOFOLLOW ?? 0) | (fs.constants.O_NONBLOCK ?? 0))
    const stat = fs.fstatSync(file)
    if (!isPrivate(stat, 'file') || stat.size !== keyBytes * 2) return undefined
    const text = fs.readFileSync(file, 'latin1')
    return /^[0-9a-f]{64}$/.test(text) ? Buffer.from(text, 'hex') : undefined
  } catch {
    // It is not there, or not for us.
    return undefined
  } finally {
    if (file !== undefined) fs.closeSync(file)
  }
}

interface Stat {
  readonly uid: number
  readonly mode: number
  isFile(): boolean
  isDirectory(): boolean
}

function isPrivate(stat: Stat, what: 'file' | 'folder'): boolean {
  const uid = process.getuid?.()
  const isRight = what === 'file' ? stat.isFile() : stat.isDirectory()
  // Where there are no user ids (Windows), a user's temporary folder is closed to others by itself.
  return isRight && (uid === undefined || (stat.uid === uid && (stat.mode & 0o077) === 0))
}

function keyFolders(): readonly string[] {
  const temporary = `${process.getBuiltinModule('node:os').tmpdir()}/micro-broker-${process.getuid?.() ?? 'user'}`
  const runtime = process.env['XDG_RUNTIME_DIR']
  return runtime?.startsWith('/') === true ? [`${runtime}/micro-broker`, temporary] : [temporary]
}

// An abstract socket is one's own in each of them, while the folder may be the same.
function networkNamespace(): string {
  try {
    return process.getBuiltinModule('node:fs').readlinkSync('/proc/self/ns/net')
  } catch {
    // Only Linux has them.
    return ''
  }
}

function removeOwn(path: string, key: Buffer, folder: string): void {
  const fs = process.getBuiltinModule('node:fs')
  try {
    if (fs.readFileSync(path, 'latin1') === key.toString('hex')) fs.rmSync(path)
    fs.rmdirSync(folder)
  } catch {
    // Another project's key is in the folder too, or somebody has removed it.
  }
}

function removeQuietly(path: string): void {
  try {
    process.getBuiltinModule('node:fs').rmSync(path, { force: true })
  } catch {
    // It was never there.
  }
}
