import { setImmediate as turn } from 'node:timers/promises'
import type { Duplex } from 'node:stream'
import type { Endpoint } from '../endpoint.js'
import { openNative } from './client.js'
import { duplexPair } from './duplex.fixture.js'
import { headerBytes, readU16 } from './frame.js'
import { json, seeded, served } from './pair.fixture.js'

async function* countTo(to: number): AsyncGenerator {
  for (let n = 0; n < to; n++) yield { n, text: 'x'.repeat(n * 20) }
}

const endpoints: readonly Endpoint[] = [
  { name: 'Fuzz.Echo', handle: (input) => input },
  { name: 'Fuzz.Later', handle: async (input) => input },
  { name: 'Fuzz.Down', handle: () => countTo(6) },
  {
    name: 'Fuzz.Both',
    async *handle(inputs) {
      for await (const input of inputs as AsyncIterable<unknown>) yield input
    },
  },
  { name: 'Fuzz.Never', handle: () => new Promise(() => undefined) },
]

/** All that a client can send, as one recording: calls of every shape, large ones, cancels, metadata. */
export async function recordClient(): Promise<Buffer> {
  const sent: Buffer[] = []
  const [socket, other] = duplexPair({ tap: (from, bytes) => from === 'client' && sent.push(bytes) })
  served(other, { endpoints })
  const client = await openNative(socket, { json, remote: 'fuzz:1', metadata: { 'micro-from-service': 'fuzz' } })
  const route = (name: string) => client.route('orders', `Fuzz.${name}`)
  const drain = async (stream: AsyncIterable<unknown>) => {
    for await (const _ of stream);
  }
  const controller = new AbortController()
  const never = client.call(route('Never'), { a: 1 }, { signal: controller.signal }).catch(() => undefined)
  await Promise.all([
    client.call(route('Echo'), { n: 1 }, { metadata: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' } }),
    client.call(route('Later'), 'é'.repeat(100), { timeoutMs: 500 }),
    client.call(route('Echo'), new Uint8Array([1, 2, 3])),
    client.call(route('Later'), 'y'.repeat(70_000)),
    client.call(route('Unknown'), null).catch(() => undefined),
    drain(client.serverStream(route('Down'), {})),
    drain(client.bidiStream(route('Both'), countTo(6))),
  ])
  controller.abort()
  await never
  await turn()
  await client.close()
  return Buffer.concat(sent)
}

/** The recording, changed in some places: bytes, lengths, whole frames twice, left out, or in another order. */
export function mutate(recording: Buffer, random: () => number): Buffer {
  const pieces: Buffer[] = [recording.subarray(0, 8)]
  for (let at = 8; at < recording.length;) {
    const next = Math.min(recording.length, at + headerBytes + readU16(recording, at))
    pieces.push(Buffer.from(recording.subarray(at, next)))
    at = next
  }
  const below = (limit: number) => Math.floor(random() * limit)
  const changes = 1 + below(4)
  for (let n = 0; n < changes; n++) {
    // The preface and the HELLO are spared most of the time, since all else is read behind them only.
    const at = random() < 0.9 ? Math.min(pieces.length - 1, 2 + below(Math.max(1, pieces.length - 2))) : below(pieces.length)
    const piece = pieces[at]
    if (piece === undefined || piece.length === 0) continue
    const kind = below(7)
    if (kind === 0) piece[below(piece.length)] = below(256)
    else if (kind === 1) piece[below(Math.min(piece.length, 16))] = below(256)
    else if (kind === 2) pieces.splice(at, 0, Buffer.from(piece))
    else if (kind === 3) pieces.splice(at, 1)
    else if (kind === 4) pieces.splice(below(pieces.length), 0, ...pieces.splice(at, 1))
    else if (kind === 5) pieces[at] = piece.subarray(0, below(piece.length))
    else pieces.splice(at, 0, Buffer.from(Array.from({ length: below(40) }, () => below(256))))
  }
  return Buffer.concat(pieces)
}

/** What one case left behind. */
export interface FuzzOutcome {
  /** `open`: the connection stood it; `closed`: it was ended by the server. */
  readonly state: 'open' | 'closed'
  /** Calls that are still in work after the connection has ended; 0, or something is kept. */
  readonly pending: number
}

/** Plays `bytes` to a server in segments of random sizes, waits until it is quiet, and hangs up. */
export async function play(bytes: Buffer, random: () => number): Promise<FuzzOutcome> {
  const [socket, other] = duplexPair()
  const { connection, dispatch } = served(other, { endpoints, settings: { maxBytes: 100_000, maxHeldBytes: 1_000_000 } })
  socket.on('error', () => undefined).on('data', () => undefined)
  const largest = random() < 0.3 ? 5 : 40_000
  for (let at = 0; at < bytes.length && !socket.destroyed;) {
    const next = Math.min(bytes.length, at + 1 + Math.floor(random() * (bytes.length - at < 2000 ? largest : Math.max(largest, 3000))))
    await written(socket, bytes.subarray(at, next))
    at = next
  }
  for (let n = 0; n < 10; n++) await turn()
  const state = socket.destroyed || socket.readableEnded ? 'closed' : 'open'
  socket.destroy()
  await connection.closed
  await turn()
  return { state, pending: connection.pending + dispatch.pending }
}

function written(socket: Duplex, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed || socket.writableEnded) return resolve()
    socket.once('close', resolve)
    socket.write(bytes, () => {
      socket.off('close', resolve)
      resolve()
    })
  })
}

/** `count` cases from `seed` on: how many connections stood them and how many were ended. Throws for a case that left something behind, with its seed. */
export async function fuzz(seed: number, count: number): Promise<{ readonly open: number; readonly closed: number }> {
  const recording = await recordClient()
  const outcomes = { open: 0, closed: 0 }
  for (let n = 0; n < count; n++) {
    const random = seeded(seed + n)
    const { state, pending } = await play(mutate(recording, random), random)
    if (pending !== 0) throw new Error(`seed ${seed + n}: ${pending} calls are left behind`)
    outcomes[state] += 1
  }
  return outcomes
}
