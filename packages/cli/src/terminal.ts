import { styleText } from 'node:util'

/** Where a command writes, and what it may assume of who reads. */
export interface Terminal {
  /** Data: what another program would want. */
  out(text: string): void
  /** Chatter: progress, notices, errors. */
  err(text: string): void
  /** One JSON value a line, on standard output. */
  json(value: unknown): void
  /** A line below all that is written, drawn again with each call; undefined takes it away. Nothing where {@link canRedraw} is false. */
  status(text: string | undefined): void
  /** A line that is written can be replaced: nobody keeps what went before. */
  readonly canRedraw: boolean
  /** Asks whoever {@link isInteractive} says is there, and gives the line that was typed; `''` at the end of the input. @throws an AbortError at Ctrl-C */
  ask(question: string): Promise<string>
  /** `--json` was given: data is JSON, and chatter stays short. */
  readonly wantsJson: boolean
  /** A person is there to be asked. */
  readonly isInteractive: boolean
  /** Columns of the terminal; 100 when there is none. */
  readonly columns: number
  readonly env: Readonly<Record<string, string | undefined>>
  readonly folder: string
  /** Text in a colour, or as it is when colours are not wanted. */
  style(format: Style, text: string): string
  /** Aborts at the first SIGINT or SIGTERM; `again` resolves at the second, if that comes more than half a second later. */
  readonly interrupts: Interrupts
}

/** The signals of whoever wants the command to end. */
export interface Interrupts {
  readonly signal: AbortSignal
  /** The first signal that came: 130 for SIGINT, 143 for SIGTERM; undefined while none has. */
  exitCode(): number | undefined
  readonly again: Promise<void>
  /** From here on signals do again what they do by themselves. */
  release(): void
}

/** What text can look like. */
export type Style = 'red' | 'green' | 'yellow' | 'cyan' | 'dim' | 'bold'

/** The terminal of this process. `NO_COLOR` wins over `FORCE_COLOR`, and both over what the terminal can do. */
export function processTerminal(options: { readonly wantsJson: boolean; readonly color: boolean }): Terminal {
  const { env } = process
  const forced = env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '0'
  const hasColor = options.color && (env['NO_COLOR'] ?? '') === '' && (forced || (process.stdout.isTTY && env['TERM'] !== 'dumb'))
  const canRedraw = process.stderr.isTTY && env['TERM'] !== 'dumb' && !options.wantsJson
  const line = statusLine(process.stderr)
  let interrupts: Interrupts | undefined
  return {
    out: (text) => line.above(() => void process.stdout.write(`${text}\n`)),
    err: (text) => line.above(() => void process.stderr.write(`${text}\n`)),
    json: (value) => void process.stdout.write(`${JSON.stringify(value)}\n`),
    status(text) {
      if (canRedraw) line.set(text)
    },
    canRedraw,
    async ask(question) {
      line.set(undefined)
      return askLine(question, this.interrupts.signal)
    },
    wantsJson: options.wantsJson,
    isInteractive: process.stdin.isTTY && process.stderr.isTTY && !options.wantsJson && env['CI'] === undefined,
    columns: process.stdout.columns ?? 100,
    env,
    folder: process.cwd(),
    style: (format, text) => (hasColor ? styleText(format, text, { validateStream: false }) : text),
    get interrupts() {
      return (interrupts ??= listenForInterrupts())
    },
  }
}

/** One line at the bottom of a terminal. No colours: it is cut to the terminal's width, so that it never becomes two. */
function statusLine(stream: NodeJS.WriteStream) {
  let shown: string | undefined
  const eraseLine = '\r\u001b[K'
  return {
    set(text: string | undefined): void {
      if (text === undefined && shown === undefined) return
      shown = text?.slice(0, (stream.columns || 80) - 1)
      stream.write(`${eraseLine}${shown ?? ''}`)
    },
    above(write: () => void): void {
      if (shown === undefined) return write()
      stream.write(eraseLine)
      write()
      stream.write(shown)
    },
  }
}

// Not in raw mode: what Ctrl-C does there is for whoever listens to SIGINT.
async function askLine(question: string, signal: AbortSignal): Promise<string> {
  const { createInterface } = await import('node:readline/promises')
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: false })
  const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')))
  try {
    return await Promise.race([lines.question(question, { signal }), ended])
  } catch (error) {
    // What the terminal shows for Ctrl-C stands behind the question.
    process.stderr.write('\n')
    throw error
  } finally {
    lines.close()
  }
}

// One Ctrl-C can come twice: the terminal sends it to the whole process group, and a parent (npm, timeout) passes it on.
const echoMs = 500

function listenForInterrupts(): Interrupts {
  const first = new AbortController()
  let exitCode: number | undefined
  let second = () => {}
  const again = new Promise<void>((resolve) => (second = resolve))
  let firstAtMs = 0
  const on = (code: number) => () => {
    if (exitCode === undefined) {
      exitCode = code
      firstAtMs = performance.now()
      first.abort()
    } else if (performance.now() - firstAtMs > echoMs) second()
  }
  const handlers = { SIGINT: on(130), SIGTERM: on(143), SIGHUP: on(129) } as const
  for (const [signal, handler] of Object.entries(handlers)) process.on(signal, handler)
  return {
    signal: first.signal,
    exitCode: () => exitCode,
    again,
    release() {
      for (const [signal, handler] of Object.entries(handlers)) process.removeListener(signal, handler)
    },
  }
}
