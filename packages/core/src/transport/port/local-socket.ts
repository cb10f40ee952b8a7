import { connect, createServer, type Socket } from 'node:net'

// Node's other modules are fetched where they are used: a bundle hoists imports to its top, and they would be loaded before the first reply.

/** A Unix socket that takes connections. */
export interface LocalSocket {
  readonly path: string
  /** Takes none any more, removes the file, and resolves when the connections have ended. */
  close(): Promise<void>
}

// What fits into a socket's address on Linux (108 bytes) and macOS (104), with the zero at its end.
const maxPathBytes = 103
// Between the making of the file and the listening lies a moment in which a living one looks dead.
const settledMs = 60_000
const maxChecked = 256

/**
 * Listens on a Unix socket in this user's private folder. Undefined where it cannot be: another system, a folder that others can enter, a name too long for an address,
 * another process that has it. Sockets in there whose process has died are removed on the way.
 */
export async function listenOnSocket(
  name: string,
  onSocket: (socket: Socket) => void,
  maxConnections: number,
  base?: string,
): Promise<LocalSocket | undefined> {
  if (process.platform === 'win32') return undefined
  const { chmod, mkdir } = process.getBuiltinModule('node:fs/promises')
  const { join } = process.getBuiltinModule('node:path')
  const folder = localFolder(base)
  const path = join(folder, `${fileName(name)}.sock`)
  if (Buffer.byteLength(path) > maxPathBytes) return undefined
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    if (!(await isPrivate(folder))) return undefined
    await clean(folder, path)
    const server = createServer(onSocket)
    server.maxConnections = maxConnections
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ path }, () => {
        server.removeListener('error', reject)
        resolve()
      })
    })
    // What fails after this is the taking of one connection: the others go on.
    server.on('error', () => undefined)
    await chmod(path, 0o600)
    // node:net removes the file when it closes.
    return { path, close: () => new Promise((resolve) => server.close(() => resolve())) }
  } catch {
    // It is faster where it is, and nothing is lost where it is not: callers on this host use the port as others do.
    return undefined
  }
}

/**
 * Where the Unix sockets of this user are: `$XDG_RUNTIME_DIR/micro`, else `micro-<uid>` in the folder for temporary files. Others cannot enter it, so a path in it
 * that a registry tells can only lead to a process of this user.
 */
export function localFolder(base: string | undefined = process.env['XDG_RUNTIME_DIR']): string {
  const { join } = process.getBuiltinModule('node:path')
  const { tmpdir } = process.getBuiltinModule('node:os')
  return base === undefined || base === '' ? join(tmpdir(), `micro-${process.getuid?.() ?? 'user'}`) : join(base, 'micro')
}

/** Whether `path` is a socket of this user, in the folder that only this user can enter: what a client checks before it believes a registry. */
export async function isOwnSocket(path: string, base?: string): Promise<boolean> {
  const { dirname } = process.getBuiltinModule('node:path')
  const { lstat } = process.getBuiltinModule('node:fs/promises')
  const folder = localFolder(base)
  if (dirname(path) !== folder || !(await isPrivate(folder))) return false
  const file = await lstat(path).catch(() => undefined)
  return file?.isSocket() === true && file.uid === process.getuid?.()
}

async function isPrivate(folder: string): Promise<boolean> {
  const { lstat } = process.getBuiltinModule('node:fs/promises')
  // Not `stat`: a link that another user has put there would lead elsewhere.
  const found = await lstat(folder).catch(() => undefined)
  return found?.isDirectory() === true && found.uid === process.getuid?.() && (found.mode & 0o077) === 0
}

function fileName(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]/g, '_')
}

async function clean(folder: string, own: string): Promise<void> {
  const { lstat, readdir, unlink } = process.getBuiltinModule('node:fs/promises')
  const { join } = process.getBuiltinModule('node:path')
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sock')).slice(0, maxChecked)
  await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name)
      const file = await lstat(path)
      const isOld = path === own || Date.now() - file.mtimeMs > settledMs
      if (isOld && file.isSocket() && !(await isAlive(path))) await unlink(path)
    }),
  )
}

function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path }, () => {
      socket.destroy()
      resolve(true)
    })
    // Refused: nobody listens. Anything else (too many connections wait, no right to enter) is a living one.
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'))
  })
}
