import { fstatSync, writeSync } from 'node:fs'
import { textOf, type Environment } from './environment.js'
import { serviceErrors } from './errors.js'

/** How a process tells its runner how it is: one JSON object a line. It stays open as long as the process lives. */
export interface Channel {
  say(line: { readonly type: 'ready' | 'failed' | 'stopping' } & Readonly<Record<string, unknown>>): void
}

/**
 * The channel on the file descriptor that `MICRO_CHANNEL_FD` names. None is named: nobody listens, and nothing is written.
 *
 * @throws `invalid_argument`/`ENVIRONMENT_INVALID` when it is no number
 */
export function openChannel(env: Environment): Channel {
  const text = textOf(env, 'MICRO_CHANNEL_FD')
  if (text === undefined) return { say() {} }
  if (!/^\d{1,6}$/.test(text)) throw serviceErrors.environmentInvalid('MICRO_CHANNEL_FD', text, 'the number of a file descriptor')
  const fd = Number(text)
  if (!takesLines(fd)) return { say() {} }
  return {
    say(line) {
      try {
        writeSync(fd, `${JSON.stringify(line)}\n`)
      } catch {
        // The runner is gone. A service outlives whoever started it; only a signal ends it.
      }
    },
  }
}

// A process that inherited the variable but not the descriptor has something of Node's own under that number, often the event loop's.
function takesLines(fd: number): boolean {
  try {
    const stat = fstatSync(fd)
    return stat.isFIFO() || stat.isSocket() || stat.isFile() || stat.isCharacterDevice()
  } catch {
    // Nothing is open there.
    return false
  }
}
