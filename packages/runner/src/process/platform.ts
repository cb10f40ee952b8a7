/** What differs between Linux and macOS: who a process is, which processes a run has left, who has a port. */
import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync, readlinkSync } from 'node:fs'

/** A process, for messages. */
export interface PortOwner {
  readonly pid: number
  /** As `ps` shows it, at most 120 characters. */
  readonly command: string
}

const isLinux = process.platform === 'linux'

/** When a process was started, in the system's notation; undefined when there is no such process, or only what its parent has yet to collect. */
export function startOf(pid: number): string | undefined {
  if (isLinux) {
    const fields = statOf(pid)
    return fields === undefined || fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
  }
  const [state = '', ...date] =
    ask('ps', ['-o', 'stat=,lstart=', '-p', String(pid)])
      ?.trim()
      .split(/\s+/) ?? []
  return state === '' || state.startsWith('Z') ? undefined : date.join(' ')
}

/** Processes whose environment has `MICRO_RUN=<marker>`: what a run started, whatever became of its groups. Linux only; elsewhere none are found. */
export function processesOf(marker: string): number[] {
  if (!isLinux) return []
  const wanted = `MICRO_RUN=${marker}`
  return pids().filter((pid) => {
    const environment = readOrNothing(`/proc/${pid}/environ`)
    return environment !== undefined && environment.split('\0').includes(wanted) && startOf(pid) !== undefined
  })
}

/** The process that listens on a TCP port of this machine; undefined when nothing does or the system does not tell (another user's). */
export function ownerOf(port: number): PortOwner | undefined {
  const pid = isLinux
    ? listenerOnLinux(port)
    : Number(ask('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-t'])?.split('\n')[0]) || undefined
  return pid === undefined ? undefined : { pid, command: commandOf(pid) }
}

/** The command line of a process, at most 120 characters; `?` when it has none. */
export function commandOf(pid: number): string {
  const line = isLinux ? readOrNothing(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ') : ask('ps', ['-o', 'command=', '-p', String(pid)])
  // eslint-disable-next-line no-control-regex -- a command line is whatever its process wants it to be, and this one is shown in a terminal
  const shown = (line ?? '').replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ').trim()
  return shown === '' ? '?' : shown.slice(0, 120)
}

/** Fields 3 and following of /proc/<pid>/stat; the command before them may hold spaces and brackets. */
function statOf(pid: number): string[] | undefined {
  const stat = readOrNothing(`/proc/${pid}/stat`)
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
}

function listenerOnLinux(port: number): number | undefined {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  const inodes = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) =>
    (readOrNothing(file) ?? '')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      // 0A is LISTEN.
      .filter(([, local, , state]) => state === '0A' && local?.endsWith(`:${hex}`) === true)
      .map((fields) => `socket:[${fields[9]}]`),
  )
  return inodes.length === 0 ? undefined : pids().find((pid) => openFilesOf(pid).some((file) => inodes.includes(file)))
}

function openFilesOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`)
      } catch {
        return '' // closed since it was listed
      }
    })
  } catch {
    return [] // ended since it was listed, or another user's
  }
}

function pids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
}

function readOrNothing(file: string): string | undefined {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return undefined // no such process any more, or another user's
  }
}

function ask(command: string, args: readonly string[]): string | undefined {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 2000 })
  } catch {
    return undefined // the command is not there, or found nothing
  }
}
