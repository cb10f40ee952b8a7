import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { RunEvent } from '@microts/runner'
import { detachedVariable } from './detached.js'
import { exitCodes } from './exit-code.js'
import { runEventWriter } from './render/run-event.js'
import { tryIt } from './render/try-it.js'
import type { Terminal } from './terminal.js'

/**
 * Runs `micro <words>` in the background: shows its events until all is ready, then leaves it. Ctrl-C before that stops it.
 *
 * The child writes its events to a pipe that this process holds; when it lets go the child goes on, since it does not mind a broken pipe.
 */
export async function detach(words: readonly string[], terminal: Terminal): Promise<number> {
  const child = spawn(process.execPath, [process.argv[1] as string, ...words, '--json'], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, [detachedVariable]: '1' },
  })
  const ended = new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? exitCodes.failure)))
  terminal.interrupts.signal.addEventListener('abort', () => child.kill('SIGINT'), { once: true })
  const write = terminal.wantsJson ? (event: RunEvent) => terminal.json(event) : runEventWriter(terminal)

  for await (const line of createInterface({ input: child.stdout })) {
    const event = JSON.parse(line) as RunEvent | { readonly type: 'error' }
    if (event.type === 'error') continue
    if (event.type !== 'log' || terminal.wantsJson) write(event)
    if (event.type !== 'running') continue
    if (!terminal.wantsJson) terminal.out([...tryIt(event.services), '', '`micro down` stops everything.'].join('\n'))
    child.stdout.destroy()
    child.unref()
    terminal.interrupts.release()
    return exitCodes.ok
  }
  return ended
}
