import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { findNativeServer, startNativeServer } from '../../packages/core/src/nats/native-server.fixture.js'

/** A server under measurement, in a process of its own, that lets `bench` with the password `bench` in. */
export interface Measured {
  readonly name: string
  readonly port: number
  /** CPU time that it has used, in milliseconds; to 10 ms. */
  cpuMs(): number
  /** Resident memory, in MiB. */
  rssMiB(): number
  close(): Promise<void>
}

const settings = `authorization { users: [{ user: bench, password: bench, permissions: { publish: { deny: ["secret.>"] }, subscribe: { deny: ["secret.>"] } } }] }
http: "127.0.0.1:-1"`

/** The embedded server, bundled as it is where it is installed: what reads TypeScript would count as its memory. */
export async function startOurs(nodeOptions: readonly string[] = []): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'micro-bench-'))
  const program = join(folder, 'server.mjs')
  const entry = fileURLToPath(new URL('our-server.ts', import.meta.url))
  await build({
    entryPoints: [entry],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@microts/source'],
    logLevel: 'error',
  })
  const child = spawn(process.execPath, [...nodeOptions, program], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const close = async () => {
    child.kill('SIGTERM')
    if (child.exitCode === null) await once(child, 'exit')
    await rm(folder, { recursive: true, force: true })
  }
  return { name: 'embedded', port: Number(line.toString()), ...usage(child.pid ?? 0), close }
}

/** nats-server, or undefined where there is none. */
export async function startNative(): Promise<Measured | undefined> {
  const path = findNativeServer()
  if (path === undefined) return undefined
  const server = await startNativeServer(path, settings)
  return { name: 'nats-server', port: server.port, ...usage(server.pid), close: server.close }
}

// Of Linux alone, which is where this is measured.
function usage(pid: number): Pick<Measured, 'cpuMs' | 'rssMiB'> {
  return {
    cpuMs() {
      // What stands behind the name of the program, which may have blanks: state is field 3; utime and stime are 14 and 15, in hundredths of a second.
      const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? []
      return (Number(fields[11]) + Number(fields[12])) * 10
    },
    rssMiB: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) / 1024,
  }
}
