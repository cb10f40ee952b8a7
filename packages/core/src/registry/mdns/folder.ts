import { MicroError, type Clock } from '../../base/index.js'
import { registryErrors } from '../errors.js'
import { decodeService, encodeService } from '../json.js'
import type { ServiceRecord } from '../registry.js'
import type fs from 'node:fs/promises'

/** A node out of the folder. */
export interface FolderNode {
  /** With this node alone. */
  readonly service: ServiceRecord
  /** Of its lease, from now; absent when it stays. */
  readonly leftMs: number | undefined
}

/** A folder with a file for each node, for hosts whose network carries no multicast. Only processes of one user on one host share it. */
export interface RegistryFolder {
  readonly path: string
  /** Writes the file of a node, whole or not at all. */
  write(service: ServiceRecord, ttlMs: number | undefined): Promise<void>
  /** Removes the file. One that is not there is passed over. */
  remove(service: string, nodeId: string): Promise<void>
  /** The live nodes. Files of dead ones are removed on the way. A folder that is not there is empty. */
  read(): Promise<readonly FolderNode[]>
  /** Removes the files that were written, and the folders when they are empty then. */
  close(): Promise<void>
}

/** What is needed of node:fs/promises. */
export type FileSystem = Pick<
  typeof fs,
  'lstat' | 'mkdir' | 'readdir' | 'readFile' | 'rename' | 'rm' | 'rmdir' | 'stat' | 'utimes' | 'writeFile'
>

/** What a {@link RegistryFolder} works with. */
export interface FolderOptions {
  /** Above the folder. What is missing of it is made, for this user alone. */
  readonly root: string
  /** A file name. */
  readonly project: string
  readonly host: string
  readonly clock: Clock
  readonly random: () => number
  readonly fs: FileSystem
}

interface FileContent {
  readonly host: string
  readonly pid: number
  readonly expiresAtMs: number | undefined
  readonly service: ServiceRecord
}

// The owner touches its files this often; three missed touches, and it is gone (killed, or its container stopped).
const heartbeatMs = 10_000
const silentMs = 30_000
const maxFiles = 1000
const maxFileBytes = 1024 * 1024

/** The folder of a project. Nothing is made before the first `write`. */
export function registryFolder({ root, project, host, clock, random, fs }: FolderOptions): RegistryFolder {
  const path = `${root}/${project}`
  const own = new Map<string, { readonly service: ServiceRecord }>()
  let cancelBeat: (() => void) | undefined

  const beat = () => {
    cancelBeat = clock.after(heartbeatMs, beat, { background: true })
    const now = new Date(clock.now())
    // A file that somebody removed is not written again: the node is renewed by its register() soon enough.
    for (const file of own.keys()) fs.utimes(`${path}/${file}`, now, now).catch(() => undefined)
  }
  const readFile = async (file: string): Promise<FileContent | undefined> => {
    const { size, mtimeMs } = await fs.stat(`${path}/${file}`)
    const isSilent = Math.abs(clock.now() - mtimeMs) > silentMs
    if (size > maxFileBytes || isSilent) return undefined
    const content = parseContent(await fs.readFile(`${path}/${file}`, 'utf8'))
    // A process id says nothing about a process of another container.
    if (content === undefined || (content.host === host && !isAlive(content.pid))) return undefined
    return content.expiresAtMs !== undefined && content.expiresAtMs <= clock.now() ? undefined : content
  }
  const readOne = async (file: string): Promise<FolderNode | undefined> => {
    try {
      const content = await readFile(file)
      if (content === undefined) {
        await fs.rm(`${path}/${file}`, { force: true })
        return undefined
      }
      return { service: content.service, leftMs: content.expiresAtMs === undefined ? undefined : content.expiresAtMs - clock.now() }
    } catch {
      // It went away between listing and reading.
      return undefined
    }
  }

  return {
    path,
    async write(service, ttlMs) {
      const file = fileName(service.name, service.nodes[0]?.id ?? '')
      const temporary = `${path}/.${process.pid}-${Math.floor(random() * 2 ** 32).toString(36)}`
      const expiresAtMs = ttlMs === undefined ? null : clock.now() + ttlMs
      const head = JSON.stringify({ host, pid: process.pid, expiresAtMs }).slice(0, -1)
      try {
        await fs.mkdir(path, { recursive: true, mode: 0o700 })
        await checkPrivate(fs, root)
        await checkPrivate(fs, path)
        await fs.writeFile(temporary, `${head},"service":${encodeService(service)}}\n`, { mode: 0o600, flag: 'wx' })
        const now = new Date(clock.now())
        await fs.utimes(temporary, now, now)
        await fs.rename(temporary, `${path}/${file}`)
      } catch (error) {
        await fs.rm(temporary, { force: true }).catch(() => undefined)
        throw MicroError.is(error) ? error : registryErrors.unavailable(`write into the registry folder ${path}`, error)
      }
      own.set(file, { service })
      cancelBeat ??= clock.after(heartbeatMs, beat, { background: true })
    },
    async remove(service, nodeId) {
      const file = fileName(service, nodeId)
      own.delete(file)
      // Not being able to remove it is not being able to see it; a reader finds our process dead soon.
      await fs.rm(`${path}/${file}`, { force: true }).catch(() => undefined)
    },
    async read() {
      try {
        await checkPrivate(fs, path)
        const files = await fs.readdir(path)
        const nodes = await Promise.all(
          files
            .filter((file) => file.endsWith('.json'))
            .slice(0, maxFiles)
            .map(readOne),
        )
        return nodes.filter((one) => one !== undefined)
      } catch {
        // Mostly it is not there, since multicast works. One that is not ours alone is not believed.
        return []
      }
    },
    async close() {
      cancelBeat?.()
      if (own.size === 0) return
      await Promise.all([...own.keys()].map((file) => fs.rm(`${path}/${file}`, { force: true }).catch(() => undefined)))
      // Not empty: somebody else is still there.
      await fs
        .rmdir(path)
        .then(() => fs.rmdir(root))
        .catch(() => undefined)
    },
  }
}

// "@" is in no name, so that two pairs never give one file name.
function fileName(service: string, nodeId: string): string {
  return `${service}@${nodeId}.json`
}

async function checkPrivate(fs: FileSystem, path: string): Promise<void> {
  const stat = await fs.lstat(path)
  const uid = process.getuid?.()
  // In a temporary folder anybody may have made it before us, to read along or to lead our calls astray.
  const isPrivate = stat.isDirectory() && (uid === undefined || (stat.uid === uid && (stat.mode & 0o077) === 0))
  if (!isPrivate) throw registryErrors.unavailable(`use the registry folder ${path}`, 'it is not a folder of this user alone (mode 0700)')
}

function parseContent(json: string): FileContent | undefined {
  try {
    const { host, pid, expiresAtMs, service } = JSON.parse(json) as Readonly<Record<string, unknown>>
    if (typeof host !== 'string' || typeof pid !== 'number') return undefined
    const record = decodeService(JSON.stringify(service))
    if (record.nodes.length !== 1) return undefined
    return { host, pid, expiresAtMs: typeof expiresAtMs === 'number' ? expiresAtMs : undefined, service: record }
  } catch {
    // Not a file of ours.
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // EPERM: it lives, as another user's.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
