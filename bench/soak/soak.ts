import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { natsClient, type NatsClient, type NatsSubscription } from '../../packages/core/src/nats/index.js'

/** How to soak. */
export interface SoakOptions {
  readonly seed: number
  readonly forMs: number
  readonly onPhase?: (phase: Phase) => void
}

/** What one phase came to. */
export interface Phase {
  readonly number: number
  readonly kind: Kind
  readonly published: number
  readonly delivered: number
  /** Of the server's process, and this one's heap after a collection, where it can be asked for (`--expose-gc`). */
  readonly serverMiB: number
  readonly heapMiB: number
}

/** What all phases came to. */
export interface SoakOutcome {
  readonly phases: readonly Phase[]
  /** What was wrong, a line each. */
  readonly faults: readonly string[]
}

type Kind = (typeof kinds)[number]
const kinds = ['calm', 'calm', 'slow consumer', 'churn', 'kill', 'lame duck'] as const

const publishers = 3
const burst = 400
const maxFaults = 20

/** One subscriber, and what it has seen of each publisher. */
interface Watcher {
  readonly client: NatsClient
  readonly name: string
  readonly seen: Map<string, number>
  /** In this phase. */
  received: number
}

/**
 * Publishes and subscribes through clients of ours, at a server of ours in another process, while that is killed or asked to go, while others do not read what they
 * are sent, and while subscriptions come and go. What every message says is checked: of one publisher they come in order and none twice; none is lost while the
 * connection stands; what was published while it was lost arrives when it is back.
 */
export async function soak({ seed, forMs, onPhase = () => undefined }: SoakOptions): Promise<SoakOutcome> {
  const random = seeded(seed)
  const faults: string[] = []
  const fault = (text: string) => faults.length < maxFaults && faults.push(text)
  let server = await startServer(0)
  const { port } = server
  const open = () =>
    natsClient({
      servers: `nats://127.0.0.1:${port}`,
      reconnectBaseMs: 10,
      reconnectCapMs: 100,
      settleMs: 1000,
      random,
      onError: (error) => fault(`told: ${String(error)}`),
    })

  const clients = await Promise.all(Array.from({ length: 4 }, open))
  const [sender, ...listeners] = clients as [NatsClient, NatsClient, NatsClient, NatsClient]
  const next = Array.from({ length: publishers }, () => 0)
  const watchers = listeners.flatMap((client, index) => [
    watch(client, `plain ${index}`, 'soak.1', undefined),
    watch(client, `wild ${index}`, 'soak.>', undefined),
    watch(client, `group ${index}`, 'soak.*', 'workers'),
  ])
  await Promise.all(clients.map((client) => client.flush()))

  const phases: Phase[] = []
  const startedAt = performance.now()
  try {
    while (performance.now() - startedAt < forMs && faults.length === 0) {
      const kind = kinds[Math.floor(random() * kinds.length)] as Kind
      phases.push(await runPhase(kind, phases.length))
      onPhase(phases.at(-1) as Phase)
    }
  } finally {
    await Promise.all(clients.map((client) => client.close()))
    await server.kill()
  }
  return { phases, faults: [...faults, ...growth(phases)] }

  function watch(client: NatsClient, name: string, subject: string, queue: string | undefined): Watcher {
    const watcher: Watcher = { client, name, seen: new Map(), received: 0 }
    client.subscribe(
      subject,
      (message) => {
        const [publisher = '', number = ''] = Buffer.from(message.payload.buffer, message.payload.byteOffset, 24)
          .toString('latin1')
          .trim()
          .split(' ')
        const before = watcher.seen.get(publisher) ?? -1
        if (Number(number) <= before) fault(`${name}: ${publisher} ${number} came after ${before}`)
        watcher.seen.set(publisher, Number(number))
        watcher.received++
      },
      queue === undefined ? {} : { queue },
    )
    return watcher
  }

  async function runPhase(kind: Kind, number: number): Promise<Phase> {
    for (const watcher of watchers) watcher.received = 0
    const sent = Array.from({ length: publishers }, () => 0)
    if (kind === 'kill' || kind === 'lame duck') {
      const ended = kind === 'kill' ? server.kill() : server.leave()
      await Promise.all(clients.map((client) => until(() => client.state === 'reconnecting', `${kind}: the loss is seen`)))
      publish(sent, 1)
      await ended
      server = await startServer(port)
    } else {
      const isCutOff = kind === 'slow consumer' ? await readNothing(port) : undefined
      const end = kind === 'churn' ? churn(listeners[0]) : undefined
      for (let round = 0; round < 10; round++) {
        // What a socket takes unread is several MiB, on top of what the server lets wait.
        publish(sent, 4, isCutOff === undefined ? 500 : 4000)
        await sender.room()
        await new Promise((resolve) => setImmediate(resolve))
      }
      await sender.flush()
      end?.()
      if ((await isCutOff?.()) === false) fault('who does not read was not cut off')
    }
    // Twice: the second PONG of a listener comes after all that the server had for it when the sender's came.
    for (const who of [[sender], listeners, listeners]) await Promise.all(who.map((client) => client.flush()))
    check(kind, sent)
    const delivered = watchers.reduce((sum, { received }) => sum + received, 0)
    globalThis.gc?.()
    const heapMiB = process.memoryUsage().heapUsed / 2 ** 20
    return { number, kind, published: sum(sent), delivered, serverMiB: server.residentMiB(), heapMiB }
  }

  function publish(sent: number[], times: number, upToBytes = 500): void {
    for (let count = 0; count < burst * times; count++) {
      const publisher = Math.floor(random() * publishers)
      const payload = Buffer.alloc(24 + Math.floor(random() * upToBytes), ' ')
      payload.write(`p${publisher} ${next[publisher]}`, 'latin1')
      sender.publish(`soak.${publisher}`, payload)
      next[publisher] = (next[publisher] ?? 0) + 1
      sent[publisher] = (sent[publisher] ?? 0) + 1
    }
  }

  function check(kind: Kind, sent: readonly number[]): void {
    const all = sum(sent)
    const expect = (name: string, found: number, wanted: number) => {
      if (found !== wanted) fault(`${kind}: ${name} got ${found} of ${wanted}`)
    }
    for (const { name, received } of watchers) {
      if (name.startsWith('plain')) expect(name, received, sent[1] ?? 0)
      if (name.startsWith('wild')) expect(name, received, all)
    }
    const shared = watchers.filter(({ name }) => name.startsWith('group'))
    expect('the group', sum(shared.map(({ received }) => received)), all)
  }
}

/** Half the memory of the first phases that have settled, and of the last ones, must not lie far apart. */
function growth(phases: readonly Phase[]): string[] {
  const settled = phases.slice(Math.floor(phases.length / 5))
  const part = Math.floor(settled.length / 3)
  if (part < 5) return []
  const faults: string[] = []
  for (const key of ['heapMiB', 'serverMiB'] as const) {
    const values = settled.map((phase) => phase[key])
    const [first, last] = [median(values.slice(0, part)), median(values.slice(-part))]
    if (last > first * 1.25 + 16) faults.push(`${key} grew from ${first.toFixed(1)} to ${last.toFixed(1)}`)
  }
  return faults
}

/** A subscriber of everything that does not read: the server has to cut it off, and nobody else may notice. Gives what reads the rest, and says whether that ended. */
async function readNothing(port: number): Promise<() => Promise<boolean>> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  const closed = new Promise<boolean>((resolve) => socket.once('close', () => resolve(true)))
  await new Promise((resolve) => socket.once('connect', resolve))
  socket.pause()
  socket.write('CONNECT {"verbose":false}\r\nSUB soak.> 1\r\n')
  return async () => {
    socket.resume()
    const late = new Promise<boolean>((resolve) => setTimeout(resolve, 5000, false).unref())
    const isCutOff = await Promise.race([closed, late])
    socket.destroy()
    return isCutOff
  }
}

function churn(client: NatsClient): () => void {
  const standing: NatsSubscription[] = []
  for (let count = 0; count < 500; count++) standing.push(client.subscribe(`soak.*.${count}`, () => undefined))
  for (let count = 0; count < 500; count++) client.subscribe('soak.1', () => undefined, { max: 1 + (count % 7) })
  return () => {
    for (const one of standing) one.unsubscribe()
  }
}

interface ServerProcess {
  readonly port: number
  kill(): Promise<void>
  leave(): Promise<void>
  residentMiB(): number
}

async function startServer(port: number): Promise<ServerProcess> {
  const file = fileURLToPath(new URL('server.ts', import.meta.url))
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', file, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal)
    return exited
  }
  const found = await new Promise<number>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)))
    createInterface({ input: child.stdout as NonNullable<typeof child.stdout> }).once('line', (line) => resolve(Number(line)))
  })
  return { port: found, kill: () => end('SIGKILL'), leave: () => end('SIGTERM'), residentMiB: () => residentMiB(child.pid) }
}

function residentMiB(pid: number | undefined): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) / 1024
  } catch {
    // Only Linux tells.
    return 0
  }
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const giveUpAt = performance.now() + 20_000
  while (!condition()) {
    if (performance.now() > giveUpAt) throw new Error(`not within 20 s: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number

/** Mulberry32. */
function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
