import type { Terminal } from './terminal.js'

/** A terminal for tests, and what was written to it. */
export interface RecordedTerminal extends Terminal {
  /** What went to standard output, a line each. */
  readonly outLines: string[]
  /** What went to standard error, a line each. */
  readonly errLines: string[]
  /** What the status line has shown, in order. */
  readonly statusLines: (string | undefined)[]
}

/** A terminal without colours that remembers. */
export function recordedTerminal(changes: Partial<Terminal> = {}): RecordedTerminal {
  const outLines: string[] = []
  const errLines: string[] = []
  const statusLines: (string | undefined)[] = []
  return {
    outLines,
    errLines,
    statusLines,
    out: (text) => void outLines.push(...text.split('\n')),
    err: (text) => void errLines.push(...text.split('\n')),
    json: (value) => void outLines.push(JSON.stringify(value)),
    status: (text) => void statusLines.push(text),
    canRedraw: false,
    ask: () => Promise.resolve(''),
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
