import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeMessage, encodeMessage, type DnsMessage } from './message.js'
import { announcement, answer, question } from './packet.js'
import { seededRandom } from './seeded-random.fixture.js'

const node = {
  service: 'shop.orders',
  nodeId: 'shop.orders-1',
  host: 'host.',
  address: '192.0.2.7',
  port: 40_001,
  strings: ['a'.repeat(255), 'b'],
}
const message = answer(question('shop.orders.micro.'), node, 120)
const header = [0, 0, 0x84, 0, 0, 1, 0, 0, 0, 0, 0, 0]

test('decodeMessage() reads what encodeMessage() wrote, with and without compression', () => {
  for (const compress of [true, false]) assert.deepEqual(decodeMessage(encodeMessage(message, { compress })), message)
})

test('encodeMessage() keeps records of types that it does not know', () => {
  const other: DnsMessage = {
    ...message,
    additional: [{ type: 'OTHER', code: 47, name: 'x.', class: 1, ttlSeconds: 9, data: Buffer.from([1, 2]) }],
  }

  const [record] = decodeMessage(encodeMessage(other))?.additional ?? []

  assert.equal(record?.type === 'OTHER' && Buffer.from(record.data).toString('hex'), '0102')
})

test('encodeMessage() refuses names that DNS cannot hold with a RangeError', () => {
  for (const nodeId of ['x'.repeat(64), 'a..b', `${'x.'.repeat(128)}x`])
    assert.throws(() => encodeMessage(announcement({ ...node, nodeId }, 120)), RangeError)
})

test('decodeMessage() takes no packet that is cut short', () => {
  const bytes = encodeMessage(message, { compress: true })

  for (let length = 0; length < bytes.length; length++) assert.equal(decodeMessage(bytes.subarray(0, length)), undefined)
})

test('decodeMessage() takes no name that loops, or points forward or out of the packet', () => {
  for (const name of [
    [0xc0, 12], // to itself
    [1, 97, 0xc0, 12], // to its own start
    [0xc0, 14, 0xc0, 12], // to each other
    [0xc0, 200], // behind the end
    [0xc0, 14, 0], // forward
    [0x41, 97, 0], // a label of 65 bytes
    [3, 97, 0], // a label that runs over the end
  ])
    assert.equal(decodeMessage(Uint8Array.from([...header, ...name, 0, 12, 0, 1])), undefined)
})

test('decodeMessage() takes no name over 255 bytes, however it is put together', () => {
  const labels = Array.from({ length: 5 }, () => [63, ...Array.from({ length: 63 }, () => 97)]).flat()

  assert.equal(decodeMessage(Uint8Array.from([...header, ...labels, 0, 0, 12, 0, 1])), undefined)
})

test('decodeMessage() takes no packet that claims or has more entries than any registry writes', () => {
  const claims = Uint8Array.from([0, 0, 0x84, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])
  const many = {
    ...message,
    answers: Array.from({ length: 1025 }, () => ({ ...message.answers[2], name: 'h.' }) as DnsMessage['answers'][0]),
  }

  assert.equal(decodeMessage(claims), undefined)
  assert.equal(decodeMessage(encodeMessage(many, { compress: true })), undefined)
})

test('decodeMessage() takes no TXT record whose strings run over its end', () => {
  const bytes = encodeMessage(announcement({ ...node, strings: ['abc'] }, 120))
  bytes[bytes.length - 4] = 9

  assert.equal(decodeMessage(bytes), undefined)
})

test('decodeMessage() tells labels with dots inside from labels with dots between', () => {
  const bytes = Uint8Array.from([...header, 3, 97, 46, 98, 0, 0, 12, 0, 1])

  const read = decodeMessage(bytes)

  assert.ok(read !== undefined)
  assert.equal(read.questions[0]?.name, 'a\\046b.')
  assert.deepEqual(Buffer.from(encodeMessage(read)), Buffer.from(bytes))
})

test('decodeMessage() survives damaged packets, and what it reads can be written again', () => {
  const seed = Date.now() % 2 ** 31
  const random = seededRandom(seed)
  const whole = encodeMessage(message, { compress: true })
  for (let round = 0; round < 5000; round++) {
    const bytes = Uint8Array.from(whole.subarray(0, Math.floor(random() * (whole.length + 1))))
    for (let hits = 1 + Math.floor(random() * 6); hits > 0; hits--) {
      if (bytes.length > 0) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256)
    }
    const read = decodeMessage(bytes)
    if (read !== undefined) assert.deepEqual(decodeMessage(encodeMessage(read)), read, `seed ${seed}, round ${round}`)
  }
})
