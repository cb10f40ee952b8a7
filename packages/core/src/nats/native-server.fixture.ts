import { spawn } from 'node:child_process'
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** For tests: a nats-server of this machine, running. */
export interface NativeServer {
  readonly pid: number
  readonly port: number
  readonly url: string
  /** Where its monitoring pages are, when `settings` ask for them. */
  readonly monitorUrl: string | undefined
  /** All that it has logged. */
  readonly log: () => string
  /** `SIGUSR2` makes it a lame duck. */
  signal(name: NodeJS.Signals): void
  /** As kill -9 does. */
  close(): Promise<void>
}

// Debian keeps it where an ordinary user's PATH does not look.
const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/local/bin']

/** For tests: where nats-server is, or undefined. */
export function findNativeServer(): string | undefined {
  return folders
    .map((folder) => join(folder, 'nats-server'))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        // Not in this folder.
        return false
      }
    })
}

/** For tests: starts nats-server at `path` on `port` of loopback (-1: a free one), with `settings` in its own format. */
export async function startNativeServer(path: string, settings = '', port = -1): Promise<NativeServer> {
  const folder = mkdtempSync(join(tmpdir(), 'micro-nats-'))
  writeFileSync(join(folder, 'server.conf'), `listen: "127.0.0.1:${port}"\n${settings}\n`)
  const child = spawn(path, ['-c', join(folder, 'server.conf')], { stdio: ['ignore', 'ignore', 'pipe'] })
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const close = async () => {
    child.kill('SIGKILL')
    await exited
    rmSync(folder, { recursive: true, force: true })
  }
  let log = ''
  const found = await new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => reject(new Error(`nats-server ended: ${log}`)))
    child.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString()
      const match = /Listening for client connections on 127\.0\.0\.1:(\d+)[\s\S]*Server is ready/.exec(log)
      if (match !== null) resolve(Number(match[1]))
    })
  })
  const monitorPort = /Starting http monitor on 127\.0\.0\.1:(\d+)/.exec(log)?.[1]
  const monitorUrl = monitorPort === undefined ? undefined : `http://127.0.0.1:${monitorPort}`
  return {
    pid: child.pid ?? 0,
    port: found,
    url: `nats://127.0.0.1:${found}`,
    monitorUrl,
    log: () => log,
    signal: (name) => void child.kill(name),
    close,
  }
}
