/** What runs and what listens, read from /proc: to compare before and after. Linux only. */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The processes that work in `folder` or were started from a file in it, without this one. A zombie has ended; only its number is left.
 *
 * @param {string} folder absolute
 * @returns {{ pid: number, command: string }[]}
 */
export function processesIn(folder) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const command = readFileSync(join('/proc', pid, 'cmdline'), 'utf8')
          .replaceAll('\0', ' ')
          .trim()
        const cwd = readlinkSync(join('/proc', pid, 'cwd'))
        return command !== '' && (command.includes(folder) || cwd === folder || cwd.startsWith(`${folder}/`))
          ? [{ pid: Number(pid), command }]
          : []
      } catch {
        return [] // it ended while we read, or belongs to another user
      }
    })
}

/**
 * TCP ports that are listened on, in order: by any process, or by `processes` alone.
 *
 * @param {{ pid: number }[]} [processes]
 * @returns {number[]}
 */
export function listeningPorts(processes) {
  const sockets = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap(listeners)
  const owned = processes === undefined ? undefined : new Set(processes.flatMap(({ pid }) => socketsOf(pid)))
  const ports = sockets.filter(({ inode }) => owned === undefined || owned.has(inode)).map(({ port }) => port)
  return [...new Set(ports)].sort((a, b) => a - b)
}

/** Lines of `/proc/net/tcp`: number, local address:port in hex, remote, state (0A is LISTEN), ..., the inode as the tenth word. */
function listeners(file) {
  let text
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return [] // a system without IPv6 has no tcp6
  }
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((words) => words[3] === '0A')
    .map((words) => ({ port: Number.parseInt(words[1].split(':')[1], 16), inode: words[9] }))
}

function socketsOf(pid) {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((descriptor) => {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${descriptor}`))?.[1]
      return inode === undefined ? [] : [inode]
    })
  } catch {
    return [] // it ended while we read
  }
}
