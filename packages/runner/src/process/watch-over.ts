import { type ChildProcess, spawn } from 'node:child_process'
import type { ProcessIdentity } from '../state/record.js'
import { processErrors } from './errors.js'
import { startOf } from './platform.js'

/** What a supervisor tells its watchdog, one JSON line each. */
export type WatchdogLine =
  | { readonly tell: 'started'; readonly group: ProcessIdentity }
  | { readonly tell: 'ended'; readonly pid: number }
  | { readonly tell: 'temporary'; readonly file: string }
  | { readonly tell: 'kept'; readonly file: string }

/** The watchdog, as the supervisor sees it. */
export interface Watchdog {
  readonly identity: ProcessIdentity | undefined
  /** A process group that must not outlive the run. */
  started(group: ProcessIdentity): void
  ended(pid: number): void
  /** A file or folder, absolute, that must not outlive the run. */
  temporary(file: string): void
  /** It stays, or is gone already. */
  kept(file: string): void
  /** Lets the watchdog do its work, and resolves when it is done: nothing recorded is left. Twice is once. */
  end(): Promise<void>
}

/**
 * Starts the watchdog of a run: `program`, in a session of its own, at the other end of a pipe that breaks when this process dies.
 * One that dies itself is started again.
 *
 * `marker` stands as `MICRO_RUN` in the environment of all that the run starts.
 *
 * @throws MicroError `internal`/`SPAWN_FAILED`
 */
export function watchOver(program: string, marker: string): Watchdog {
  const groups = new Map<number, ProcessIdentity>()
  const files = new Set<string>()
  let isEnding = false
  let child = begin()
  let gone = exitOf(child)

  function begin(): ChildProcess {
    const started = spawn(process.execPath, [program], {
      detached: true,
      cwd: '/',
      // Not ours: a NODE_OPTIONS that hooks each node program would slow it down, or end it.
      env: { PATH: process.env['PATH'], MICRO_WATCHDOG_OF: marker },
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    if (started.pid === undefined) throw processErrors.spawnFailed('the watchdog', program, undefined)
    // The supervisor's end is what it waits for: a pipe that breaks on its side is told by 'exit'.
    started.stdin?.on('error', () => undefined)
    started.on('error', () => undefined)
    started.once('exit', () => {
      if (isEnding) return
      child = begin()
      gone = exitOf(child)
      for (const group of groups.values()) tell({ tell: 'started', group })
      for (const file of files) tell({ tell: 'temporary', file })
    })
    return started
  }
  const tell = (line: WatchdogLine) => void child.stdin?.write(`${JSON.stringify(line)}\n`)

  return {
    get identity() {
      const start = child.pid === undefined ? undefined : startOf(child.pid)
      return child.pid === undefined || start === undefined ? undefined : { pid: child.pid, start }
    },
    started(group) {
      groups.set(group.pid, group)
      tell({ tell: 'started', group })
    },
    ended(pid) {
      groups.delete(pid)
      tell({ tell: 'ended', pid })
    },
    temporary(file) {
      files.add(file)
      tell({ tell: 'temporary', file })
    },
    kept(file) {
      files.delete(file)
      tell({ tell: 'kept', file })
    },
    end() {
      isEnding = true
      child.stdin?.end()
      return gone
    },
  }
}

const exitOf = (child: ChildProcess) => new Promise<void>((resolve) => child.once('exit', () => resolve()))
