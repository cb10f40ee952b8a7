/**
 * Who listens at `port` on this machine, as people would name it: `process 4711 (node server.js)`. Undefined where the system does not tell:
 * elsewhere than on Linux, or for the processes of another user.
 */
export async function portHolder(port: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined
  const { readFile, readdir, readlink } = await import('node:fs/promises')
  const read = (file: string) => readFile(file, 'utf8').catch(() => '')
  const tables = await Promise.all([read('/proc/net/tcp'), read('/proc/net/tcp6')])
  const links = new Set(tables.flatMap((table) => listeningInodes(table, port)).map((inode) => `socket:[${inode}]`))
  if (links.size === 0) return undefined

  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  for (const pid of pids) {
    const handles = await readdir(`/proc/${pid}/fd`).catch(() => [])
    for (const handle of handles) {
      const link = await readlink(`/proc/${pid}/fd/${handle}`).catch(() => '')
      if (links.has(link)) return `process ${pid} (${commandOf(await read(`/proc/${pid}/cmdline`))})`
    }
  }
  return undefined
}

// Columns of /proc/net/tcp: sl, local address (hex ip:port), remote, state (0A is LISTEN), …; the tenth is the inode.
function listeningInodes(table: string, port: number): string[] {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[1]?.endsWith(wanted) === true && columns[3] === '0A')
    .map((columns) => columns[9] ?? '')
}

function commandOf(cmdline: string): string {
  const command = cmdline.replaceAll('\0', ' ').trim()
  return command.length > 80 ? `${command.slice(0, 79)}…` : command
}
