import { spawn } from 'node:child_process'
import { microBin, type Outcome } from './micro.js'

/** What whoever sits at the terminal does: types `type` when `sees` is shown after what was seen before. Ctrl-C is `\u0003`. */
export interface Turn {
  readonly sees: string
  readonly type: string
}

/**
 * Runs `micro <words>` on a terminal of its own. What is shown, both streams and what is echoed, is `out`. A turn whose text never comes does not hold
 * the command up for longer than `withinMs` (20 s).
 */
export async function microOnTerminal(
  machine: { readonly env: Readonly<Record<string, string>> },
  folder: string,
  words: readonly string[],
  turns: readonly Turn[],
  withinMs = 20_000,
): Promise<Outcome> {
  const quoted = [process.execPath, microBin, ...words].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
  // Its own input is no terminal, so what is written to it goes to that of the command; -e: its exit code is the command's.
  const child = spawn('script', ['--quiet', '--return', '--command', quoted, '/dev/null'], {
    cwd: folder,
    env: { ...machine.env, TERM: 'xterm', SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), withinMs)
  let out = ''
  let err = ''
  let read = 0
  const waiting = [...turns]
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
    const [turn] = waiting
    const at = turn === undefined ? -1 : out.indexOf(turn.sees, read)
    if (turn === undefined || at === -1) return
    waiting.shift()
    read = at + turn.sees.length
    child.stdin.write(turn.type)
  })
  const code = await new Promise<number | null>((resolve, reject) => child.once('close', resolve).once('error', reject))
  clearTimeout(timer)
  return { code, out, err }
}
