import type { Terminal } from './terminal.js'

/** A terminal for tests, and what was written to it. */
export interface RecordedTerminal extends Terminal {
  /** What went to standard output, a line each. */
  readonly outLines: string[]
  /** What went to standard error, a line each. */
  readonly errLines: string[]
}

/** A terminal without colours that remembers. */
export function recordedTerminal(changes: Partial<Terminal> = {}): RecordedTerminal {
  const outLines: string[] = []
  const errLines: string[] = []
  return {
    outLines,
    errLines,
    out: (text) => void outLines.push(...text.split('\n')),
    err: (text) => void errLines.push(...text.split('\n')),
    json: (value) => void outLines.push(JSON.stringify(value)),
    wantsJson: false,
    isInteractive: false,
    columns: 100,
    env: {},
    folder: '/nowhere',
    style: (_format, text) => text,
    interrupts: { signal: new AbortController().signal, exitCode: () => undefined, again: new Promise(() => {}), release() {} },
    ...changes,
  }
}
