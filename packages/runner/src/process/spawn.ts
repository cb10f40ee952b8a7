import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import type { ProcessIdentity } from '../state/record.js'
import { type ChannelMessage, parseMessage } from './channel.js'
import { sendSignal } from './end-groups.js'
import { processErrors } from './errors.js'
import { lineSplitter } from './lines.js'
import { startOf } from './platform.js'

/** How to start a process. */
export interface Launch {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
  /** All of its environment. */
  readonly env: Readonly<Record<string, string>>
}

/** What a process says while it runs. */
export interface Listener {
  readonly onLine: (stream: 'stdout' | 'stderr', line: string) => void
  readonly onMessage: (message: ChannelMessage) => void
}

/** How a process ended. */
export interface Exit {
  readonly exitCode: number | null
  readonly signal: string | null
}

/** A process that was started, the leader of a group of its own. */
export interface Spawned extends ProcessIdentity {
  /** Resolves when it has ended and all that it wrote was read. Never rejects. */
  readonly exited: Promise<Exit>
  /** To the process alone; false when it has ended. */
  signal(signal: NodeJS.Signals): boolean
  /** To the process and whatever it started that has not left its group; false when none of them is left. */
  signalGroup(signal: NodeJS.Signals | 0): boolean
}

// A grandchild that has left the group may hold the pipes open for ever.
const drainMs = 500

/**
 * Starts a process in a group and session of its own, so that the terminal's Ctrl-C does not reach it and all of it can be ended at once.
 * Its channel is file descriptor 3.
 *
 * @throws MicroError `COMMAND_NOT_FOUND`, `PROCESS_LIMIT` or `SPAWN_FAILED`
 */
export async function spawnProcess(service: string, launch: Launch, listener: Listener): Promise<Spawned> {
  const child = begin(service, launch)
  const closed = [
    readLines(child.stdout, (line) => listener.onLine('stdout', line)),
    readLines(child.stderr, (line) => listener.onLine('stderr', line)),
    readLines(child.stdio?.[3] as Readable | undefined, (line) => {
      const message = parseMessage(line)
      if (message !== undefined) listener.onMessage(message)
    }),
  ]
  const { pid } = child
  if (pid === undefined) throw await failureOf(child, service, launch)
  child.on('error', () => undefined) // a signal that came too late
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (exitCode, signal) => {
      const drained = setTimeout(() => resolve({ exitCode, signal }), drainMs)
      void Promise.all(closed).then(() => {
        clearTimeout(drained)
        resolve({ exitCode, signal })
      })
    })
  })
  return {
    pid,
    // One that has ended already has none; it is never looked for then.
    start: startOf(pid) ?? '',
    exited,
    signal: (signal) => child.exitCode === null && child.signalCode === null && sendSignal(pid, signal),
    signalGroup: (signal) => sendSignal(-pid, signal),
  }
}

function begin(service: string, { command, args, cwd, env }: Launch): ChildProcess {
  try {
    return spawn(command, args, { cwd, env: { ...env, MICRO_CHANNEL_FD: '3' }, detached: true, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] })
  } catch (error) {
    throw processErrors.spawnFailed(service, command, error as NodeJS.ErrnoException)
  }
}

function failureOf(child: ChildProcess, service: string, launch: Launch): Promise<Error> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(processErrors.spawnFailed(service, launch.command, error)))
  })
}

// Out of descriptors, Node makes no streams at all.
function readLines(stream: Readable | null | undefined, onLine: (line: string) => void): Promise<void> {
  if (stream === null || stream === undefined) return Promise.resolve()
  const lines = lineSplitter(onLine)
  return new Promise((resolve) => {
    stream.on('data', (chunk: Buffer) => lines.push(chunk))
    stream.on('error', () => undefined) // 'close' follows
    stream.once('close', () => {
      lines.end()
      resolve()
    })
  })
}
