import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { MicroError } from '../base/index.js'
import { natsClient, natsServer } from '../nats/index.js'
import { conformance } from '../testing/conformance.js'
import type { Broker, Delivery } from './broker.js'
import { brokerSuite } from './conformance.js'
import { enatsBroker, type EnatsElection } from './enats.js'

// The first makes the server in its process, the second is a client of it over a socket.
conformance(test, brokerSuite, { create: () => enatsBroker(), peer: (subject) => enatsBroker({ address: subject.address }) })

// Both over sockets, the server in a third place.
test('enatsBroker() with an address is a broker too', async (t) => {
  const servers = new Map<object, Awaited<ReturnType<typeof natsServer>>>()
  const cases: Promise<unknown>[] = []
  conformance((name, run) => void cases.push(t.test(name, run)), brokerSuite, {
    async create() {
      const server = await natsServer()
      const broker = await enatsBroker({ address: server.url })
      servers.set(broker, server)
      return broker
    },
    peer: (subject) => enatsBroker({ address: subject.address }),
    async dispose(broker) {
      await broker.close()
      await servers.get(broker)?.close()
    },
  })
  await Promise.all(cases)
})

// Of the two, each is the one with the server in half of the cases.
test('enatsBroker() of an election is a broker too, with the server in its process and with the server in another one', async (t) => {
  const cases: Promise<unknown>[] = []
  for (const isServer of [true, false]) {
    const elections = new Map<object, EnatsElection>()
    const servers = new Map<object, Broker>()
    const label = isServer ? 'with the server' : 'without the server'
    conformance((name, run) => void cases.push(t.test(`${label}: ${name}`, run)), brokerSuite, {
      async create() {
        const elect = { project: `test-${randomUUID()}` }
        const server = isServer ? undefined : await enatsBroker({ elect })
        const broker = await enatsBroker({ elect })
        elections.set(broker, elect)
        if (server !== undefined) servers.set(broker, server)
        return broker
      },
      peer: (subject) => enatsBroker({ elect: elections.get(subject) ?? assert.fail('it was not created here') }),
      async dispose(broker) {
        await broker.close()
        await servers.get(broker)?.close()
      },
    })
  }
  await Promise.all(cases)
})

test('subscribe() to a topic that the server forbids is refused, and a forbidden publish is told to onComplaint', async (t) => {
  const permissions = { subscribe: { deny: ['secret.>'] }, publish: { deny: ['closed'] } }
  const server = await natsServer({ users: [{ user: 'ann', password: 'x', permissions }] })
  t.after(() => server.close())
  const complaints: unknown[] = []
  const address = server.url.replace('//', '//ann:x@')
  const broker = await enatsBroker({ address, onComplaint: (error) => complaints.push(error) })
  t.after(() => broker.close())

  await assert.rejects(
    broker.subscribe('secret.plans', () => undefined),
    { code: 'permission_denied', reason: 'NATS_PERMISSION' },
  )
  await broker.publish('closed', message('x'))
  await broker.subscribe('open', () => undefined)

  assert.deepEqual(
    complaints.map((error) => MicroError.is(error) && error.reason),
    ['NATS_PERMISSION'],
  )
})

const message = (text: string) => ({ header: { 'Content-Type': 'text/plain' }, body: Buffer.from(text) })
const text = (delivery: Delivery | undefined) => Buffer.from(delivery?.message.body ?? []).toString()

test('enatsBroker() writes and reads the envelope of go-micro', async (t) => {
  const project = `shop-${randomUUID()}`
  const broker = await enatsBroker({ elect: { project, token: 's3cret' } })
  t.after(() => broker.close())
  const other = await natsClient({ servers: broker.address.replace('//', '//s3cret@') })
  t.after(() => other.close())
  assert.equal(other.info.server_name, `micro-${project}`)
  const sent = new Promise<string>((resolve) => other.subscribe('out', (each) => resolve(Buffer.from(each.payload).toString())))
  await other.flush()
  const got: Delivery[] = []
  const errors: unknown[] = []
  await broker.subscribe('in', (delivery) => void got.push(delivery), { onError: (error) => errors.push(error) })

  await broker.publish('out', message('hi'))
  for (const envelope of ['{"Header":{"a":"b"},"Body":"aGk="}', '{"Header":null,"Body":null,"New":1}', '{}', 'plain', '[]', '{"Body":5}'])
    other.publish('in', Buffer.from(envelope))
  await other.flush()
  await new Promise((resolve) => setImmediate(resolve))

  assert.equal(await sent, '{"Header":{"Content-Type":"text/plain"},"Body":"aGk="}')
  assert.deepEqual(
    got.map((delivery) => [{ ...delivery.message.header }, text(delivery)]),
    [
      [{ a: 'b' }, 'hi'],
      [{}, ''],
      [{}, ''],
    ],
  )
  assert.deepEqual(
    errors.map((error) => MicroError.is(error) && error.reason),
    ['ENVELOPE_INVALID', 'ENVELOPE_INVALID', 'ENVELOPE_INVALID'],
  )
})

test('enatsBroker() rejects when nobody is at its address', async () => {
  const gone = await natsServer()
  await gone.close()

  await assert.rejects(enatsBroker({ address: gone.url }), { code: 'unavailable', reason: 'BROKER_UNAVAILABLE' })
})

test('enatsBroker() survives its server: what was published meanwhile arrives, and the buffer is bounded', async (t) => {
  const first = await natsServer()
  const states: string[] = []
  let wake: () => void = () => undefined
  const broker = await enatsBroker({
    address: first.url,
    maxBufferedBytes: 1000,
    onState(state) {
      states.push(state)
      wake()
    },
  })
  t.after(() => broker.close())
  const got: string[] = []
  await broker.subscribe('a', (delivery) => void got.push(text(delivery)))

  await first.close()
  while (!states.includes('reconnecting')) await new Promise<void>((resolve) => (wake = resolve))
  await broker.publish('a', message('meanwhile'))
  await assert.rejects(
    async () => {
      for (;;) await broker.publish('b', message('more'))
    },
    { code: 'resource_exhausted', reason: 'PUBLISH_BUFFER_FULL' },
  )
  const late = broker.subscribe('late', (delivery) => void got.push(`late ${text(delivery)}`))
  const second = await natsServer({ port: first.port })
  t.after(() => second.close())
  await late
  await broker.publish('late', message('after'))
  while (got.length < 2) await new Promise((resolve) => setImmediate(resolve))

  assert.deepEqual(got, ['meanwhile', 'late after'])
})

test('subscribe() and close() give up on a server that does not come back', async () => {
  const first = await natsServer()
  let isLost: () => void = () => undefined
  const lost = new Promise<void>((resolve) => (isLost = resolve))
  const broker = await enatsBroker({ address: first.url, timeoutMs: 50, onState: isLost })
  await first.close()
  await lost

  await assert.rejects(
    broker.subscribe('a', () => undefined),
    { code: 'unavailable', reason: 'BROKER_UNAVAILABLE' },
  )
  await broker.publish('a', message('never sent'))
  await assert.rejects(broker.close(), { code: 'unavailable', reason: 'BROKER_UNAVAILABLE' })
  await assert.rejects(broker.publish('a', message('x')), { code: 'failed_precondition', reason: 'CLOSED' })
})
