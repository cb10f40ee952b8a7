import assert from 'node:assert/strict'
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chmodSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { after, before, test, type TestContext } from 'node:test'
import { build } from 'esbuild'
import { eventually } from './kit/micro.js'
import { makeSandbox, root, type Sandbox } from './kit/sandbox.js'

// Services as they run without any runner: `node main.js`, in the folder of a project. They are told what to publish on their standard input.
const program = `
import { createInterface } from 'node:readline'
import { createService, topic } from '@microts/core'

const say = (line) => process.stdout.write(JSON.stringify(line) + '\\n')
let broker
createInterface({ input: process.stdin }).on('line', (line) => {
  const { to, text } = JSON.parse(line)
  broker.publish(to, { text }).then(() => say({ published: text }), (error) => say({ refused: error.reason }))
})
await createService({
  name: process.env.PEER,
  topics: {
    news: topic({ queue: false }, (message, context) => say({ got: message.text, address: context.broker.bytes.address })),
    work: topic({ queue: 'workers' }, (message) => say({ worked: message.text })),
  },
  ready: (context) => void (broker = context.broker),
}).run({ plugins: [] })
process.stdin.destroy()
`

let sandbox: Sandbox
let main: string

before(async () => {
  sandbox = await makeSandbox()
  main = join(sandbox.folder, 'main.mjs')
  await build({
    stdin: { contents: program, resolveDir: root },
    outfile: main,
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@microts/source'],
    logLevel: 'error',
  })
})
after(() => sandbox.remove())

/** One line of a peer: of its own, or of its log. */
type Line = Readonly<Record<string, unknown>>

interface Peer {
  readonly name: string
  readonly child: ChildProcess
  readonly lines: Line[]
  readonly exited: Promise<number | null>
  publish(to: string, text: string): void
  /** The texts of what it got, in their order. */
  got(): unknown[]
  worked(): unknown[]
}

interface PeerOptions {
  readonly folder: string
  readonly env?: Record<string, string>
  readonly uid?: number
  /** A program that starts it, with its arguments. */
  readonly through?: readonly string[]
}

let names = 0

function start(t: TestContext, { folder, env = {}, uid, through = [] }: PeerOptions): Peer {
  const name = `peer-${names++}`
  const [command, ...words] = [...through, process.execPath, main]
  const child = spawn(command, words, {
    cwd: folder,
    env: { ...sandbox.env, PEER: name, MICRO_REGISTRY: 'memory', MICRO_STOP_GRACE_MS: '0', MICRO_CHANNEL_FD: '3', ...env },
    // The last one is its channel to whoever runs it, which says why it could not start.
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  })
  const lines: Line[] = []
  const read = (line: string) => lines.push(line.startsWith('{') ? (JSON.parse(line) as Line) : { line })
  for (const stream of child.stdio.slice(1)) createInterface({ input: stream as Readable }).on('line', read)
  child.stdin?.on('error', () => undefined)
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve))
  t.after(async () => {
    child.kill('SIGKILL')
    await exited
  })
  const values = (key: string) => lines.flatMap((line) => (key in line ? [line[key]] : []))
  return {
    name,
    child,
    lines,
    exited,
    publish: (to, text) => void child.stdin?.write(`${JSON.stringify({ to, text })}\n`),
    got: () => values('got'),
    worked: () => values('worked'),
  }
}

const has = (peer: Peer, fits: (line: Line) => boolean) => peer.lines.some(fits)
const isReady = (peer: Peer) => has(peer, ({ msg }) => msg === 'ready')
const shown = (peers: readonly Peer[]) => peers.map((peer) => `${peer.name}: ${JSON.stringify(peer.lines.slice(-8))}`).join('\n')

async function until(peers: readonly Peer[], condition: () => boolean, withinMs = 20_000) {
  try {
    await eventually(condition, withinMs)
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${shown(peers)}`, { cause: error })
  }
}

async function project(name: string) {
  const folder = join(sandbox.folder, name)
  await mkdir(folder)
  await writeFile(join(folder, 'micro.yml'), '')
  return folder
}

async function startAll(t: TestContext, count: number, options: PeerOptions): Promise<Peer[]> {
  const peers = Array.from({ length: count }, () => start(t, options))
  await until(peers, () => peers.every(isReady))
  return peers
}

let rounds = 0

/** Each says something, and all have to get it from each; gives where they all are. */
async function allMeet(peers: readonly Peer[], withinMs?: number): Promise<string> {
  const round = `round ${rounds++}`
  for (const peer of peers) peer.publish('news', `${round} ${peer.name}`)
  const wanted = peers.map((peer) => `${round} ${peer.name}`).sort()
  const ofRound = (peer: Peer) => peer.lines.filter(({ got }) => String(got).startsWith(`${round} `))
  await until(peers, () => peers.every((peer) => ofRound(peer).length >= wanted.length), withinMs)
  for (const peer of peers) {
    const texts = ofRound(peer).map(({ got }) => String(got))
    assert.deepEqual(texts.sort(), wanted, `${peer.name} got each once`)
  }
  const addresses = new Set(peers.flatMap((peer) => ofRound(peer).map(({ address }) => address)))
  assert.equal(addresses.size, 1, [...addresses].join())
  return String([...addresses][0])
}

/** Which of them listens there. */
function holderOf(peers: readonly Peer[], address: string): Peer {
  const port = Number(address.slice(address.lastIndexOf(':') + 1))
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  const listening = readFileSync('/proc/net/tcp', 'latin1')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((words) => words[1]?.endsWith(`:${hex}`) && words[3] === '0A')
    .map((words) => `socket:[${words[9]}]`)
  const found = peers.filter(
    ({ child }) => child.exitCode === null && child.signalCode === null && sockets(child.pid).some((one) => listening.includes(one)),
  )
  assert.equal(found.length, 1, `${found.length} listen at ${address}`)
  return found[0] as Peer
}

function sockets(pid: number | undefined): string[] {
  const folder = `/proc/${pid}/fd`
  return readdirSync(folder).flatMap((name) => {
    try {
      return [readlinkSync(join(folder, name))]
    } catch {
      // It was closed in between.
      return []
    }
  })
}

const onLinux = process.platform === 'linux' ? false : 'needs: Linux'
const asRoot = process.platform === 'linux' && process.getuid?.() === 0 ? false : 'needs: root on Linux'

test(
  'ten services started at once elect one server; after a kill -9 the others are served again within 2 s, again and again',
  { skip: onLinux },
  async (t) => {
    let peers = await startAll(t, 10, { folder: await project('shop') })
    let address = await allMeet(peers)

    for (let round = 0; round < 3; round++) {
      const holder = holderOf(peers, address)
      const others = peers.filter((peer) => peer !== holder)
      const before = others.map((peer) => peer.lines.length)
      const killedAt = performance.now()
      holder.child.kill('SIGKILL')
      // From here on the server is away, and what is published waits.
      await until(others, () =>
        others.every((peer, index) => peer.lines.slice(before[index]).some(({ msg }) => msg === 'the broker is reconnecting')),
      )
      for (let count = 0; count < 20; count++) others[0]?.publish('work', `job ${round} ${count}`)
      const found = await allMeet(others, 2000 - (performance.now() - killedAt))
      t.diagnostic(`all nine have got everything ${Math.round(performance.now() - killedAt)} ms after the kill`)

      assert.notEqual(found, address)
      const jobs = () => others.flatMap((peer) => peer.worked()).filter((text) => String(text).startsWith(`job ${round} `))
      await until(others, () => jobs().length >= 20)
      assert.equal(new Set(jobs()).size, 20)
      assert.equal(jobs().length, 20, 'each job was done once')
      holderOf(others, found)
      address = found
      peers = others
    }
  },
)

test('a service that ends in good order hands the server on, and the last one leaves nothing behind', { skip: onLinux }, async (t) => {
  const before = sandbox.files()
  const peers = await startAll(t, 4, { folder: await project('orderly') })
  for (let left = peers; left.length > 1;) {
    const holder = holderOf(left, await allMeet(left))
    holder.child.kill('SIGTERM')
    assert.equal(await holder.exited, 0, shown([holder]))
    left = left.filter((peer) => peer !== holder)
  }
  const [last] = peers.filter(({ child }) => child.exitCode === null)
  last?.child.kill('SIGTERM')

  assert.equal(await last?.exited, 0)
  assert.deepEqual(sandbox.files(), before)
})

test('services of two projects never meet', { skip: onLinux }, async (t) => {
  const [one, two] = [await startAll(t, 2, { folder: await project('one') }), await startAll(t, 2, { folder: await project('two') })]

  const addresses = await Promise.all([allMeet(one), allMeet(two)])

  assert.notEqual(addresses[0], addresses[1])
})

test('another user of the machine can neither join, nor read, nor be believed', { skip: asRoot }, async (t) => {
  const nobody = 65_534
  const folder = await project('guarded')
  const project_ = `guarded-${randomUUID()}`
  const env = { MICRO_PROJECT: project_ }
  // The program may be read by everyone; what the services keep to themselves lies elsewhere.
  chmodSync(sandbox.folder, 0o711)
  chmodSync(main, 0o644)
  const theirs = join(sandbox.folder, 'theirs')
  await mkdir(theirs)
  chmodSync(theirs, 0o777)
  const others = { folder: theirs, uid: nobody, env: { ...env, HOME: theirs, TMPDIR: theirs, XDG_RUNTIME_DIR: theirs } }
  const refused = (peer: Peer) => has(peer, ({ error }) => (error as { reason?: unknown } | undefined)?.reason === 'PLACE_NOT_OURS')

  const peers = await startAll(t, 2, { folder, env })
  const address = await allMeet(peers)
  const stranger = start(t, others)
  assert.notEqual(await stranger.exited, 0)
  assert.ok(refused(stranger), shown([stranger]))

  // By its port, which anyone can see.
  const port = Number(address.slice(address.lastIndexOf(':') + 1))
  const script = `require('net').connect(${port}, '127.0.0.1').on('data', (chunk) => process.stdout.write(chunk)).write('CONNECT {}\\r\\nSUB > 1\\r\\nPING\\r\\n')`
  const heard = execFileSync(process.execPath, ['-e', script], { uid: nobody, gid: nobody, cwd: '/', encoding: 'latin1' })
  assert.match(heard, /^INFO .*\r\n-ERR 'Authorization Violation'\r\n$/)
  await allMeet(peers)
  for (const peer of peers) {
    peer.child.kill('SIGKILL')
    await peer.exited
  }

  // Now the place is free, and the stranger takes it.
  const squatter = start(t, others)
  await until([squatter], () => isReady(squatter))
  const ours = start(t, { folder, env })
  assert.notEqual(await ours.exited, 0)
  assert.ok(refused(ours), shown([ours]))
})

test(
  'on a network the server of another machine is found through the registry, and its place taken when it is gone',
  { skip: asRoot },
  async (t) => {
    const id = randomUUID().slice(0, 6)
    const machines = [`micro-${id}-a`, `micro-${id}-b`] as const
    const ip = (...words: string[]) => execFileSync('ip', words, { stdio: ['ignore', 'pipe', 'pipe'] })
    t.after(() => {
      for (const name of machines) ip('netns', 'delete', name)
    })
    for (const name of machines) ip('netns', 'add', name)
    ip('link', 'add', 'lan', 'netns', machines[0], 'type', 'veth', 'peer', 'name', 'lan', 'netns', machines[1])
    for (const [index, name] of machines.entries()) {
      ip('-n', name, 'addr', 'add', `10.77.0.${index + 1}/24`, 'dev', 'lan')
      for (const device of ['lo', 'lan']) ip('-n', name, 'link', 'set', device, 'up')
    }
    const folder = await project('far')
    for (const name of ['run-0', 'run-1', 'tmp-0', 'tmp-1']) await mkdir(join(sandbox.folder, name), { mode: 0o700 })
    const startOn = (machine: number) =>
      start(t, {
        folder,
        through: ['ip', 'netns', 'exec', machines[machine] as string],
        env: {
          MICRO_REGISTRY: 'mdns',
          MICRO_BROKER_OPTIONS: JSON.stringify({ host: '0.0.0.0', token: 's3cret' }),
          // What lies on the disk of one machine is not on that of another.
          XDG_RUNTIME_DIR: join(sandbox.folder, `run-${machine}`),
          TMPDIR: join(sandbox.folder, `tmp-${machine}`),
        },
      })

    const first = startOn(0)
    await until([first], () => isReady(first))
    const peers = [first, startOn(1), startOn(1), startOn(0)]
    await until(peers, () => peers.every(isReady))
    const round = () => peers.filter(({ child }) => child.exitCode === null && child.signalCode === null)
    const meet = async () => {
      const texts = round().map((peer) => `${rounds++} ${peer.name}`)
      for (const [index, peer] of round().entries()) peer.publish('news', texts[index] as string)
      await until(peers, () => round().every((peer) => texts.every((text) => peer.got().includes(text))), 1000)
    }
    // Two machines may each have begun a server, since on a busy one the registry answers late: they find each other soon.
    const meetSoon = () =>
      eventually(() =>
        meet().then(
          () => true,
          () => false,
        ),
      )
    await meetSoon()

    first.child.kill('SIGKILL')
    await first.exited
    const killedAt = performance.now()
    await meetSoon()
    t.diagnostic(`the three met again ${Math.round(performance.now() - killedAt)} ms after the kill`)
  },
)
