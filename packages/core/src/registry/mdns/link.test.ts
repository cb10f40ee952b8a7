import assert from 'node:assert/strict'
import dgram from 'node:dgram'
import os from 'node:os'
import { test } from 'node:test'
import { systemClock } from '../../base/index.js'
import { mdnsPort, openLink, type LinkOptions, type Received } from './link.js'
import { question, query } from './packet.js'
import { seededRandom } from './seeded-random.fixture.js'

const options: LinkOptions = {
  dgram,
  networkInterfaces: () => os.networkInterfaces(),
  choice: 'loopback',
  clock: systemClock,
  random: Math.random,
  onMessage: () => undefined,
}

test('openLink() hears its own questions on loopback, and knows them', async () => {
  const name = `link-test-${process.pid}.micro.`
  const { heard, onMessage } = waitFor(({ message }) => message.questions[0]?.name === name)
  const link = await openLink({ ...options, onMessage })

  link.ask(query(name, 7))
  const received = await heard

  assert.equal(await link.works, true)
  assert.equal(received.isOwnQuestion, true)
  assert.equal(received.near, 'host')
  assert.deepEqual(received.message.questions, [question(name)])
  assert.deepEqual(link.problems(), [])
  link.close()
})

test('openLink() tells other links on the same port, and sends announcements from it', async () => {
  const name = `link-other-${process.pid}.micro.`
  const { heard, onMessage } = waitFor(({ message }) => message.questions[0]?.name === name)
  const [here, there] = [await openLink(options), await openLink({ ...options, onMessage })]

  here.announce(query(name, 8), 'host')
  const received = await heard

  assert.equal(received.port, mdnsPort)
  assert.equal(received.isOwnQuestion, false)
  here.close()
  there.close()
})

test('openLink() finds out that multicast does not come back', async () => {
  const link = await openLink({ ...options, dgram: { createSocket: silentSocket } })

  assert.equal(await link.works, false)
  link.close()
})

test('openLink() goes on when the port cannot be had, and says so', async () => {
  const link = await openLink({ ...options, dgram: { createSocket: takenSocket } })

  assert.equal(await link.works, false)
  assert.equal(link.isListening, false)
  assert.equal(link.canAsk, true)
  assert.match(link.problems().join(), /port 5353 over IPv4: EADDRINUSE/)
  link.announce(query('a.', 1), 'link')
  link.answer(query('a.', 1), { address: '127.0.0.1', port: 9 })
  link.ask(query('a.', 1))
  link.close()
})

test('openLink() goes on without any interface', async () => {
  const link = await openLink({ ...options, choice: [] })

  assert.equal(await link.works, false)
  assert.equal(link.canAsk, false)
  link.ask(query('a.', 1))
  link.close()
  link.close()
  link.ask(query('a.', 1))
})

test('openLink() survives whatever is sent to its port', async () => {
  const seed = Date.now() % 2 ** 31
  const random = seededRandom(seed)
  const name = `link-end-${process.pid}.micro.`
  const { heard, onMessage } = waitFor(({ message }) => message.questions[0]?.name === name)
  const link = await openLink({ ...options, onMessage })
  const sender = dgram.createSocket('udp4')
  await new Promise<void>((resolve) => sender.bind(0, '127.0.0.1', resolve))
  sender.setMulticastInterface('127.0.0.1')

  for (let round = 0; round < 300; round++) {
    const bytes = Uint8Array.from({ length: Math.floor(random() * 300) }, () => Math.floor(random() * 256))
    sender.send(bytes, mdnsPort, '224.0.0.251')
    // A turn of the event loop, so that they are read and do not just fill the socket.
    await new Promise((resolve) => setImmediate(resolve))
  }
  link.ask(query(name, 9))

  assert.ok(await heard, `seed ${seed}`)
  sender.close()
  link.close()
})

function waitFor(isIt: (received: Received) => boolean) {
  let hear: (received: Received) => void = () => undefined
  const heard = new Promise<Received>((resolve) => (hear = resolve))
  const onMessage = (received: Received) => {
    if (isIt(received)) hear(received)
  }
  return { heard, onMessage }
}

/** A socket whose packets get lost, as behind a firewall. */
function silentSocket(socketOptions: dgram.SocketOptions): dgram.Socket {
  const socket = dgram.createSocket(socketOptions)
  socket.send = () => undefined
  return socket
}

/** A socket that cannot have mDNS' port, as beside a program that does not share it. */
function takenSocket(socketOptions: dgram.SocketOptions): dgram.Socket {
  const socket = dgram.createSocket(socketOptions)
  const bind = socket.bind.bind(socket)
  socket.bind = ((bindOptions: dgram.BindOptions, done: () => void) => {
    if (bindOptions.port !== mdnsPort) return bind(bindOptions, done)
    socket.emit('error', Object.assign(new Error('taken'), { code: 'EADDRINUSE' }))
    return socket
  }) as typeof socket.bind
  return socket
}
