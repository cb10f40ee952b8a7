/**
 * The watchdog of a run, a program of its own: it reads what the supervisor starts and ends, one JSON line each, from its standard input. When that
 * ends, because the supervisor was done or was killed, it ends what is still recorded, and removes the run's temporary files.
 */
import { rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import type { ProcessIdentity } from '../state/record.js'
import { removeIfEmpty } from '../state/remove-if-empty.js'
import { endGroups } from './end-groups.js'
import type { WatchdogLine } from './watch-over.js'

const groups = new Map<number, ProcessIdentity>()
const files = new Set<string>()
const marker = process.env['MICRO_WATCHDOG_OF'] ?? ''

// The terminal's Ctrl-C is meant for the supervisor, which then says what is left.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)

for await (const line of createInterface({ input: process.stdin })) {
  const told = read(line)
  if (told === undefined) continue
  if (told.tell === 'started') groups.set(told.group.pid, told.group)
  else if (told.tell === 'ended') groups.delete(told.pid)
  else if (told.tell === 'temporary') files.add(told.file)
  else files.delete(told.file)
}
await endGroups([...groups.values()], marker)
for (const file of files) {
  const isFile = statSync(file, { throwIfNoEntry: false })?.isFile() === true
  rmSync(file, { recursive: true, force: true, maxRetries: 3 })
  // A file is the run's record, in a folder that is there as long as something of the user runs.
  if (isFile) removeIfEmpty(dirname(file))
}

function read(line: string): WatchdogLine | undefined {
  try {
    return JSON.parse(line) as WatchdogLine
  } catch {
    return undefined // cut off: the supervisor was killed while it wrote
  }
}
