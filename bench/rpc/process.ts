/** `process.js <serve|connect> <peer>`: one side of one peer, in a process of its own. It does what its parent says, and ends with it. */
import { payloadOf, type Peer } from './contract.js'
import { drive, type Round, type RoundOptions } from './load.js'
import { startProfile } from './profile.js'

/** What a parent may ask for. The answer is whatever it gives, or what went wrong. */
export type Command =
  | { readonly do: 'open'; readonly address?: string }
  | { readonly do: 'check'; readonly bytes: number }
  | { readonly do: 'round'; readonly bytes: number; readonly concurrency: number; readonly ms: number }
  | { readonly do: 'usage' }
  | { readonly do: 'profile' }
  | { readonly do: 'profiled' }
  | { readonly do: 'close' }

/** What a process uses. */
export interface Usage {
  readonly cpuUs: number
  readonly rssMiB: number
}

/** A round, and what was seen in its middle. */
export interface ObservedRound extends Round {
  /** Connections by what they go over: `64 x tcp`. An idle one may not be held to be one, so it is looked at under way. */
  readonly over: string
}

const [side = '', name = ''] = process.argv.slice(2)
// What libraries print is not for whoever reads the table.
const { peer } = (await import(new URL(`./peers/${name}.js`, import.meta.url).href)) as { peer: Peer }
let client: Awaited<ReturnType<Peer['connect']>> | undefined
let close: (() => Promise<unknown>) | undefined
let endProfile: ReturnType<typeof startProfile> | undefined
const inputs = new Map<number, unknown>()

process.on('message', ({ id, command }: { id: number; command: Command }) => {
  answer(command).then(
    (result) => process.send?.({ id, result }),
    (error: unknown) => process.send?.({ id, error: error instanceof Error ? error.message : String(error) }),
  )
})
process.on('disconnect', () => process.exit())
// The pipes to the parent are none of the peer's.
process.stderr.on('error', () => undefined)
const before = process.getActiveResourcesInfo()

async function answer(command: Command): Promise<unknown> {
  switch (command.do) {
    case 'open':
      return open(command.address)
    case 'check':
      return check(command.bytes)
    case 'round':
      return round(command.bytes, command)
    case 'usage':
      return usage()
    case 'profile':
      endProfile = startProfile()
      return undefined
    case 'profiled':
      return endProfile?.()
    case 'close':
      return close?.()
  }
}

async function open(address = ''): Promise<unknown> {
  if (side === 'serve') {
    const server = await peer.serve()
    close = server.close
    return server.address
  }
  client = await peer.connect(address)
  close = client.close
  return undefined
}

function opened(): NonNullable<typeof client> {
  if (client === undefined) throw new Error('it is not connected')
  return client
}

function inputOf(bytes: number): unknown {
  if (!inputs.has(bytes)) {
    const payload = payloadOf(bytes)
    inputs.set(bytes, peer.prepare === undefined ? payload : peer.prepare(payload))
  }
  return inputs.get(bytes)
}

/** One call whose answer is looked at: what comes back must be what was sent. */
async function check(bytes: number): Promise<void> {
  const input = inputOf(bytes)
  const { call } = opened()
  const output = await new Promise((resolve, reject) => {
    call(input, resolve, reject)
  })
  const text = (value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : JSON.stringify(value))
  if (text(output) !== text(input)) throw new Error(`${bytes} bytes did not come back as they were sent`)
}

async function round(bytes: number, options: RoundOptions): Promise<ObservedRound> {
  let over = ''
  const timer = setTimeout(() => (over = connections()), options.ms / 2)
  const result = await drive(opened().call, inputOf(bytes), options)
  clearTimeout(timer)
  return { ...result, over }
}

function usage(): Usage {
  const { user, system } = process.cpuUsage()
  return { cpuUs: user + system, rssMiB: process.memoryUsage.rss() / 2 ** 20 }
}

function connections(): string {
  const now = process.getActiveResourcesInfo()
  const more = (type: string) => now.filter((found) => found === type).length - before.filter((found) => found === type).length
  const counts = { tcp: more('TCPSocketWrap'), unix: more('PipeWrap') }
  return Object.entries(counts)
    .flatMap(([kind, count]) => (count > 0 ? [`${count} x ${kind}`] : []))
    .join(', ')
}
