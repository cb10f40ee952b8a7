import { randomUUID } from 'node:crypto'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A RabbitMQ server of this machine, running. */
export interface RealServer {
  readonly port: number
  readonly tlsPort: number
  readonly url: string
  /** Sends all of it a signal: SIGSTOP, SIGCONT. */
  signal(signal: NodeJS.Signals): void
  /** Ends it as a crash would, and starts it again at the same place with what it has kept. Between the two, `meanwhile`. */
  restart(meanwhile?: () => Promise<void>): Promise<void>
  /** Runs `rabbitmqctl` with these words on it. */
  ctl(...words: string[]): Promise<string>
  /** Ends it, and removes its folder. Twice is once. */
  stop(): Promise<void>
}

// Debian's rabbitmq-server on the PATH would run as another user, in another folder.
const command = '/usr/lib/rabbitmq/bin/rabbitmq-server'

/** Why a test with a real server cannot run here, or false. */
export const noServer: string | false = existsSync(command) ? false : 'needs: rabbitmq-server'

const startMs = 120_000

/**
 * Starts one on loopback, with ports, a folder, a node name, a cookie and an epmd of its own, so that several run at once.
 * `settings`: lines of rabbitmq.conf. Takes seconds: once a test file.
 */
export async function startServer(options: { readonly settings?: (folder: string, tlsPort: number) => string } = {}): Promise<RealServer> {
  const folder = mkdtempSync(join(tmpdir(), 'broker-rabbitmq-'))
  const [port, tlsPort, distPort, epmdPort] = await freePorts(4)
  const node = `rabbit${port}@localhost`
  const env = {
    PATH: process.env['PATH'],
    LANG: 'C.UTF-8',
    HOME: folder,
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: node,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distPort),
    RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_LOGS: '-',
    RABBITMQ_PID_FILE: join(folder, 'pid'),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(folder, 'none.config'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
  }
  writeFileSync(join(folder, '.erlang.cookie'), randomUUID(), { mode: 0o400 })
  writeFileSync(join(folder, 'enabled_plugins'), '[].')
  // What is free on the disk of a test machine is nobody's business here: below the limit RabbitMQ takes no messages.
  writeFileSync(join(folder, 'rabbitmq.conf'), `disk_free_limit.absolute = 1MB\n${options.settings?.(folder, tlsPort ?? 0) ?? ''}\n`)
  const epmdArguments = ['-port', String(epmdPort), '-address', '127.0.0.1', '-relaxed_command_check']
  const epmd = spawn('epmd', epmdArguments, { env, stdio: 'ignore', detached: true })
  // All that was started and may still run.
  const started: ChildProcess[] = [epmd]
  // A test run that is ended from outside leaves nothing behind either.
  const endAtExit = () => started.forEach((each) => signalGroup(each, 'SIGKILL'))
  const exit = () => process.exit(1)
  process.once('exit', endAtExit).once('SIGTERM', exit).once('SIGINT', exit)
  let child = await start()
  let stopping: Promise<void> | undefined

  return {
    port: port ?? 0,
    tlsPort: tlsPort ?? 0,
    url: `amqp://127.0.0.1:${port}`,
    signal: (signal) => signalGroup(child, signal),
    async restart(meanwhile) {
      await end(child)
      await meanwhile?.()
      child = await start()
    },
    async ctl(...words) {
      const ctl = spawn('/usr/lib/rabbitmq/bin/rabbitmqctl', ['-q', '-n', node, ...words], { env, stdio: ['ignore', 'pipe', 'pipe'] })
      let out = ''
      for (const stream of [ctl.stdout, ctl.stderr]) stream.on('data', (chunk: Buffer) => (out += chunk.toString()))
      const [code] = (await once(ctl, 'close')) as [number]
      if (code !== 0) throw new Error(`rabbitmqctl ${words.join(' ')} ended with ${code}: ${out}`)
      return out
    },
    stop: () => (stopping ??= stop()),
  }

  async function stop(): Promise<void> {
    await Promise.all([end(child), end(epmd)])
    process.off('exit', endAtExit).off('SIGTERM', exit).off('SIGINT', exit)
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }

  async function start(): Promise<ChildProcess> {
    const server = spawn(command, [], { env, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    started.push(server)
    let log = ''
    for (const stream of [server.stdout, server.stderr]) stream.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-4000)))
    const until = performance.now() + startMs
    while (!(await answers(port ?? 0))) {
      if (server.exitCode === null && performance.now() < until) continue
      await Promise.all([end(server), end(epmd)])
      throw new Error(`rabbitmq-server did not start: ${log}`)
    }
    return server
  }
}

/** Whether it speaks AMQP there: it listens a little before it does. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => socket.write(Buffer.from([65, 77, 81, 80, 0, 0, 9, 1])))
    socket.once('data', () => (socket.destroy(), resolve(true)))
    socket.on('error', () => undefined) // 'close' follows
    socket.once('close', () => setTimeout(() => resolve(false), 50))
  })
}

async function end(child: ChildProcess): Promise<void> {
  const closed = child.exitCode === null && child.signalCode === null ? once(child, 'close') : undefined
  // Its members may live on when the leader has ended.
  signalGroup(child, 'SIGKILL')
  await closed
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-(child.pid ?? Number.NaN), signal)
  } catch {
    // All of it has ended.
  }
}

/** Held all at once, so that none is given twice. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
