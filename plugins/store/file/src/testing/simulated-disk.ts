import { basename, join } from 'node:path'
import type { Files, OpenFile } from '../files.js'

/** What a {@link SimulatedDisk} is asked to do. */
export type DiskOperation = 'create' | 'read' | 'write' | 'sync' | 'truncate' | 'rename' | 'remove' | 'syncFolder'

/** One folder of a disk in memory, for tests: it can be full, broken, and lose its power. */
export interface SimulatedDisk {
  readonly files: Files
  /** Writes beyond this many bytes in all files are cut short and refused with ENOSPC. */
  capacityBytes: number
  /** Asked before each operation; an error that it gives is thrown. `count`: how many operations came before. */
  onOperation: (operation: DiskOperation, name: string, count: number) => Error | undefined
  /** Nothing is done any more, and nothing that is asked is ever answered: the process was killed. */
  stop(): void
  /** A disk with what was written, all of it safe: what the next process finds after `kill -9`, and a while later. */
  afterKill(): SimulatedDisk
  /** The same disk, as the next process finds it after `kill -9`: what was written is there, and only what was synced is safe. */
  resumed(): SimulatedDisk
  /** A disk as it may be after a power cut: what was synced, and of the rest what `random` lets through, sector by sector. */
  afterPowerCut(random: () => number): SimulatedDisk
  /** The bytes of each file, by name; may be changed. */
  contents(): Map<string, Buffer>
}

interface Inode {
  data: Buffer
  safe: Buffer
  /** Since the last sync. */
  changes: { readonly at: number; readonly bytes: Buffer | undefined }[]
}

type NameChange = (names: Map<string, Inode>) => void

const sectorBytes = 512

/** A disk with these files, all of them safe. */
export function simulatedDisk(contents: ReadonlyMap<string, Buffer> = new Map()): SimulatedDisk {
  const inodes = [...contents].map(([name, data]): [string, Inode] => [name, { data, safe: data, changes: [] }])
  return diskOf(new Map(inodes), new Map(inodes), [])
}

function diskOf(names: Map<string, Inode>, safeAtStart: Map<string, Inode>, changesAtStart: readonly NameChange[]): SimulatedDisk {
  let safeNames = safeAtStart
  let nameChanges = [...changesAtStart]
  // Its own for each disk, so that those who wait for it are freed with it.
  const never = new Promise<never>(() => undefined)
  let count = 0
  let isStopped = false

  // Each operation takes a turn of the promise queue, as nothing of a disk is done at once.
  const begin = async (operation: DiskOperation, path: string) => {
    await Promise.resolve()
    if (isStopped) await never
    const error = disk.onOperation(operation, basename(path), count++)
    // Whoever was asked may have pulled the plug.
    if (isStopped) await never
    if (error !== undefined) throw error
  }
  const changeName = (change: NameChange) => {
    change(names)
    nameChanges.push(change)
  }
  const inodeAt = (path: string) => {
    const inode = names.get(basename(path))
    if (inode === undefined) throw failure('ENOENT')
    return inode
  }
  const usedBytes = () => [...new Set(names.values())].reduce((sum, { data }) => sum + data.length, 0)

  const openInode = (inode: Inode, path: string): OpenFile => ({
    async read(into, position) {
      await begin('read', path)
      return inode.data.copy(into, 0, position)
    },
    async write(bytes, position) {
      await begin('write', path)
      const room = disk.capacityBytes - usedBytes() + Math.max(0, inode.data.length - position)
      if (room <= 0) throw failure('ENOSPC')
      const written = Buffer.from(bytes.subarray(0, room))
      inode.data = overwrite(inode.data, written, position)
      inode.changes.push({ at: position, bytes: written })
      return written.length
    },
    async sync() {
      await begin('sync', path)
      inode.safe = inode.data
      inode.changes = []
    },
    async truncate(size) {
      await begin('truncate', path)
      inode.data = inode.data.subarray(0, size)
      inode.changes.push({ at: size, bytes: undefined })
    },
    size: async () => inode.data.length,
    close: async () => undefined,
  })

  const files: Files = {
    makeFolder: async () => undefined,
    lock: async () => async () => undefined,
    list: async () => [...names.keys()],
    open: async (path) => openInode(inodeAt(path), path),
    async create(path) {
      await begin('create', path)
      const inode: Inode = { data: Buffer.alloc(0), safe: Buffer.alloc(0), changes: [] }
      changeName((all) => all.set(basename(path), inode))
      return openInode(inode, path)
    },
    async rename(from, to) {
      await begin('rename', from)
      const inode = inodeAt(from)
      changeName((all) => {
        all.delete(basename(from))
        all.set(basename(to), inode)
      })
    },
    async remove(path) {
      await begin('remove', path)
      inodeAt(path)
      changeName((all) => all.delete(basename(path)))
    },
    async syncFolder(folder) {
      await begin('syncFolder', join(folder, '.'))
      safeNames = new Map(names)
      nameChanges = []
    },
  }

  const disk: SimulatedDisk = {
    files,
    capacityBytes: Infinity,
    onOperation: () => undefined,
    stop: () => void (isStopped = true),
    afterKill: () => simulatedDisk(new Map([...names].map(([name, { data }]) => [name, data]))),
    resumed: () => diskOf(names, safeNames, nameChanges),
    afterPowerCut(random) {
      const survived = new Map(safeNames)
      // A file system with a journal keeps the order of names; how far it came is up to chance.
      for (const change of nameChanges.slice(0, Math.floor(random() * (nameChanges.length + 1)))) change(survived)
      return simulatedDisk(new Map([...survived].map(([name, inode]) => [name, afterCut(inode, random)])))
    },
    contents: () => new Map([...names].map(([name, { data }]) => [name, data])),
  }
  return disk
}

// Each sector that was not synced is there or not, whatever was written before or after it.
function afterCut({ safe, changes }: Inode, random: () => number): Buffer {
  let data = safe
  for (const { at, bytes } of changes) {
    if (bytes === undefined) data = random() < 0.5 ? data : data.subarray(0, at)
    else
      for (let from = 0; from < bytes.length;) {
        const to = Math.min(bytes.length, from + sectorBytes - ((at + from) % sectorBytes))
        if (random() < 0.5) data = overwrite(data, bytes.subarray(from, to), at + from)
        from = to
      }
  }
  return data
}

function overwrite(data: Buffer, bytes: Buffer, at: number): Buffer {
  const changed = Buffer.alloc(Math.max(data.length, at + bytes.length))
  data.copy(changed)
  bytes.copy(changed, at)
  return changed
}

/** An error as Node's file system throws it. */
export function failure(code: string): Error {
  return Object.assign(new Error(`${code}: simulated`), { code })
}

/** Random numbers that are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
