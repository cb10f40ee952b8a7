import assert from 'node:assert/strict'
import { test } from 'node:test'
import zlib from 'node:zlib'
import { testClock } from '../../testing/clock.js'
import type { Received } from './link.js'
import { recordType, type DnsMessage } from './message.js'
import { ownNode, type OwnNode } from './own-node.js'
import { query, question } from './packet.js'
import { responder } from './responder.js'

test('announce() announces at once, probes three times, and announces again after 1 and 3 s', async () => {
  const { sent, clock, one } = setUp()

  one.announce(await orders(), undefined)
  const atOnce = kinds(sent)
  await clock.advance(900)
  const early = kinds(sent)
  await clock.advance(10_000)

  assert.deepEqual(atOnce, ['announce 120'])
  assert.deepEqual(early, ['announce 120', 'probe', 'probe', 'probe'])
  assert.deepEqual(kinds(sent), [...early, 'announce 120', 'announce 120'])
  assert.equal(clock.pending, 0)
})

test('announce() of a node that changed announces it again, without probes', async () => {
  const { sent, clock, one } = setUp()
  one.announce(await orders(), undefined)
  await clock.advance(10_000)
  sent.length = 0

  one.announce({ ...(await orders()), port: 40_009 }, undefined)
  await clock.advance(10_000)

  assert.deepEqual(kinds(sent), ['announce 120', 'announce 120', 'announce 120'])
  assert.ok(sent.every(({ message }) => message.answers.some((record) => record.type === 'SRV' && record.port === 40_009)))
})

test('announce() keeps a node on loopback on loopback, and tells the network of others', async () => {
  const { sent, one } = setUp()

  one.announce(await orders(), undefined)
  one.announce(await orders('192.0.2.7:40002', 'orders-2'), undefined)

  assert.deepEqual(
    sent.map(({ reach }) => reach),
    ['host', 'link'],
  )
})

test('renew() announces the time that a lease has left; without a lease nothing is sent', async () => {
  const { sent, clock, one } = setUp()
  const node = await orders()
  one.announce(node, 5000)
  await clock.advance(3500)
  sent.length = 0

  one.renew(node, 3500 + 60_000)
  one.receive(asked('orders.micro.'))
  one.renew(node, undefined)
  one.receive(asked('orders.micro.', { id: 2 }))

  assert.deepEqual(kinds(sent), ['announce 60', 'answer 60', 'answer 120'])
})

test('receive() answers a question of this host once, however many ways it came', async () => {
  const { sent, clock, one } = setUp()
  one.announce(await orders(), undefined)
  sent.length = 0

  one.receive(asked('orders.micro.'))
  one.receive(asked('orders.micro.', { address: '192.0.2.2' }))
  one.receive(asked('orders.micro.', { port: 50_001 }))
  await clock.advance(200)
  sent.splice(2)
  one.receive(asked('orders.micro.'))

  assert.deepEqual(
    sent.map(({ to }) => to),
    ['127.0.0.1:50000', '127.0.0.1:50001', '127.0.0.1:50000'],
  )
})

test('receive() tells another host nothing of nodes on loopback, neither by service nor in the list', async () => {
  const { sent, one } = setUp()
  one.announce(await orders(), undefined)
  one.announce(await orders('192.0.2.7:40002', 'orders-2'), undefined)
  one.announce({ ...(await orders()), service: 'secret' }, undefined)
  sent.length = 0

  for (const name of ['orders.micro.', 'secret.micro.', '_services.micro.'])
    one.receive(asked(name, { near: 'link', address: '192.0.2.9' }))

  const names = sent.flatMap(({ message }) => message.answers.flatMap((record) => (record.type === 'PTR' ? [record.target] : [])))
  assert.deepEqual(names, ['orders-2.orders.micro.', 'orders._services.micro.'])
})

test('receive() answers questions for the node itself, but no probe, no other class and no other name', async () => {
  const { sent, one } = setUp()
  one.announce(await orders(), undefined)
  sent.length = 0
  const instance = 'orders-1.orders.micro.'
  const silent = [
    question(instance),
    { ...question('orders.micro.'), class: 3 },
    question('Orders.micro.'),
    question('orders.local.'),
    { ...question('orders.micro.'), type: recordType.A },
  ]
  const answered = [
    { ...question(instance), type: recordType.TXT },
    { ...question(instance), type: recordType.ANY },
    { ...question('orders.micro.'), class: 0x8001 },
  ]

  for (const [id, one_] of [...silent, ...answered].entries()) {
    const received = asked('')
    one.receive({ ...received, message: { ...received.message, id, questions: [one_] } })
  }

  assert.deepEqual(
    sent.map(({ message }) => message.questions[0]),
    answered,
  )
})

test('leave() says goodbye once and ends what was planned, and close() does so for all', async () => {
  const { sent, clock, one } = setUp()
  one.announce(await orders(), undefined)
  one.announce(await orders('127.0.0.1:40002', 'orders-2'), undefined)
  sent.length = 0

  one.leave('orders', 'orders-1')
  one.leave('orders', 'orders-1')
  one.leave('orders', 'nobody')
  one.close()
  await clock.advance(10_000)

  assert.deepEqual(kinds(sent), ['announce 0', 'announce 0'])
  assert.equal(clock.pending, 0)
})

function setUp() {
  const clock = testClock()
  const sent: { message: DnsMessage; reach?: string; to?: string }[] = []
  const link = {
    announce: (message: DnsMessage, reach: 'host' | 'link') => void sent.push({ message, reach }),
    answer: (message: DnsMessage, to: { address: string; port: number }) => void sent.push({ message, to: `${to.address}:${to.port}` }),
  }
  return { sent, clock, one: responder({ link, clock, random: () => 0.5 }) }
}

function orders(address = '127.0.0.1:40001', id = 'orders-1'): Promise<OwnNode> {
  const node = { id, address, metadata: {} }
  const service = { name: 'orders', version: '1.0.0', metadata: {}, endpoints: [], nodes: [node] }
  return ownNode(service, node, { zlib, host: 'host.', resolve: () => Promise.reject(new Error('no names here')) })
}

function asked(name: string, from: Partial<Received> & { readonly id?: number } = {}): Received {
  const { id = 1, ...rest } = from
  return { message: query(name, id), address: '127.0.0.1', port: 50_000, near: 'host', isOwnQuestion: false, ...rest }
}

function kinds(sent: readonly { readonly message: DnsMessage; readonly to?: string }[]): string[] {
  return sent.map(({ message, to }) => {
    if (message.flags === 0) return 'probe'
    return `${to === undefined ? 'announce' : 'answer'} ${message.answers[0]?.ttlSeconds}`
  })
}
