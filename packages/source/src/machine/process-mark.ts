import { execFileSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** The name of this process as `<pid>.<start>.<where>`: no later process has it, whatever number it gets. Fit for a file's name. */
export function markOfThisProcess(): string {
  return `${process.pid}.${startOf(process.pid) ?? 'unknown'}.${whereWeRun()}`
}

/**
 * Whether the process of a mark still runs. Of one on another machine or in another container, whose numbers mean nothing here, nothing is
 * known: `undefined`.
 */
export function isRunning(mark: string): boolean | undefined {
  const [pid = '', start, where] = mark.split('.')
  if (where !== whereWeRun() || !/^\d+$/.test(pid)) return undefined
  return startOf(Number(pid)) === start
}

/** Numbers of processes are told apart by the machine and by its process namespace. */
function whereWeRun(): string {
  const name = hostname().replaceAll(/[^A-Za-z0-9-]/g, '-')
  try {
    return `${name}-${/\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0'}`
  } catch {
    return `${name}-0` // no Linux: there are no namespaces to tell apart
  }
}

/** When a process began, as text without dots that is the same each time; undefined when it has ended. */
function startOf(pid: number): string | undefined {
  try {
    if (process.platform !== 'linux')
      return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)])
        .toString()
        .trim()
        .replaceAll(/\W+/g, '-')
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // Fields 3 and following; the command before them may hold spaces and brackets. The 22nd is the start, in ticks since boot.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
  } catch {
    return undefined // it has ended
  }
}
