import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MicroError } from '../../base/index.js'
import { fuzz } from './fuzz.fixture.js'
import { type Frame, frameFlag, frameOf, frameType } from './frame.js'
import { piecesOf } from './duplex.fixture.js'
import { echo, pair, seeded } from './pair.fixture.js'
import { preface } from './preface.js'
import { Reader } from './reader.js'

/** What a reader makes of `segments`: one line a frame. */
function framesOf(segments: readonly Buffer[]): string[] {
  const found: string[] = []
  const reader = new Reader(
    () => found.push('preface'),
    ({ type, flags, id, buffer, start, end }: Frame) => found.push(`${type} ${flags} ${id} ${buffer.subarray(start, end).toString('hex')}`),
  )
  for (const segment of segments) reader.push(segment)
  return found
}

const frames = Buffer.concat([
  preface(),
  frameOf(frameType.ping, 0, 0),
  frameOf(frameType.message, frameFlag.metadata, 0x7fffffff, Buffer.from('hello')),
  frameOf(frameType.message, 0, 1, Buffer.alloc(300, 7)),
  frameOf(frameType.pong, 255, 2),
])

test('Reader finds the same frames however the bytes are cut: at every offset, at every two, into every size', () => {
  const whole = framesOf([frames])
  assert.equal(whole.length, 5)

  for (let size = 1; size < 40; size++) assert.deepEqual(framesOf(piecesOf(size)(frames)), whole, `pieces of ${size}`)
  for (let first = 0; first < frames.length; first++) {
    assert.deepEqual(framesOf([frames.subarray(0, first), frames.subarray(first)]), whole, `cut at ${first}`)
    const second = first + ((first * 7) % (frames.length - first))
    assert.deepEqual(
      framesOf([frames.subarray(0, first), frames.subarray(first, second), frames.subarray(second)]),
      whole,
      `cut at ${first} and ${second}`,
    )
  }
})

test('Reader keeps what comes while it is paused, and goes on where it was', () => {
  const found: number[] = []
  const reader: Reader = new Reader(
    () => undefined,
    ({ type }) => {
      found.push(type)
      reader.pause()
    },
  )

  reader.push(frames)
  assert.deepEqual(found, [frameType.ping])
  reader.resume()
  reader.push(frameOf(frameType.cancel, 0, 0))
  assert.deepEqual(found, [frameType.ping, frameType.message])
  for (let n = 0; n < 3; n++) reader.resume()

  assert.deepEqual(found, [frameType.ping, frameType.message, frameType.message, frameType.pong, frameType.cancel])
})

test('mutated frames are stood or end their connection, and leave nothing behind', { timeout: 60_000 }, async (context) => {
  const seed = 20_261_122
  context.diagnostic(`seed ${seed}`)
  const before = Object.getOwnPropertyNames(Object.prototype).length
  const healthy = await pair([echo])

  const { open, closed } = await fuzz(seed, 300)

  assert.ok(open > 10 && closed > 10, `${open} open, ${closed} closed`)
  assert.equal((await healthy.client.call(healthy.client.route('orders', 'Echo.Say'), 'undisturbed')).output, 'undisturbed')
  assert.equal(Object.getOwnPropertyNames(Object.prototype).length, before)
  await healthy.client.close()
})

test('random bytes after the introduction never get past the reader as anything but a MicroError', () => {
  for (let seed = 1; seed < 500; seed++) {
    const random = seeded(seed)
    const bytes = Buffer.from(Array.from({ length: 200 }, () => Math.floor(random() * 256)))
    const reader = new Reader(
      () => undefined,
      ({ start, end, buffer }) => assert.ok(start <= end && end <= buffer.length),
    )
    try {
      reader.push(seed % 2 === 0 ? Buffer.concat([preface(), bytes]) : bytes)
    } catch (error) {
      assert.ok(MicroError.is(error), `seed ${seed}`)
    }
  }
})
