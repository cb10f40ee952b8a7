import type { ProcessIdentity } from '../state/record.js'
import { processesOf, startOf } from './platform.js'

// After this long what has not ended by itself is killed: together with the look after it, within the two seconds that are promised.
const graceMs = 1000
const killMs = 700
const lookMs = 25

/**
 * Ends process groups and whatever else carries the marker in its environment: SIGTERM, and after a second SIGKILL. Resolves when they are gone.
 *
 * A group is only touched while its leader is the process that was recorded: a number that was given out anew belongs to somebody else.
 * Node's built-ins only: the watchdog, which must start fast and live without us, is made of this.
 */
export async function endGroups(groups: readonly ProcessIdentity[], marker: string): Promise<void> {
  const left = () => leftOf(groups, marker)
  signalAll(left(), 'SIGTERM')
  if (await areGone(left, graceMs)) return
  signalAll(left(), 'SIGKILL')
  await areGone(left, killMs)
}

/** What is signalled: a group as a negative number, as kill(2) has it, or a single process. */
function leftOf(groups: readonly ProcessIdentity[], marker: string): number[] {
  const own = process.pid
  const led = groups.filter(({ pid, start }) => startOf(pid) === start).map(({ pid }) => -pid)
  const marked = processesOf(marker).filter((pid) => pid !== own)
  return [...led, ...marked]
}

async function areGone(left: () => number[], withinMs: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < withinMs; waitedMs += lookMs) {
    if (left().length === 0) return true
    await new Promise((resolve) => setTimeout(resolve, lookMs))
  }
  return left().length === 0
}

function signalAll(targets: readonly number[], signal: NodeJS.Signals): void {
  for (const target of targets) sendSignal(target, signal)
}

/** Sends a signal to a process, or to a group when the number is negative. A process that is gone already is no failure. */
export function sendSignal(target: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(target, signal)
    return true
  } catch {
    return false // it has ended, which is what was wanted
  }
}
