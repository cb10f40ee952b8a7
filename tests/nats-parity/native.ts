import { execFileSync, spawn } from 'node:child_process'
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A nats-server of this machine, running. */
export interface Native {
  readonly port: number
  readonly url: string
  signal(name: NodeJS.Signals): void
  /** Ends it as a crash would. */
  close(): Promise<void>
}

// Debian keeps it where an ordinary user's PATH does not look.
const path = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/local/bin']
  .map((folder) => join(folder, 'nats-server'))
  .find(isProgram)

/** Why a test with a real server cannot run here, or false. */
export const noNative: string | false = path === undefined ? 'needs: nats-server' : false

/** Starts one on loopback, on any free port unless one is given, with `settings` in its own format. */
export async function startNative(settings: string, wanted = -1): Promise<Native> {
  const folder = mkdtempSync(join(tmpdir(), 'nats-parity-'))
  writeFileSync(join(folder, 'server.conf'), `listen: "127.0.0.1:${wanted}"\n${settings}\n`)
  const child = spawn(path ?? 'nats-server', ['-c', join(folder, 'server.conf')], { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  let log = ''
  const port = await new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => reject(new Error(`nats-server ended: ${log}`)))
    child.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString()
      const found = /Listening for client connections on 127\.0\.0\.1:(\d+)[\s\S]*Server is ready/.exec(log)
      if (found !== null) resolve(Number(found[1]))
    })
  })
  const close = async () => {
    child.kill('SIGKILL')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
  return { port, url: `nats://127.0.0.1:${port}`, signal: (name) => void child.kill(name), close }
}

/** A key, and a certificate for 127.0.0.1 and localhost that is its own CA: in PEM, and where they lie. */
export interface Certificate {
  readonly keyFile: string
  readonly certFile: string
  readonly key: string
  readonly cert: string
  remove(): void
}

/** Makes one with openssl; the reason why not where there is none. */
export function makeCertificate(): Certificate | string {
  const folder = mkdtempSync(join(tmpdir(), 'nats-parity-'))
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const subject = ['-subj', '/CN=nats', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost', '-days', '2']
  const remove = () => rmSync(folder, { recursive: true, force: true })
  try {
    execFileSync('openssl', ['req', '-x509', ...curve, '-keyout', keyFile, '-out', certFile, ...subject], { stdio: 'ignore' })
  } catch {
    remove()
    return 'needs: openssl'
  }
  return { keyFile, certFile, key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8'), remove }
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false // not in this folder
  }
}
