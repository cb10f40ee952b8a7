import { watch } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'

// As much as the end of a log can hold of lines worth showing; what is before is in the file.
const maxTailBytes = 1 << 20

/** The last `count` lines of a file, without their line ends; none when it is not there. Looks at its last MiB only. */
export async function lastLines(file: string, count: number): Promise<string[]> {
  const size = await sizeOf(file)
  const lines = (await readRange(file, Math.max(0, size - maxTailBytes), size)).split('\n').slice(0, -1)
  return count === 0 ? [] : lines.slice(-count)
}

/** Hands over each whole line that is added to a file from now on, until `signal` aborts. A file that is rotated is read from its new beginning. */
export async function followFile(file: string, signal: AbortSignal, line: (text: string) => void): Promise<void> {
  let position = await sizeOf(file)
  let rest = ''
  let reading = Promise.resolve()
  const readOn = async () => {
    const size = await sizeOf(file)
    if (size < position) position = 0
    const lines = (rest + (await readRange(file, position, size))).split('\n')
    position = size
    rest = lines.pop() ?? ''
    lines.forEach(line)
  }
  if (signal.aborted) return
  await new Promise<void>((resolve) => {
    // The folder is watched, since a rotated file is another one under the same name.
    const watcher = watch(dirname(file), (_event, name) => {
      if (name === basename(file)) reading = reading.then(readOn)
    })
    signal.addEventListener('abort', () => (watcher.close(), resolve()), { once: true })
  })
  await reading
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  )
}

async function readRange(file: string, from: number, to: number): Promise<string> {
  if (to <= from) return ''
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(to - from), 0, to - from, from)
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await handle.close()
  }
}
