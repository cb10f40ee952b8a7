import assert from 'node:assert/strict'
import type { Duplex } from 'node:stream'
import { test } from 'node:test'
import { testClock } from '../../testing/index.js'
import type { Endpoint } from '../endpoint.js'
import { duplexPair } from './duplex.fixture.js'
import { readError } from './error-body.js'
import { frameFlag, frameOf, frameType, headerBytes, readU16, readU32 } from './frame.js'
import { echo, pair, type Served, served, type ServedOptions } from './pair.fixture.js'
import { preface } from './preface.js'

const turns = async (count = 8) => {
  for (let n = 0; n < count; n++) await new Promise((resolve) => setImmediate(resolve))
}

const u32 = (value: number) => [value >>> 24, value >>> 16, value >>> 8, value].map((byte) => byte & 0xff)

const hello = (changes: object = {}) =>
  frameOf(
    frameType.hello,
    0,
    0,
    Buffer.from(
      JSON.stringify({
        codecs: ['json', 'bytes'],
        maxBytes: 4_194_304,
        maxCalls: 4096,
        maxRoutes: 1024,
        maxParts: 8,
        creditBytes: 262_144,
        ...changes,
      }),
    ),
  )

const route = (number: number, endpoint: string, service = 'orders') =>
  frameOf(
    frameType.route,
    0,
    number,
    Buffer.concat([
      Buffer.from([service.length]),
      Buffer.from(service),
      Buffer.from([endpoint.length]),
      Buffer.from(endpoint),
      Buffer.from([0, 0]),
    ]),
  )

const call = (id: number, body: string | Buffer, more: { flags?: number; route?: number; codec?: number } = {}) =>
  frameOf(
    frameType.call,
    more.flags ?? 0,
    id,
    Buffer.concat([
      Buffer.from([0, more.route ?? 0, more.codec ?? 0, 0, ...u32(5000)]),
      typeof body === 'string' ? Buffer.from(body) : body,
    ]),
  )

const message = (id: number, body: string, flags = 0) =>
  frameOf(frameType.message, flags, id, Buffer.concat([Buffer.from([0]), Buffer.from(body)]))

interface Hostile extends Served {
  readonly socket: Duplex
  /** The frames that came back, HELLO aside. */
  frames(): { type: number; flags: number; id: number; payload: Buffer }[]
  /** The reason of the GOAWAY that ended it; undefined while there is none. */
  reason(): string | undefined
  write(...frames: Buffer[]): Promise<void>
}

/** A client that sends what it likes, after a proper introduction. */
async function hostile(endpoints: readonly Endpoint[] = [echo], options: Partial<ServedOptions> = {}): Promise<Hostile> {
  const [socket, other] = duplexPair()
  const server = served(other, { endpoints, ...options })
  let bytes: Buffer = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk])
  })
  socket.on('error', () => undefined)
  const frames = () => {
    const found = []
    for (let at = 8; at + headerBytes <= bytes.length; at += headerBytes + readU16(bytes, at))
      found.push({
        type: bytes[at + 2] as number,
        flags: bytes[at + 3] as number,
        id: readU32(bytes, at + 4),
        payload: bytes.subarray(at + headerBytes, at + headerBytes + readU16(bytes, at)),
      })
    return found.slice(1)
  }
  const write = async (...sent: Buffer[]) => {
    socket.write(Buffer.concat(sent))
    await turns()
  }
  await write(preface(), hello(), route(0, 'Echo.Say'))
  return {
    ...server,
    socket,
    frames,
    reason() {
      const last = frames().findLast(({ type }) => type === frameType.goaway)
      return last === undefined ? undefined : readError(last.payload).reason
    },
    write,
  }
}

const wait: Endpoint = { name: 'Orders.Wait', handle: () => new Promise(() => undefined) }
const readNothing: Endpoint = { name: 'Orders.Ignore', handle: () => new Promise(() => undefined) }

test('a frame that the layout does not allow ends the connection with a reason, and nothing else', async () => {
  const cases: Record<string, Buffer[]> = {
    'an unknown type': [frameOf(99, 0, 0)],
    "a server's frame": [frameOf(frameType.reply, 0, 0, Buffer.from([0]))],
    'a second HELLO': [hello()],
    'a CALL without its fields': [frameOf(frameType.call, 0, 0, Buffer.alloc(7))],
    'a route that was not defined': [call(0, '1', { route: 9 })],
    'a route beyond the table': [route(1024, 'Echo.Say')],
    'a route with a hole before it': [route(500, 'Echo.Say')],
    'a ROUTE that is too short': [frameOf(frameType.route, 0, 1, Buffer.from([200, 1]))],
    'an empty ROUTE': [frameOf(frameType.route, 0, 1)],
    'a slot beyond the offer': [call(4096, '1')],
    'an id with the highest bit': [call(0x80000000, '1')],
    'a codec that was not offered': [call(0, '1', { codec: 7 })],
    'a slot that is in use': [route(1, 'Orders.Wait'), call(5, '1', { route: 1 }), call(5 + 0x10000, '1', { route: 1 })],
    'metadata beyond its frame': [call(0, Buffer.from([255, 255, 1]), { flags: frameFlag.metadata })],
    'metadata without a length': [call(0, Buffer.from([1]), { flags: frameFlag.metadata })],
    'chunks without a length': [call(0, Buffer.from([0, 0]), { flags: frameFlag.more })],
    'chunks that are none': [call(0, Buffer.from([...u32(2), 1, 2]), { flags: frameFlag.more })],
    'a chunk too many': [
      call(0, Buffer.from([...u32(5), 1, 2]), { flags: frameFlag.more }),
      frameOf(frameType.chunk, 0, 0, Buffer.alloc(4)),
    ],
    'a chunk too few': [
      call(0, Buffer.from([...u32(5), 1, 2]), { flags: frameFlag.more }),
      frameOf(frameType.chunk, 0, 0, Buffer.alloc(1)),
    ],
    'an empty chunk': [call(0, Buffer.from([...u32(5), 1, 2]), { flags: frameFlag.more }), frameOf(frameType.chunk, frameFlag.more, 0)],
    'a body beside a stream of inputs': [call(0, '1', { flags: frameFlag.inputStream })],
    'a CREDIT of two bytes': [frameOf(frameType.credit, 0, 0, Buffer.alloc(2))],
    'definitions for JSON': [frameOf(frameType.define, 0, 0, Buffer.from('x'))],
    'more halves than offered': Array.from({ length: 9 }, (_, n) => call(n, Buffer.from([...u32(100), 1]), { flags: frameFlag.more })),
    'messages without credit': [
      route(1, 'Orders.Ignore'),
      call(0, '', { route: 1, flags: frameFlag.inputStream }),
      ...Array.from({ length: 5 }, () => message(0, JSON.stringify('x'.repeat(60_000)))),
    ],
    'empty messages without end': [
      route(1, 'Orders.Ignore'),
      call(0, '', { route: 1, flags: frameFlag.inputStream }),
      ...Array.from({ length: 4097 }, () => message(0, '')),
    ],
  }
  for (const [name, frames] of Object.entries(cases)) {
    const peer = await hostile([echo, wait, readNothing])

    await peer.write(...frames)

    assert.equal(peer.reason(), 'PROTOCOL_BROKEN', name)
    await peer.connection.closed
    assert.deepEqual([peer.connection.pending, peer.dispatch.pending, peer.told.length], [0, 0, 0], name)
  }
})

test('what is unknown and may be, or comes too late, is passed over', async () => {
  const peer = await hostile()

  await peer.write(
    frameOf(200, 0xff, 7, Buffer.alloc(1000, 9)),
    frameOf(frameType.cancel, 0, 77),
    frameOf(frameType.chunk, 0, 77, Buffer.alloc(10)),
    frameOf(frameType.end, 0, 77),
    frameOf(frameType.credit, 0, 77, Buffer.alloc(4)),
    message(77, '1'),
    frameOf(frameType.pong, 0, 0),
    call(3, '"still here"', { flags: 0xf0 }),
  )

  assert.equal(peer.reason(), undefined)
  assert.deepEqual(
    peer.frames().map(({ type, id, payload }) => [type, id, payload.toString('latin1')]),
    [[frameType.reply, 3, '\0"still here"']],
  )
  peer.socket.destroy()
})

test('a HELLO that says what cannot be is refused', async () => {
  const wrong = [
    hello({ maxBytes: -1 }),
    hello({ maxCalls: 1.5 }),
    hello({ maxParts: '8' }),
    hello({ creditBytes: 2 ** 31 }),
    hello({ codecs: ['bytes', 'json'] }),
    hello({ codecs: Array.from({ length: 17 }, () => 'json') }),
    hello({ filler: 'x'.repeat(5000) }),
    frameOf(frameType.hello, 0, 0, Buffer.from('[')),
    frameOf(frameType.hello, 0, 0, Buffer.from('null')),
    call(0, '1'),
  ]
  for (const [index, frame] of wrong.entries()) {
    const [socket, other] = duplexPair()
    const { connection } = served(other, { endpoints: [echo] })
    let last: Buffer = Buffer.alloc(0)
    socket.on('data', (chunk: Buffer) => {
      last = chunk
    })
    socket.write(Buffer.concat([preface(), frame]))
    await connection.closed
    assert.match(last.toString('latin1'), /PROTOCOL_BROKEN/, `case ${index}`)
  }
})

test('what is no preface of ours is hung up on in silence; another version is told', async () => {
  for (const [bytes, told] of [
    ['GET / HTTP/1.1\r\n\r\n', ''],
    ['\x9dmicrx\x01\x00', ''],
    ['\x9dmicro\x02\x00', 'VERSION_UNSUPPORTED'],
  ] as const) {
    const [socket, other] = duplexPair()
    const { connection } = served(other, { endpoints: [echo] })
    let answer = ''
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1')
    })

    socket.write(Buffer.from(bytes, 'latin1'))
    await connection.closed

    assert.equal(told === '' ? answer : answer.includes(told), told === '' ? '' : true)
  }
})

test('a body that is larger than is taken is refused before it is there, and the connection goes on', async () => {
  const peer = await hostile([echo], { settings: { maxBytes: 2000 } })

  await peer.write(
    call(1, Buffer.from([...u32(2001), 1]), { flags: frameFlag.more }),
    frameOf(frameType.chunk, 0, 1, Buffer.alloc(2000)),
    call(2, 'x'.repeat(2001)),
    call(3, '1'),
  )

  assert.deepEqual(
    peer.frames().map(({ type, flags, id }) => [type, flags, id]),
    [
      [frameType.error, frameFlag.refused, 1],
      [frameType.error, frameFlag.refused, 2],
      [frameType.reply, 0, 3],
    ],
  )
  assert.equal(readError(peer.frames()[0]!.payload).reason, 'FRAME_TOO_LARGE')
  peer.socket.destroy()
})

test('bodies of calls in work, halves and unread messages count together, and are bounded', async () => {
  const settings = { maxHeldBytes: 100_000, creditBytes: 100_000 }
  const peer = await hostile([echo, wait, readNothing], { settings })
  const body = JSON.stringify('x'.repeat(29_000))

  await peer.write(
    route(1, 'Orders.Wait'),
    route(2, 'Orders.Ignore'),
    call(1, '', { route: 2, flags: frameFlag.inputStream }),
    message(1, body),
    call(2, Buffer.from([...u32(60_000), 1]), { flags: frameFlag.more }),
    call(3, Buffer.from([...u32(60_000), 1]), { flags: frameFlag.more }),
    message(1, body),
  )
  const before = peer.frames().map(({ type, id, payload }) => [type, id, readError(payload).reason])
  await peer.write(frameOf(frameType.cancel, 0, 2), call(0x10003, Buffer.from([...u32(60_000), 1]), { flags: frameFlag.more }))

  assert.deepEqual(before, [
    [frameType.error, 3, 'CONNECTION_OVERLOADED'],
    [frameType.error, 1, 'CONNECTION_OVERLOADED'],
  ])
  assert.equal(peer.frames().length, 2)
  assert.equal(peer.connection.pending, 1)
  peer.socket.destroy()
  await peer.connection.closed
  assert.deepEqual([peer.connection.pending, peer.dispatch.pending], [0, 0])
})

test('a caller who begins and cancels without end is stopped', async () => {
  const peer = await hostile([echo, wait], { settings: { maxCalls: 16 } })
  await peer.write(route(1, 'Orders.Wait'))

  for (let n = 0; n < 70 && peer.reason() === undefined; n++)
    await peer.write(call(1 + n * 0x10000, '1', { route: 1 }), frameOf(frameType.cancel, 0, 1 + n * 0x10000))

  assert.equal(peer.reason(), 'TOO_MANY_CANCELS')
})

test('a peer that asks and does not read is read no further', async () => {
  let begun = 0
  const large: Endpoint = {
    name: 'Orders.Large',
    handle() {
      begun += 1
      return 'x'.repeat(60_000)
    },
  }
  const [socket, other] = duplexPair()
  const { connection } = served(other, { endpoints: [large] })
  socket.write(Buffer.concat([preface(), hello(), route(0, 'Orders.Large')]))
  await turns()

  for (let n = 0; n < 50; n++) socket.write(Buffer.concat(Array.from({ length: 40 }, (_, slot) => call(((n & 0x7fff) << 16) | slot, '1'))))
  socket.write(Buffer.concat(Array.from({ length: 5000 }, () => frameOf(frameType.ping, 0, 0))))
  await turns(200)
  const begunUnread = begun
  await turns(200)

  assert.ok(begunUnread < 60, `${begunUnread} replies of 60 KB were made for a reader that takes none`)
  assert.equal(begun, begunUnread)

  let bytes = 0
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length
  })
  await turns(6000)
  assert.equal(begun, 2000)
  assert.ok(bytes > 2000 * 60_000)
  socket.destroy()
  await connection.closed
})

test('a client stands what a server should not send', async () => {
  const cases: Record<string, readonly [Buffer, boolean]> = {
    'an unknown type': [frameOf(99, 0, 0), true],
    "a client's frame": [call(0, '1'), true],
    'a stream for a single value': [message(0, '1'), true],
    'a reply without a codec': [frameOf(frameType.reply, 0, 0), true],
    'an end of no stream': [frameOf(frameType.end, 0, 0), true],
    'a reply to nothing': [frameOf(frameType.reply, 0, 900, Buffer.from([0, 49])), false],
    'a reply to an earlier call': [frameOf(frameType.reply, 0, 0x7fff0000, Buffer.from([0, 49])), false],
    'an unknown frame that may be skipped': [frameOf(201, 0, 0, Buffer.alloc(50)), false],
  }
  for (const [name, [frame, isEnd]] of Object.entries(cases)) {
    const { client, sockets } = await pair([wait])
    const outcome = client.exchange(client.route('orders', 'Orders.Wait'), {})
    await turns()

    sockets[1].write(frame)
    await turns()

    assert.equal(client.isOpen, !isEnd, name)
    if (isEnd) assert.ok('error' in (await outcome), name)
    sockets[0].destroy()
    await outcome
  }
})

test('a peer that connects and says nothing is hung up on', async () => {
  const clock = testClock()
  const [, other] = duplexPair()
  const { connection } = served(other, { endpoints: [echo], clock })

  await clock.advance(5001)
  await clock.advance(1001)

  await connection.closed
  assert.equal(other.destroyed, true)
})

test('a time beyond what a timer takes is no time that has passed', async () => {
  const peer = await hostile([echo, wait])
  await peer.write(route(1, 'Orders.Wait'))
  const forever = call(1, '1', { route: 1 })
  forever.fill(0xff, headerBytes + 4, headerBytes + 8)

  await peer.write(forever)
  await turns(50)

  assert.deepEqual(peer.frames(), [])
  assert.equal(peer.connection.pending, 1)
  peer.socket.destroy()
})
