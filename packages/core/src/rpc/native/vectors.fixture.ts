import { setImmediate as turn } from 'node:timers/promises'
import { MicroError } from '../../base/index.js'
import type { Endpoint } from '../endpoint.js'
import { type NativeConnection, openNative } from './client.js'
import { duplexPair } from './duplex.fixture.js'
import { headerBytes, readU16 } from './frame.js'
import { json, served } from './pair.fixture.js'
import { prefaceBytes } from './preface.js'

/** The endpoints of docs/protocol.md. */
const endpoints: readonly Endpoint[] = [
  { name: 'Echo.Say', handle: (input) => input },
  {
    name: 'Orders.Get',
    handle: () => {
      throw new MicroError('not_found', 'Cannot find "7": it is gone', { reason: 'ORDER_NOT_FOUND', hint: 'Look elsewhere.' })
    },
  },
  { name: 'Orders.Wait', handle: () => new Promise(() => undefined) },
  { name: 'Orders.Large', handle: () => new Uint8Array(65_540).fill(0x61) },
  {
    name: 'Orders.List',
    async *handle() {
      yield 'a'
      yield 'b'
    },
  },
  {
    name: 'Orders.Sum',
    async handle(inputs) {
      let sum = 0
      for await (const input of inputs as AsyncIterable<number>) sum += input
      return sum
    },
  },
]

async function* oneTwo(): AsyncGenerator {
  yield 1
  yield 2
}

/** What is done in each of the page's vectors, by name. */
export const scenarios: Readonly<Record<string, (client: NativeConnection, server: ReturnType<typeof served>) => Promise<unknown>>> = {
  introduction: async () => undefined,
  'unary call': async (client) => {
    const route = client.route('orders', 'Echo.Say')
    await client.call(route, { item: 'tea' }, { timeoutMs: 1500 })
    await client.call(route, undefined, { timeoutMs: 1500, metadata: { traceparent: '00-1-2-01' } })
  },
  bytes: (client) => client.call(client.route('orders', 'Echo.Say'), Uint8Array.of(0, 255), { timeoutMs: 1500 }),
  error: (client) => client.call(client.route('orders', 'Orders.Get'), 7, { timeoutMs: 1500 }).catch(() => undefined),
  cancellation: async (client) => {
    const controller = new AbortController()
    const call = client.call(client.route('orders', 'Orders.Wait'), null, { timeoutMs: 1500, signal: controller.signal })
    for (let n = 0; n < 5; n++) await turn()
    controller.abort()
    await call.catch(() => undefined)
    await client.call(client.route('orders', 'Echo.Say'), 1, { timeoutMs: 1500 })
  },
  chunks: (client) => client.call(client.route('orders', 'Orders.Large'), undefined, { timeoutMs: 1500 }),
  'stream of outputs': async (client) => {
    for await (const _ of client.serverStream(client.route('orders', 'Orders.List'), undefined));
  },
  'stream of inputs': (client) => client.clientStream(client.route('orders', 'Orders.Sum'), oneTwo()),
  goaway: async (_, { connection }) => {
    connection.goaway()
    for (let n = 0; n < 5; n++) await turn()
  },
}

/** Bytes of one direction. */
export interface Sides {
  client: Buffer
  server: Buffer
}

/** Plays a scenario between two ends of ours, and gives all that crossed. The introduction is left out of the others. */
export async function record(name: string): Promise<Sides> {
  const all: { client: Buffer[]; server: Buffer[] } = { client: [], server: [] }
  const [socket, other] = duplexPair({ tap: (from, bytes) => all[from].push(bytes) })
  const server = served(other, { endpoints })
  const client = await openNative(socket, { json, remote: 'orders:1' })
  const skipped = name === 'introduction' ? 0 : 1
  const before = { client: all.client.length, server: all.server.length }
  await scenarios[name]?.(client, server)
  for (let n = 0; n < 5; n++) await turn()
  const found = {
    client: Buffer.concat(all.client.slice(before.client * skipped)),
    server: Buffer.concat(all.server.slice(before.server * skipped)),
  }
  socket.destroy()
  await server.connection.closed
  return found
}

/** Frames as the page writes them: the header, then the payload with its texts in quotes. */
export function show(bytes: Buffer, side: 'C' | 'S', hasPreface: boolean): string[] {
  const lines: string[] = []
  let at = 0
  if (hasPreface) {
    lines.push(`${side} ${written(bytes.subarray(0, prefaceBytes))}`)
    at = prefaceBytes
  }
  while (at < bytes.length) {
    const next = at + headerBytes + readU16(bytes, at)
    lines.push(`${side} ${hex(bytes.subarray(at, at + headerBytes))} ${written(bytes.subarray(at + headerBytes, next))}`.trimEnd())
    at = next
  }
  return lines
}

function written(payload: Buffer): string {
  const runs = payload.toString('latin1').match(/[\x20-\x7e]{3,}|[^]/g) ?? []
  return runs
    .map((run) => {
      if (run.length < 3) return hex(Buffer.from(run, 'latin1'))
      const same = /^(.)\1{20,}$/.exec(run)
      return same === null ? `'${run}'` : `'${same[1]}'*${run.length}`
    })
    .join(' ')
}

function hex(bytes: Buffer): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
}

/** The bytes that a line of the page stands for: hexadecimal numbers, texts in quotes, repeated with `*`, and a comment after `;`. */
export function bytesOf(line: string): Buffer {
  const parts: Buffer[] = []
  const pattern = /'((?:[^'])*)'(?:\*(\d+))?|([0-9a-f]{2})(?![0-9a-f])|;.*$|\s+|(.)/g
  for (const [, text, times, byte, wrong] of line.matchAll(pattern)) {
    if (wrong !== undefined) throw new Error(`"${wrong}" is no byte, in: ${line}`)
    if (text !== undefined) parts.push(Buffer.from(text.repeat(Number(times ?? 1)), 'latin1'))
    if (byte !== undefined) parts.push(Buffer.from(byte, 'hex'))
  }
  return Buffer.concat(parts)
}
