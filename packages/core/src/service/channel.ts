import { closeSync, writeSync } from 'node:fs'

/** How a process tells its runner how it is: one JSON object a line. */
export interface Channel {
  say(line: { readonly type: 'ready' | 'failed' | 'stopping' } & Readonly<Record<string, unknown>>): void
  close(): void
}

/** The channel on file descriptor `fd`; undefined: nobody listens, and nothing is written. */
export function openChannel(fd: number | undefined): Channel {
  if (fd === undefined) return { say() {}, close() {} }
  return {
    say(line) {
      try {
        writeSync(fd, `${JSON.stringify(line)}\n`)
      } catch {
        // The runner is gone. A service outlives whoever started it; only a signal ends it.
      }
    },
    close() {
      try {
        closeSync(fd)
      } catch {
        // Closed already, or never open: either way there is nothing left to give back.
      }
    },
  }
}
