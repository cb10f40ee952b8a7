import { spawn } from 'node:child_process'
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A nats-server of this machine, running. */
export interface RealServer {
  readonly pid: number
  readonly port: number
  readonly url: string
  /** Ends it as a crash would, and removes its folder. Twice is once. */
  stop(): Promise<void>
}

// Debian keeps it where an ordinary user's PATH does not look.
const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/local/bin']

const found = folders
  .map((folder) => join(folder, 'nats-server'))
  .find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false // not in this folder
    }
  })

/** Why a test with a real server cannot run here, or false. */
export const noServer: string | false = found === undefined ? 'needs: nats-server' : false

/** Starts one on loopback, on any free port unless one is given, with `settings` in its own format. */
export async function startServer(options: { readonly port?: number; readonly settings?: string } = {}): Promise<RealServer> {
  const { port: wanted = -1, settings = '' } = options
  const folder = mkdtempSync(join(tmpdir(), 'broker-nats-'))
  const file = join(folder, 'server.conf')
  writeFileSync(file, `listen: "127.0.0.1:${wanted}"\n${settings}\n`)
  const child = spawn(found ?? 'nats-server', ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const stop = async () => {
    child.kill('SIGKILL')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
  let log = ''
  const port = await new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => reject(new Error(`nats-server ended: ${log}`)))
    child.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString()
      const ready = /Listening for client connections on 127\.0\.0\.1:(\d+)[\s\S]*Server is ready/.exec(log)
      if (ready !== null) resolve(Number(ready[1]))
    })
  })
  return { pid: child.pid ?? 0, port, url: `nats://127.0.0.1:${port}`, stop }
}
