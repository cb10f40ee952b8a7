import fs from 'node:fs'
import { mkdir, open, readdir, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import type { Files, OpenFile } from './files.js'
import { lockFolder } from './lock.js'

// The callback API on a bare descriptor: a FileHandle costs several microseconds more each read.
const openDescriptor = promisify(fs.open)
const truncate = promisify(fs.ftruncate)
const dataSync = promisify(fs.fdatasync)
const stat = promisify(fs.fstat)
const close = promisify(fs.close)

/** The machine's own disk. */
export const nodeFiles: Files = {
  async makeFolder(folder) {
    const first = await mkdir(folder, { recursive: true, mode: 0o700 })
    if (first === undefined) return
    // A new folder is a name in the one above it, which has to be safe too.
    for (let made = folder; ; made = dirname(made)) {
      await syncFolder(dirname(made))
      if (made === first || made === dirname(made)) return
    }
  },
  lock: lockFolder,
  list: (folder) => readdir(folder),
  open: async (path, mode) => openFile(await openDescriptor(path, mode === 'read' ? 'r' : 'r+')),
  create: async (path) => openFile(await openDescriptor(path, 'wx+', 0o600)),
  rename: (from, to) => rename(from, to),
  remove: (path) => unlink(path),
  syncFolder,
}

function openFile(descriptor: number): OpenFile {
  return {
    read: (into, position) =>
      new Promise((resolve, reject) => {
        fs.read(descriptor, into, 0, into.byteLength, position, (error, count) => (error === null ? resolve(count) : reject(error)))
      }),
    write: (bytes, position) =>
      new Promise((resolve, reject) => {
        fs.write(descriptor, bytes, 0, bytes.byteLength, position, (error, count) => (error === null ? resolve(count) : reject(error)))
      }),
    // The size is part of the data; the time of the last change, which fsync would write as well, is not needed.
    sync: () => dataSync(descriptor),
    truncate: (size) => truncate(descriptor, size),
    size: async () => (await stat(descriptor)).size,
    close: () => close(descriptor),
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
