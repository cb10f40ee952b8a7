import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join as inside } from 'node:path'
import { test, type TestContext } from 'node:test'
import { MicroError, systemClock } from '../../base/index.js'
import { natsClient } from '../client/client.js'
import type { NatsClientState } from '../nats.js'
import { electedClient, type ElectedClient, type ElectedClientOptions } from './elected-client.js'
import { readKeyFile, writeKeyFile } from './key-file.js'
import type { Beacon, Sighting } from './network.js'
import { placeOf, placeText } from './place.js'
import { askSignpost } from './signpost.js'

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()
const bytes = (text: string) => Buffer.from(text)

function project(t: TestContext) {
  const folder = mkdtempSync(inside(tmpdir(), 'micro-elected-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const keyFolders = [inside(folder, 'keys')]
  const name = `test-${randomUUID()}`
  const joinHere = async (options: Partial<ElectedClientOptions> = {}) => {
    const one = await electedClient({ project: name, keyFolders, ...options })
    t.after(() => one.close())
    return one
  }
  return { name, folder, keyFolders, join: joinHere }
}

const servers = (all: readonly ElectedClient[]) => all.filter((one) => one.isServer)

/** Resolves when `condition` is true; asked again after each turn of the event loop. */
async function until(condition: () => boolean) {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

const rejectsWith = (work: Promise<unknown>, code: string, reason: string) =>
  assert.rejects(work, (error) => {
    assert.ok(MicroError.is(error), String(error))
    assert.deepEqual([error.code, error.reason], [code, reason], error.message)
    return true
  })

test('electedClient() of ten at once elects one server, and all meet there', async (t) => {
  const { join } = project(t)

  const all = await Promise.all(Array.from({ length: 10 }, () => join()))

  assert.equal(servers(all).length, 1)
  assert.equal(new Set(all.map((one) => one.info.server_id)).size, 1)
  const got: string[] = []
  for (const [index, one] of all.entries()) one.subscribe('a', (m) => got.push(`${index} ${text(m.payload)}`))
  await Promise.all(all.map((one) => one.flush()))
  all[3]?.publish('a', bytes('x'))
  await until(() => got.length === 10)
  assert.deepEqual(
    got.sort(),
    all.map((_, index) => `${index} x`),
  )
})

test('electedClient() goes on when the server ends: another one is elected, subscriptions are back, what was published meanwhile arrives', async (t) => {
  const { join } = project(t)
  const states: NatsClientState[][] = []
  const all: ElectedClient[] = []
  for (let count = 0; count < 4; count++) {
    const seen: NatsClientState[] = []
    states.push(seen)
    all.push(await join({ onState: (state) => seen.push(state) }))
  }
  const [first, ...others] = all as [ElectedClient, ElectedClient, ElectedClient, ElectedClient]
  assert.ok(first.isServer)
  const got: string[][] = others.map(() => [])
  for (const [index, one] of others.entries()) {
    one.subscribe('a.*', (m) => got[index]?.push(`${m.subject} ${m.headers?.length ?? 0} ${text(m.payload)}`))
    one.subscribe('limited', (m) => got[index]?.push(`limited ${text(m.payload)}`), { max: 2 })
    one.subscribe('shout', ({ reply = '', payload }) => one.publish(reply, bytes(text(payload).toUpperCase())), { queue: 'q' })
  }
  await Promise.all(others.map((one) => one.flush()))
  first.publish('limited', bytes('1'))
  await until(() => got.every((each) => each.length === 1))
  assert.equal(text((await others[0].request('shout', bytes('x'))).payload), 'X')

  await first.close()
  await until(() => states.slice(1).every((each) => each.includes('reconnecting')))
  others[0].publish('a.b', bytes('meanwhile'), { headers: bytes('NATS/1.0\r\n\r\n') })
  others[0].publish('limited', bytes('2'))
  others[0].publish('limited', bytes('3'))
  const flushed = others[0].flush()
  await until(() => others.every((one) => one.state === 'connected'))
  await flushed

  assert.equal(servers(others).length, 1)
  assert.equal(new Set(others.map((one) => one.info.server_id)).size, 1)
  await until(() => got.every((each) => each.length === 3))
  for (const each of got) assert.deepEqual(each, ['limited 1', 'a.b 12 meanwhile', 'limited 2'])
  for (const one of others) assert.equal(text((await one.request('shout', bytes('y'))).payload), 'Y')
  assert.deepEqual(
    states.map((each) => each.join()),
    ['closed', ...others.map(() => 'reconnecting,connected')],
  )
})

test('electedClient() keeps its requests, flushes and order when the server comes into its own process', async (t) => {
  const { join } = project(t)
  const first = await join()
  const states: string[] = []
  const second = await join({ onState: (state) => states.push(state) })
  const got: string[] = []
  second.subscribe('a', ({ reply, payload }) => {
    got.push(text(payload))
    if (reply !== undefined) second.publish(reply, bytes('answer'))
  })
  await second.flush()
  second.publish('a', bytes('before'))
  await second.flush()

  await first.close()
  await until(() => states.includes('reconnecting'))
  second.publish('a', bytes('1'))
  const answer = second.request('a', bytes('2'))
  const flushed = second.flush()
  await until(() => second.isServer)
  assert.equal(second.state, 'reconnecting', 'the others are given a moment')
  second.publish('a', bytes('3'))

  assert.equal(text((await answer).payload), 'answer')
  await flushed
  await until(() => got.length === 4)
  assert.ok(second.isServer)
  assert.deepEqual(got, ['before', '1', '2', '3'])
  assert.equal(text((await second.request('a', bytes('4'))).payload), 'answer')
  await rejectsWith(second.request('nobody', bytes('')), 'unavailable', 'NATS_NO_RESPONDERS')
})

test('electedClient() of one project never meets that of another', async (t) => {
  const [one, two] = [project(t), project(t)]
  const [a, b] = [await one.join(), await two.join()]
  let got = 0
  b.subscribe('>', () => got++)

  a.publish('x', bytes(''))
  await a.flush()
  await b.flush()

  assert.deepEqual([a.isServer, b.isServer, got], [true, true, 0])
})

test('electedClient() lets nobody in who does not know the token', async (t) => {
  const { join } = project(t)
  const one = await join()

  await rejectsWith(natsClient({ servers: one.url }), 'unauthenticated', 'NATS_AUTHORIZATION')
})

test('electedClient() with a token of its own lets programs in that know it', async (t) => {
  const { join } = project(t)
  const one = await join({ token: 's3cret' })
  const other = await natsClient({ servers: one.url.replace('//', '//s3cret@') })
  t.after(() => other.close())
  const got = new Promise<string>((resolve) => one.subscribe('a', (m) => resolve(text(m.payload))))
  await one.flush()

  other.publish('a', bytes('from outside'))

  assert.equal(await got, 'from outside')
})

test('electedClient() is the same where a port of loopback is the place', async (t) => {
  const { name, join } = project(t)
  const place = placeOf(name, 'darwin')
  assert.match(placeText(place), /^127\.0\.0\.1:\d+$/)
  assert.deepEqual(placeOf(name, 'win32'), place)

  const all = await Promise.all(Array.from({ length: 4 }, () => join({ place })))
  assert.equal(servers(all).length, 1)
  const first = servers(all)[0]
  const { server_id } = first?.info ?? assert.fail('there is no server')
  await first?.close()
  const others = all.filter((one) => one !== first)
  await until(() => others.every((one) => one.state === 'connected' && one.info.server_id !== server_id))

  assert.equal(servers(others).length, 1)
  assert.equal(new Set(others.map((one) => one.info.server_id)).size, 1)
})

test('electedClient() believes nobody who holds the place without the key', async (t) => {
  const { name, folder, join } = project(t)
  const ours = writeKeyFile(name, [inside(folder, 'other')])
  const open = inside(folder, 'open.micro-key')
  writeFileSync(open, 'a'.repeat(64))
  chmodSync(open, 0o644)
  const link = inside(folder, 'link.micro-key')
  symlinkSync(ours.path, link)
  const answers = [
    { nonce: 'x', key: ours.path },
    { nonce: 'x', key: open },
    { nonce: 'x', key: link },
    { nonce: 'x', key: '/etc/passwd' },
    { nonce: 'x', key: './relative.micro-key' },
    { nonce: 'x' },
    { key: ours.path },
  ]
  const heard: string[] = []
  const holder = await hold(t, name, (socket) => {
    socket.write(`${JSON.stringify(answers.shift())}\n`)
    socket.on('data', (chunk: Buffer) => {
      heard.push(chunk.toString())
      socket.write(`${JSON.stringify({ url: 'nats://127.0.0.1:1', sealed: '', proof: 'a'.repeat(64) })}\n`)
    })
  })

  while (answers.length > 0) await rejectsWith(join(), 'permission_denied', 'PLACE_NOT_OURS')

  assert.equal(heard.length, 1, 'something is said only to a holder that names a key of ours')
  assert.ok(!heard[0]?.includes(ours.key.toString('hex')))
  await new Promise((resolve) => holder.close(resolve))
  assert.ok((await join()).isServer, 'it is free again')
})

test('electedClient() rejects when whoever holds the place says nothing, or something else', async (t) => {
  const { name, join } = project(t)
  let hello: string | undefined = 'HTTP/1.1 400 Bad Request\r\n\r\n'
  await hold(t, name, (socket) => void (hello !== undefined && socket.write(hello)))

  await rejectsWith(join({ timeoutMs: 0 }), 'unavailable', 'PLACE_SILENT')
  hello = 'x'.repeat(10_000)
  await rejectsWith(join({ timeoutMs: 0 }), 'unavailable', 'PLACE_SILENT')
  hello = 'null\n'
  await rejectsWith(join({ timeoutMs: 0 }), 'unavailable', 'PLACE_SILENT')
})

test('who holds the place tells nothing to those without the key, and is not disturbed by them', async (t) => {
  const { name, join } = project(t)
  const one = await join()
  const place = placeOf(name)
  const talk = (lines: string) =>
    new Promise<string>((resolve) => {
      let heard = ''
      const socket = connect(place)
      socket.on('data', (chunk: Buffer) => {
        if (heard === '') socket.write(lines)
        heard += chunk.toString()
      })
      socket.on('error', () => undefined)
      socket.on('close', () => resolve(heard))
    })

  for (const lines of [
    `{"nonce":"x","proof":"${'a'.repeat(64)}"}\n`,
    '{}\n',
    'null\n',
    '[]\n',
    'GET / HTTP/1.1\r\n\r\n',
    'x'.repeat(10_000),
  ]) {
    const heard = await talk(lines)
    assert.deepEqual(Object.keys(JSON.parse(heard) as object), ['nonce', 'key'], `after ${lines.slice(0, 20)}`)
  }

  const wrong = askSignpost(place, { project: name, clock: systemClock, key: Buffer.alloc(32) })
  await rejectsWith(wrong, 'unavailable', 'PLACE_SILENT')
  assert.equal((await join()).info.server_id, one.info.server_id)
})

test('the key lies in a folder and a file of this user alone, and goes with the server', async (t) => {
  const { keyFolders, join } = project(t)
  const [keys = ''] = keyFolders
  const one = await join()

  const [file = ''] = readdirSync(keys)
  assert.equal(statSync(keys).mode & 0o777, 0o700)
  assert.equal(statSync(inside(keys, file)).mode & 0o777, 0o600)
  assert.equal(readKeyFile(inside(keys, file))?.length, 32)

  await one.close()
  assert.ok(!existsSync(keys))
})

test('writeKeyFile() uses no folder that others can look into', (t) => {
  const { name, folder } = project(t)
  const open = inside(folder, 'open')
  const own = inside(folder, 'own')
  const before = process.umask(0)
  t.after(() => process.umask(before))
  rmSync(open, { recursive: true, force: true })
  writeFileSync(inside(folder, 'file'), '')
  // It exists already, and anybody may enter it.
  mkdtempSync(`${open}-`)
  const [opened = ''] = readdirSync(folder).filter((entry) => entry.startsWith('open-'))
  chmodSync(inside(folder, opened), 0o755)

  assert.throws(() => writeKeyFile(name, [inside(folder, opened)]), { code: 'failed_precondition', reason: 'KEY_FOLDER_INVALID' })
  assert.ok(writeKeyFile(name, [inside(folder, opened), inside(folder, 'file'), own]).path.startsWith(own))
})

test('electedClient() finds the server of another machine through the beacon, and takes over when that is gone', async (t) => {
  const { machine } = sky(t)
  const machines = [machine(), machine()] as const
  const [one, two] = [await machines[0].join(), await machines[1].join()]
  const three = await machines[1].join()

  assert.deepEqual([one.isServer, two.isServer, three.isServer], [true, false, false])
  const got: string[] = []
  three.subscribe('a', (m) => got.push(text(m.payload)))
  await three.flush()
  one.publish('a', bytes('across'))
  await until(() => got.length === 1)

  await one.close()
  await until(() => two.isServer && three.info.server_id === two.info.server_id && three.state === 'connected')
  await three.flush()
  two.publish('a', bytes('at home'))
  await until(() => got.length === 2)
  assert.deepEqual(got, ['across', 'at home'])
})

test('electedClient() of two machines that began apart meets as soon as they see each other', async (t) => {
  const { changed, sightings, machine } = sky(t)
  const machines = [machine(), machine()] as const
  machines[0].isBlind = machines[1].isBlind = true
  const all = [await machines[0].join(), await machines[0].join(), await machines[1].join(), await machines[1].join()]
  assert.equal(servers(all).length, 2)
  const got: string[] = []
  for (const [index, one] of all.entries()) one.subscribe('a', () => got.push(String(index)))

  machines[0].isBlind = machines[1].isBlind = false
  changed()
  await until(() => servers(all).length === 1)
  await until(() => new Set(all.map((one) => one.info.server_id)).size === 1 && all.every((one) => one.state === 'connected'))
  await Promise.all(all.map((one) => one.flush()))

  const [lowest] = [...sightings.values()].map(({ id }) => id).sort()
  assert.equal(all[0]?.info.server_id, lowest)
  all[1]?.publish('a', bytes(''))
  await until(() => got.length >= 4)
  assert.deepEqual(got.sort(), ['0', '1', '2', '3'])
})

test('electedClient() does not say its token to a server that only a beacon vouches for', async (t) => {
  const heard: string[] = []
  const impostor = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.write('{"nonce":"x"}\n')
    socket.on('data', (chunk: Buffer) => {
      heard.push(chunk.toString())
      socket.write(`${JSON.stringify({ url: 'nats://127.0.0.1:1', sealed: '', proof: 'b'.repeat(64) })}\n`)
    })
  })
  await new Promise<void>((resolve) => impostor.listen(0, '127.0.0.1', resolve))
  t.after(() => impostor.close())
  const { port } = impostor.address() as { port: number }
  const { sightings, machine } = sky(t)
  sightings.set('impostor', { id: '', host: '127.0.0.1', port, signpostPort: port })

  const one = await machine().join()

  assert.ok(one.isServer)
  assert.ok(heard.length > 0 && !heard.join().includes('s3cret'))
})

async function hold(t: TestContext, name: string, onAsker: (socket: Socket) => void) {
  const sockets = new Set<Socket>()
  const holder = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    onAsker(socket)
  })
  await new Promise<void>((resolve) => holder.listen(placeOf(name), resolve))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    holder.close()
  })
  return holder
}

/** Machines of one project that see each other through a beacon; each has a place of its own, as if it were far away. */
function sky(t: TestContext) {
  const { name } = project(t)
  const sightings = new Map<string, Sighting>()
  const watchers = new Set<() => void>()
  const changed = () => {
    for (const watcher of watchers) watcher()
  }
  const machine = () => {
    const { name: placeName, keyFolders } = project(t)
    const self = { isBlind: false, join: (options: Partial<ElectedClientOptions> = {}) => joinHere(options) }
    const beacon: Beacon = {
      async show(sighting) {
        sightings.set(placeName, sighting)
        changed()
      },
      async hide() {
        sightings.delete(placeName)
      },
      find: async () => (self.isBlind ? [] : [...sightings.values()]),
      async follow(onChange) {
        watchers.add(onChange)
        return () => watchers.delete(onChange)
      },
    }
    const joinHere = async (options: Partial<ElectedClientOptions>) => {
      const one = await electedClient({ project: name, place: placeOf(placeName), keyFolders, token: 's3cret', beacon, ...options })
      t.after(() => one.close())
      return one
    }
    return self
  }
  return { sightings, changed, machine }
}
