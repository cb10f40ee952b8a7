import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import type { RunEvent } from '@microts/runner'
import { root, type Sandbox } from './sandbox.js'

/** What a command came to. */
export interface Outcome {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** The checkout's own `micro`. */
export const microBin = join(root, 'packages/cli/bin/micro.js')

/** Runs `micro <words>` in `folder` to its end. */
export async function micro(
  sandbox: Pick<Sandbox, 'env'>,
  folder: string,
  words: readonly string[],
  options: { readonly input?: string; readonly env?: Record<string, string>; readonly bin?: string } = {},
): Promise<Outcome> {
  const child = spawn(process.execPath, [options.bin ?? microBin, ...words], {
    cwd: folder,
    env: { ...sandbox.env, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.end(options.input ?? '')
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), exited])
  return { code, out, err }
}

/** A `micro up` or `micro run` that goes on. */
export interface LiveRun {
  readonly child: ChildProcess
  /** All events so far. */
  readonly events: RunEvent[]
  /** Resolves with the first event that fits, of the past or the future; rejects when the run ends without one, or after `withinMs` (30 s). */
  until<T extends RunEvent['type']>(
    type: T,
    fits?: (event: Extract<RunEvent, { type: T }>) => boolean,
    withinMs?: number,
  ): Promise<Extract<RunEvent, { type: T }>>
  /** Sends the signal, and resolves with the exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>
  readonly exited: Promise<number | null>
}

/** Starts `micro <words> --json` in `folder`. */
export function startMicro(
  sandbox: Pick<Sandbox, 'env'>,
  folder: string,
  words: readonly string[],
  options: { readonly env?: Record<string, string>; readonly bin?: string } = {},
): LiveRun {
  const child = spawn(process.execPath, [options.bin ?? microBin, ...words, '--json'], {
    cwd: folder,
    env: { ...sandbox.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const events: RunEvent[] = []
  const waiting = new Set<() => void>()
  const wake = () => waiting.forEach((check) => check())
  let isOver = false
  let complaint = ''
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()))
  createInterface({ input: child.stdout })
    .on('line', (line) => (events.push(JSON.parse(line) as RunEvent), wake()))
    .on('close', () => ((isOver = true), wake()))
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))

  return {
    child,
    events,
    exited,
    until: (type, fits = () => true, withinMs = 30_000) =>
      new Promise((resolve, reject) => {
        const done = (finish: () => void) => {
          waiting.delete(check)
          clearTimeout(timer)
          finish()
        }
        const check = () => {
          const found = events.find((event) => event.type === type && fits(event as never))
          if (found !== undefined) done(() => resolve(found as never))
          else if (isOver)
            done(() =>
              reject(new Error(`ended without "${type}":\n${events.map((event) => JSON.stringify(event)).join('\n')}\n${complaint}`)),
            )
        }
        const timer = setTimeout(
          () =>
            done(() =>
              reject(
                new Error(`no "${type}" within ${withinMs} ms:\n${events.map((event) => JSON.stringify(event)).join('\n')}\n${complaint}`),
              ),
            ),
          withinMs,
        )
        waiting.add(check)
        check()
      }),
    end: (signal) => (child.kill(signal), exited),
  }
}

/** Resolves when `condition` gives true, asking again now and then; rejects after `withinMs` (10 s). */
export async function eventually(condition: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<void> {
  const until = performance.now() + withinMs
  while (!(await condition())) {
    if (performance.now() > until) throw new Error(`did not come true within ${withinMs} ms: ${condition.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
