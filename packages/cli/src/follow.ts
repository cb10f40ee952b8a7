import { MicroError } from '@microts/core/base'
import type { Run, RunEvent } from '@microts/runner'
import { exitCodeOf, exitCodes } from './exit-code.js'
import { runEventWriter } from './render/run-event.js'
import { tryIt } from './render/try-it.js'
import type { Terminal } from './terminal.js'

/** Shows a run until it is over, and gives the exit code. The first Ctrl-C stops it, the second one kills what is left. */
export async function follow(run: Run, terminal: Terminal): Promise<number> {
  const { interrupts } = terminal
  const write = terminal.wantsJson ? (event: RunEvent) => terminal.json(event) : runEventWriter(terminal)
  let stopping: Promise<void> | undefined
  const stop = () => (stopping ??= run.stop())
  interrupts.signal.addEventListener('abort', () => void stop(), { once: true })
  void interrupts.again.then(() => run.stop())

  let failure: unknown
  void run.ready.catch((error: unknown) => {
    failure = error
    void stop()
  })
  for await (const event of run.events) {
    write(event)
    if (event.type === 'running' && !terminal.wantsJson)
      terminal.out([...tryIt(event.services), '', 'Ctrl-C stops everything.', ''].join('\n'))
  }
  await run.ended
  const interrupted = interrupts.exitCode()
  interrupts.release()
  if (interrupted !== undefined) return interrupted
  if (failure === undefined) return exitCodes.ok
  // The events have told it already, unless it is a mistake of ours.
  if (!MicroError.is(failure)) throw new Error('The run failed', { cause: failure })
  return exitCodeOf(failure)
}
