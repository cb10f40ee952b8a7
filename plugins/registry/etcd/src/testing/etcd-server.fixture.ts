import { spawn, type ChildProcess } from 'node:child_process'
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** An etcd of this machine, running. */
export interface RealEtcd {
  readonly pid: number
  readonly url: string
  /** Asks its JSON gateway: `ask('kv/range', {...})`. */
  ask(path: string, body: object, token?: string): Promise<Readonly<Record<string, unknown>>>
  /** Ends it as a crash would; its data stays. */
  kill(): Promise<void>
  /** Starts it again at its port, with its data, or with none. */
  restart(options?: { readonly empty?: boolean }): Promise<void>
  signal(name: NodeJS.Signals): void
  /** Ends it, and removes its folder. Twice is once. */
  stop(): Promise<void>
}

const found = [...(process.env['PATH'] ?? '').split(':'), '/usr/bin', '/usr/local/bin']
  .map((folder) => join(folder, 'etcd'))
  .find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false // not in this folder
    }
  })

/** Why a test with a real etcd cannot run here, or false. */
export const noEtcd: string | false = found === undefined ? 'needs: etcd' : false

/** How to start a {@link RealEtcd}. */
export interface EtcdOptions {
  /** Further words of the command. */
  readonly args?: readonly string[]
  /** With TLS towards clients. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string }
}

/** Starts one on loopback, on free ports. */
export async function startEtcd(options: EtcdOptions = {}): Promise<RealEtcd> {
  return (await startEtcds(1, options))[0] as RealEtcd
}

/** Starts a cluster of `count` members. */
export async function startEtcds(count: number, { args = [], tls }: EtcdOptions = {}): Promise<readonly RealEtcd[]> {
  // A port is only free until somebody takes it.
  for (let attempt = 1; ; attempt++) {
    const ports = await freePorts(count * 2)
    const members = Array.from({ length: count }, (_, index) => ({
      name: `m${index}`,
      client: ports[index * 2] as number,
      peer: `http://127.0.0.1:${ports[index * 2 + 1]}`,
    }))
    const cluster = members.map(({ name, peer }) => `${name}=${peer}`).join(',')
    const started = members.map(({ name, client, peer }) => member({ name, client, peer, cluster, args, tls }))
    const outcomes = await Promise.allSettled(started.map((one) => one.restart()))
    const failure = outcomes.find((one) => one.status === 'rejected')
    if (failure === undefined) return started
    await Promise.all(started.map((one) => one.stop()))
    if (attempt === 3 || !/address already in use/.test(String(failure.reason))) throw failure.reason
  }
}

interface MemberOptions extends Required<Pick<EtcdOptions, 'args'>> {
  readonly name: string
  readonly client: number
  readonly peer: string
  readonly cluster: string
  readonly tls: EtcdOptions['tls']
}

function member({ name, client, peer, cluster, args, tls }: MemberOptions): RealEtcd {
  const folder = mkdtempSync(join(tmpdir(), 'registry-etcd-'))
  const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${client}`
  const security = tls === undefined ? [] : ['--cert-file', tls.certFile, '--key-file', tls.keyFile]
  const words = [
    `--name=${name}`,
    `--data-dir=${join(folder, 'data')}`,
    `--listen-client-urls=${url}`,
    `--advertise-client-urls=${url}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=${cluster}`,
    '--unsafe-no-fsync',
    '--logger=zap',
    '--log-level=warn',
    ...security,
    ...args,
  ]
  let child: ChildProcess | undefined
  let ended: Promise<void> = Promise.resolve()
  let log = ''

  const kill = async () => {
    child?.kill('SIGKILL')
    await ended
  }
  const ask: RealEtcd['ask'] = async (path, body, token) => {
    const response = await fetch(`${url}/v3/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: token === undefined ? {} : { authorization: token },
    })
    return (await response.json()) as Record<string, unknown>
  }

  return {
    get pid() {
      return child?.pid ?? 0
    },
    url,
    ask,
    kill,
    async restart({ empty = false } = {}) {
      await kill()
      if (empty) rmSync(join(folder, 'data'), { recursive: true, force: true })
      log = ''
      const started = spawn(found ?? 'etcd', words, { stdio: ['ignore', 'ignore', 'pipe'] })
      child = started
      let isEnded = false
      ended = new Promise((resolve) =>
        started.once('close', () => {
          isEnded = true
          resolve()
        }),
      )
      started.stderr.on('data', (chunk: Buffer) => (log = `${log}${chunk.toString()}`.slice(-4000)))
      while (!(await isHealthy(url, ask))) {
        if (isEnded) throw new Error(`etcd ended: ${log}`)
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    },
    signal: (signal) => void child?.kill(signal),
    async stop() {
      await kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** With TLS `fetch` does not trust it: that it answers at all is enough there. */
async function isHealthy(url: string, ask: RealEtcd['ask']): Promise<boolean> {
  try {
    const reply = await ask('kv/range', { key: 'AA==' })
    return reply['header'] !== undefined || /user name is empty/.test(String(reply['error']))
  } catch (error) {
    return url.startsWith('https:') && /CERT|SIGN/.test(String((error as { cause?: { code?: unknown } }).cause?.code))
  }
}

/** Ones that nobody listens on, each another. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
