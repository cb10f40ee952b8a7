/** One open file. Positions and sizes are in bytes. */
export interface OpenFile {
  /** Reads into `into` and gives how many bytes that were: fewer than it holds at the end of the file, and now and then elsewhere. */
  read(into: Uint8Array, position: number): Promise<number>
  /** Writes `bytes` and gives how many of them were written. */
  write(bytes: Uint8Array, position: number): Promise<number>
  /** Resolves when what was written, and the size, would survive a power cut. */
  sync(): Promise<void>
  truncate(size: number): Promise<void>
  size(): Promise<number>
  close(): Promise<void>
}

/** The disk, handed in, so that a test can make it full, break it, or cut its power. Errors are Node's, with their `code`. */
export interface Files {
  /** Makes the folder, for its owner alone, with those above it, and resolves when that would survive a power cut. One that is there stays as it is. */
  makeFolder(folder: string): Promise<void>
  /**
   * Keeps others from opening the folder until the function that it gives is called, or this process ends in whatever way.
   *
   * @throws `failed_precondition`/`STORE_LOCKED`
   */
  lock(folder: string, warn: (message: string) => void): Promise<() => Promise<void>>
  /** The names in `folder`. */
  list(folder: string): Promise<readonly string[]>
  /** Opens a file that is there. */
  open(path: string, mode: 'read' | 'write'): Promise<OpenFile>
  /** Makes a file, for its owner alone, that must not be there yet. */
  create(path: string): Promise<OpenFile>
  rename(from: string, to: string): Promise<void>
  remove(path: string): Promise<void>
  /** Resolves when the names in `folder` would survive a power cut. */
  syncFolder(folder: string): Promise<void>
}

/** Reads until `into` is full or the file ends; gives how many bytes that were. */
export async function readFully(file: OpenFile, into: Uint8Array, position: number): Promise<number> {
  let done = 0
  while (done < into.byteLength) {
    const read = await file.read(done === 0 ? into : into.subarray(done), position + done)
    if (read === 0) break
    done += read
  }
  return done
}

/** Writes all of `bytes`. When it rejects, any part of them may have been written. */
export async function writeFully(file: OpenFile, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0
  while (done < bytes.byteLength) done += await file.write(done === 0 ? bytes : bytes.subarray(done), position + done)
}
