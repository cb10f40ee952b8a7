import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { type Clock, type MicroError, baseErrors, systemClock } from '@microts/core/base'
import { gitErrors } from './errors.js'

/** One call of git. */
export interface GitCall {
  readonly args: readonly string[]
  /** All of its environment. */
  readonly env: Readonly<Record<string, string>>
  /** Never a project: git would read the settings of a repository around it. */
  readonly cwd: string
  readonly input?: string
  /** For messages: the URL, or what is done. */
  readonly about: string
  readonly timeoutMs: number
  /** What it may print; beyond it, it is ended and `tooMuch` thrown. */
  readonly maxBytes: number
  readonly tooMuch: () => MicroError
  /** Gets what it prints instead of `stdout`; what it throws ends git. */
  readonly onOutput?: (chunk: Buffer) => void
  readonly onErrorOutput?: (text: string) => MicroError | undefined
  /** Called every {@link watchMs}; what it gives ends git and is thrown. */
  readonly watch?: () => MicroError | undefined
  readonly clock?: Clock
  readonly signal?: AbortSignal | undefined
}

/** How git ended. */
export interface GitEnd {
  readonly exitCode: number | null
  readonly stdout: Buffer
  /** Its end, at most 64 KiB. */
  readonly stderr: string
}

// A disk takes some 100 MB in this time, of a cap of 256.
const watchMs = 200
const keptErrors = 64 * 1024

/**
 * Runs git without a shell, in a process group of its own, and waits for its end. All of the group is killed when it takes too long, prints too
 * much, grows too much or the caller gives up.
 *
 * @throws MicroError `GIT_MISSING`, `REMOTE_SILENT`, `CANCELED`, or what `tooMuch`, `onOutput`, `onErrorOutput` and `watch` give
 */
export function runGit(call: GitCall): Promise<GitEnd> {
  const { clock = systemClock, signal } = call
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(baseErrors.canceled(call.about, signal.reason))
    const child = spawn('git', call.args, { env: call.env, cwd: call.cwd, detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
    let failure: Error | undefined
    const end = (error: Error) => {
      failure ??= error
      killGroup(child.pid)
    }
    const onAbort = () => end(baseErrors.canceled(call.about, signal?.reason))
    const stopWatching = [
      clock.after(call.timeoutMs, () => end(gitErrors.silent(call.about, call.timeoutMs))),
      every(clock, watchMs, () => {
        const error = call.watch?.()
        if (error !== undefined) end(error)
      }),
      () => signal?.removeEventListener('abort', onAbort),
    ]
    const settle = () => {
      for (const stop of stopWatching) stop()
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    const output = collect(child, call, end)
    child.on('error', (error: NodeJS.ErrnoException) => {
      settle()
      reject(error.code === 'ENOENT' ? gitErrors.gitMissing(error) : error)
    })
    child.on('close', (exitCode) => {
      settle()
      // Also when it ended by itself: it may have left something behind.
      killGroup(child.pid)
      if (failure === undefined) resolve({ exitCode, stdout: Buffer.concat(output.chunks), stderr: output.errors() })
      else reject(failure)
    })
    child.stdin.on('error', () => undefined) // it has ended early; 'close' says how
    child.stdin.end(call.input ?? '')
  })
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>

function collect(child: Child, call: GitCall, end: (error: Error) => void): { readonly chunks: Buffer[]; readonly errors: () => string } {
  const chunks: Buffer[] = []
  let bytes = 0
  let errors = ''
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > call.maxBytes) return end(call.tooMuch())
    try {
      if (call.onOutput === undefined) chunks.push(chunk)
      else call.onOutput(chunk)
    } catch (error) {
      end(error as Error)
    }
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-keptErrors)
    const error = call.onErrorOutput?.(errors)
    if (error !== undefined) end(error)
  })
  return { chunks, errors: () => errors }
}

function every(clock: Clock, periodMs: number, run: () => void): () => void {
  let cancel = clock.after(periodMs, again)
  function again() {
    run()
    cancel = clock.after(periodMs, again)
  }
  return () => cancel()
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // the group has ended, which is what was wanted
  }
}
