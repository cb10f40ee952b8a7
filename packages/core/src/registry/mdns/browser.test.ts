import assert from 'node:assert/strict'
import { test } from 'node:test'
import zlib from 'node:zlib'
import { testClock } from '../../testing/clock.js'
import { nodeTable } from '../node-table.js'
import type { ServiceRecord } from '../registry.js'
import { browser } from './browser.js'
import { decodeMessage, encodeMessage, type DnsMessage } from './message.js'
import { ownNode } from './own-node.js'
import { announcement, answer, question, servicesAnswer, servicesName } from './packet.js'
import { seededRandom } from './seeded-random.fixture.js'

test('lookup() waits until the answers went quiet for 20 ms', async () => {
  const { clock, one, hear } = setUp()
  const found = ended(one.lookup('orders'))

  await clock.advance(5)
  hear(await answered('orders-1'))
  await clock.advance(15)
  hear(await answered('orders-2'))
  await clock.advance(19)
  assert.equal(found.value, undefined)
  await clock.advance(1)

  assert.deepEqual(ids(found.value), ['orders-1', 'orders-2'])
})

test('lookup() waits no longer than 100 ms, asks twice when nobody answers, and asks anew the next time', async () => {
  const { clock, one, questions } = setUp()
  const found = ended(one.lookup('orders'))

  await clock.advance(99)
  assert.equal(found.value, undefined)
  await clock.advance(2)
  assert.deepEqual(found.value, [])
  assert.deepEqual(questions, ['orders.micro.', 'orders.micro.'])

  void one.lookup('orders')
  assert.equal(questions.length, 3)
})

test('lookup() by many at once asks once', async () => {
  const { clock, one, hear, questions } = setUp()
  const all = [1, 2, 3].map(() => ended(one.lookup('orders')))

  hear(await answered('orders-1'))
  await clock.advance(20)

  assert.deepEqual(
    all.map((found) => ids(found.value)),
    [['orders-1'], ['orders-1'], ['orders-1']],
  )
  assert.equal(questions.length, 1)
})

test('lookup() of a known service answers at once, and asks again unnoticed every 5 s', async () => {
  const { clock, one, hear, questions, look } = setUp()
  await look('orders', await answered('orders-1'))
  assert.equal(questions.length, 1)

  assert.deepEqual(ids(await one.lookup('orders')), ['orders-1'])
  assert.equal(questions.length, 1)
  await clock.advance(900)
  hear(await answered('orders-1'))
  await clock.advance(4200)
  assert.deepEqual(ids(await one.lookup('orders')), ['orders-1'])
  assert.deepEqual(ids(await one.lookup('orders')), ['orders-1'])

  assert.equal(questions.length, 2)
})

test('lookup() without a listener trusts what it knows for a second only', async () => {
  const { clock, one, questions, look } = setUp({ isListening: false })
  await look('orders', await answered('orders-1'))

  await one.lookup('orders')
  assert.equal(questions.length, 1)
  await clock.advance(1100)
  questions.length = 0
  void one.lookup('orders')

  assert.deepEqual(questions, ['orders.micro.'])
})

test('lookup() gives up without waiting when nothing can be asked', async () => {
  const { one } = setUp({ canAsk: false })

  assert.deepEqual(await one.lookup('orders'), [])
})

test('receive() of an announcement updates what lookup() knows', async () => {
  const { one, hear, look } = setUp()
  await look('orders', await answered('orders-1'))

  hear(announcement(await node('orders-2'), 120))
  hear(announcement(await node('orders-1', { port: 40_009 }), 120))

  const nodes = (await one.lookup('orders')).flatMap((service) => service.nodes)
  assert.deepEqual(nodes.map((each) => `${each.id} ${each.address}`).sort(), ['orders-1 127.0.0.1:40009', 'orders-2 127.0.0.1:40001'])
})

test('receive() of a goodbye forgets the node, and one of an unknown node changes nothing', async () => {
  const { one, hear, look } = setUp()
  await look('orders', await answered('orders-1'), await answered('orders-2'))

  const nobody = announcement(await node('nobody'), 0)
  for (let count = 0; count < 1000; count++) hear(nobody)
  hear(announcement(await node('orders-1'), 0))

  assert.deepEqual(ids(await one.lookup('orders')), ['orders-2'])
})

test('a node is forgotten when its time to live is over', async () => {
  const { clock, table, look } = setUp()
  await look('orders', await answered('orders-1', 3))

  await clock.advance(900)
  assert.equal(table.names().length, 1)
  await clock.advance(2200)

  assert.equal(table.names().length, 0)
})

test('a node that answers none of three questions is forgotten, one that answers stays', async () => {
  const { clock, one, hear, questions, look } = setUp()
  await look('orders', await answered('orders-1'), await answered('orders-2'))
  await clock.advance(5100)
  questions.length = 0

  await one.lookup('orders')
  for (let second = 0; second < 4; second++) {
    hear(await answered('orders-2'))
    await clock.advance(1200)
  }

  assert.ok(questions.length >= 3)
  assert.deepEqual(ids(await one.lookup('orders')), ['orders-2'])
})

test('follow() asks again before the time of a node is over', async () => {
  const { clock, one, hear, questions } = setUp()
  const unfollow = one.follow('orders')
  hear(announcement(await node('orders-1'), 120))

  await clock.advance(80_000)
  assert.equal(questions.length, 0)
  await clock.advance(10_000)
  assert.ok(questions.includes('orders.micro.'))

  unfollow()
})

test('lookup() passes over nodes of other projects, and counts them; nodes without a project are taken', async () => {
  const { one, clock, hear } = setUp()
  const found = ended(one.lookup('orders'))

  hear(await answered('orders-1', 120, { metadata: { project: 'theirs' } }))
  hear(await answered('orders-2', 120, { metadata: { project: 'ours' } }))
  hear(await answered('orders-3'))
  await clock.advance(20)

  assert.deepEqual(ids(found.value), ['orders-2', 'orders-3'])
  assert.equal(one.passedOver('orders'), 1)
  assert.equal(one.passedOver('payments'), 0)
})

test('receive() does not mix up nodes of two projects that have one id', async () => {
  const { one, hear, look } = setUp()
  const theirs = await node('orders-1', { port: 40_009, metadata: { project: 'theirs' } })
  await look('orders', await answered('orders-1', 120, { metadata: { project: 'ours' } }))

  hear(announcement(theirs, 120))
  hear(announcement(theirs, 0))

  assert.deepEqual(
    (await one.lookup('orders')).flatMap((service) => service.nodes.map(({ address }) => address)),
    ['127.0.0.1:40001'],
  )
})

test('lookup() does not take an answer of another project for the one it waits for', async () => {
  const { one, clock, hear } = setUp()
  const found = ended(one.lookup('orders'))

  hear(await answered('orders-1', 120, { metadata: { project: 'theirs' } }))
  await clock.advance(60)
  assert.equal(found.value, undefined)
  hear(await answered('orders-2'))
  await clock.advance(20)

  assert.deepEqual(ids(found.value), ['orders-2'])
})

test('receive() leaves the nodes of others in the table alone', async () => {
  const { one, table, hear, clock } = setUp()
  const own = {
    name: 'orders',
    version: '9',
    metadata: {},
    endpoints: [],
    nodes: [{ id: 'orders-1', address: '127.0.0.1:9', metadata: {} }],
  }
  table.put(own, { owner: {} })

  hear(announcement(await node('orders-1'), 120))
  hear(announcement(await node('orders-1'), 0))
  const found = ended(one.lookup('orders'))
  await clock.advance(101)

  assert.deepEqual(found.value, [own])
})

test('receive() keeps no more nodes than a network has', async () => {
  const { table, hear } = setUp()
  const one = await node('orders-0')

  for (let count = 0; count < 10_500; count++) hear(announcement({ ...one, nodeId: `orders-${count}` }, 120))

  assert.equal(table.entries('orders').length, 10_000)
})

test('list() gives the services that have a node for us', async () => {
  const { one, clock, hear, questions } = setUp()
  const found = ended(one.list())
  for (const service of ['orders', 'theirs', 'dead']) hear(servicesAnswer(question(servicesName), service, 'host.'))
  await clock.advance(20)
  hear(await answered('orders-1'))
  hear(answer(question('theirs.micro.'), await node('theirs-1', { name: 'theirs', metadata: { project: 'theirs' } }), 120))

  await clock.advance(101)

  assert.deepEqual(found.value, ['orders'])
  assert.deepEqual([...new Set(questions)].sort(), ['_services.micro.', 'dead.micro.', 'orders.micro.', 'theirs.micro.'])
})

test('receive() survives anything, and close() leaves no timer', async () => {
  const seed = Date.now() % 2 ** 31
  const random = seededRandom(seed)
  const { one, clock, hear, look } = setUp()
  await look('orders', await answered('orders-1'))
  const whole = encodeMessage(await answered('orders-2'), { compress: true })

  for (let round = 0; round < 3000; round++) {
    const bytes = Uint8Array.from(whole)
    for (let hits = 1 + Math.floor(random() * 4); hits > 0; hits--) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256)
    const message = decodeMessage(bytes)
    if (message !== undefined) assert.doesNotThrow(() => hear(message), `seed ${seed}, round ${round}`)
  }
  assert.ok(ids(await one.lookup('orders')).includes('orders-1'), `seed ${seed}`)

  one.close()
  await clock.advance(4_600_000)
  assert.equal(clock.pending, 0)
})

function setUp(state: { readonly isListening?: boolean; readonly canAsk?: boolean } = {}) {
  const clock = testClock()
  const table = nodeTable(clock)
  const questions: string[] = []
  const link = {
    isListening: true,
    canAsk: true,
    ...state,
    ask: (message: DnsMessage) => void questions.push(...message.questions.map((one) => one.name)),
  }
  const one = browser({ link, table, zlib, clock, random: () => 0.5, project: 'ours', owner: {} })
  const hear = (message: DnsMessage) => one.receive({ message, address: '127.0.0.1', port: 5353, near: 'host', isOwnQuestion: false })
  const look = async (name: string, ...answers: DnsMessage[]) => {
    const found = one.lookup(name)
    for (const message of answers) hear(message)
    await clock.advance(101)
    return found
  }
  return { clock, table, questions, one, hear, look }
}

function node(id: string, options: { name?: string; port?: number; metadata?: Record<string, string> } = {}) {
  const { name = 'orders', port = 40_001, metadata = {} } = options
  const record = { id, address: `127.0.0.1:${port}`, metadata }
  const service = { name, version: '1.0.0', metadata: {}, endpoints: [], nodes: [record] }
  return ownNode(service, record, { zlib, host: 'host.', resolve: () => Promise.reject(new Error('no names here')) })
}

async function answered(id: string, ttlSeconds = 120, options: Parameters<typeof node>[1] = {}): Promise<DnsMessage> {
  return answer(question('orders.micro.'), await node(id, options), ttlSeconds)
}

function ended<T>(promise: Promise<T>): { value: T | undefined } {
  const outcome: { value: T | undefined } = { value: undefined }
  void promise.then((value) => (outcome.value = value))
  return outcome
}

function ids(services: readonly ServiceRecord[] | undefined): string[] {
  return (services ?? []).flatMap((service) => service.nodes.map(({ id }) => id)).sort()
}
