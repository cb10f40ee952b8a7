import { randomBytes } from 'node:crypto'
import { link, open, rename, stat, unlink, type FileHandle } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { pid, platform } from 'node:process'
import { fileErrors } from './errors.js'

/**
 * Locks `folder` for this process: a second one is told who has it. A lock dies with its holder, in whatever way that ends, because it is a socket
 * that somebody listens on; a lock file with a process id would outlive it, and means nothing in another container.
 *
 * On Linux there are two. One has a name in the kernel, which two can never take at once, but other containers have names of their own.
 * The other is a file `lock` in the folder, which reaches every container that shares it; where nobody listens any more, it is replaced, and the first
 * lock makes sure that two processes do not replace it at the same time. macOS has only the second.
 *
 * @throws `failed_precondition`/`STORE_LOCKED`
 */
export async function lockFolder(folder: string, warn: (message: string) => void): Promise<() => Promise<void>> {
  const releases: (() => Promise<void>)[] = []
  const release = async () => {
    for (const one of releases.splice(0).reverse()) await one()
  }
  try {
    if (platform === 'linux') releases.push(await lockByName(folder))
    releases.push(await lockByFile(folder, warn))
  } catch (error) {
    await release()
    throw error
  }
  return release
}

async function lockByName(folder: string): Promise<() => Promise<void>> {
  const { dev, ino } = await stat(folder, { bigint: true })
  const name = `\0microts-store-file-${dev}-${ino}`
  try {
    const server = await listen(name)
    return () => stop(server)
  } catch (error) {
    if (codeOf(error) !== 'EADDRINUSE') throw error
    const holder = await ask(name)
    throw fileErrors.locked(folder, holder === 'nobody' ? undefined : holder.pid)
  }
}

async function lockByFile(folder: string, warn: (message: string) => void): Promise<() => Promise<void>> {
  const handle = platform === 'linux' ? await open(folder, 'r') : undefined
  const path = join(folder, 'lock')
  const ownName = `lock.${pid}.${randomBytes(4).toString('hex')}.tmp`
  let server: Server | undefined
  try {
    server = await listen(reach(folder, handle, ownName))
    await takeName(folder, handle, ownName)
  } catch (error) {
    if (server !== undefined) await stop(server)
    await handle?.close()
    // Some shared folders of virtual machines have no sockets. The kernel's own lock holds there, within one machine.
    if (handle === undefined || !noSockets.has(codeOf(error) ?? '')) throw error
    warn(`"${folder}" cannot hold a socket, so the store is locked within this machine (and container) only`)
    return async () => undefined
  }
  const held = server
  return async () => {
    await removeIfThere(path)
    await stop(held)
    await handle?.close()
  }
}

const noSockets = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL', 'ENOSYS'])

// The socket listens before it gets the name that others look at, so that a socket of that name that nobody listens on is always a left one.
async function takeName(folder: string, handle: FileHandle | undefined, ownName: string): Promise<void> {
  const own = join(folder, ownName)
  const left = `${own}.left`
  try {
    for (;;) {
      try {
        return await link(own, join(folder, 'lock'))
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error
      }
      const holder = await ask(reach(folder, handle, 'lock'))
      if (holder !== 'nobody') throw fileErrors.locked(folder, holder.pid)
      await rename(join(folder, 'lock'), left).catch((error: unknown) => {
        // Another process was faster: the next turn sees its lock.
        if (codeOf(error) !== 'ENOENT') throw error
      })
      await removeIfThere(left)
    }
  } finally {
    await removeIfThere(own)
  }
}

// A socket's path has 108 bytes at most. Through the open folder it is short however deep that lies.
function reach(folder: string, handle: FileHandle | undefined, name: string): string {
  return handle === undefined ? join(folder, name) : `/proc/self/fd/${handle.fd}/${name}`
}

function listen(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on('error', () => {
        // Whoever asked is gone; that is its affair.
      })
      socket.end(String(pid))
    })
    server.once('error', reject)
    server.listen({ path, exclusive: true }, () => {
      server.unref()
      resolve(server)
    })
  })
}

// A holder that is stopped does not answer, but the kernel accepts for it. It holds the lock all the same.
const answerWithinMs = 500

function ask(path: string): Promise<'nobody' | { readonly pid: number | undefined }> {
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect(path)
    const done = (outcome: 'nobody' | { readonly pid: number | undefined }) => {
      socket.destroy()
      resolve(outcome)
    }
    const toPid = () => ({ pid: /^\d+$/.test(answer) ? Number(answer) : undefined })
    socket.setTimeout(answerWithinMs, () => done(toPid()))
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')))
    socket.on('end', () => done(toPid()))
    socket.on('error', (error) => done(gone.has(codeOf(error) ?? '') ? 'nobody' : { pid: undefined }))
  })
}

const gone = new Set(['ECONNREFUSED', 'ENOENT', 'ENOTSOCK'])

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}

async function removeIfThere(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error
  })
}

const codeOf = (error: unknown): string | undefined => (error as { readonly code?: string } | null)?.code
