import assert from 'node:assert/strict'
import { createServer, type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { MicroError } from '../../base/index.js'
import type { NatsClient } from '../nats.js'
import { client, makeCertificate, testWithBoth, watchedClient } from './both-servers.fixture.js'
import { natsClient } from './client.js'

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()
const bytes = (text: string) => Buffer.from(text)

const rejectsWith = (work: Promise<unknown>, code: string, reason: string) =>
  assert.rejects(work, (error) => {
    assert.ok(MicroError.is(error), String(error))
    assert.deepEqual([error.code, error.reason], [code, reason], error.message)
    return true
  })

/** Answers what comes to `subject` with itself in capitals. */
const shouting = async (one: NatsClient, subject: string) => {
  one.subscribe(subject, ({ reply, payload }) => {
    if (reply !== undefined) one.publish(reply, bytes(text(payload).toUpperCase()))
  })
  await one.flush()
}

testWithBoth('publish() reaches subscribers with subject, reply, headers and payload', async (t, start) => {
  const { url } = await start()
  const [one, two] = [await client(t, url), await client(t, url)]
  const got: string[] = []
  two.subscribe('orders.*', (m) =>
    got.push(`${m.subject} ${m.reply ?? '-'} ${m.headers === undefined ? '-' : m.headers.length} ${text(m.payload)}`),
  )
  two.subscribe('grüße.>', (m) => got.push(`${m.subject} ${text(m.payload)}`))
  await two.flush()

  one.publish('orders.placed', bytes('plain'))
  one.publish('orders.paid', bytes('reply'), { reply: 'answers.1' })
  one.publish('orders.sent', bytes('both'), { reply: 'answers.2', headers: bytes('NATS/1.0\r\na: ü\r\n\r\n') })
  one.publish('orders.done', new Uint8Array(0))
  one.publish('grüße.ö.ß', bytes('ä'))
  await one.flush()
  await two.flush()

  assert.deepEqual(got, [
    'orders.placed - - plain',
    'orders.paid answers.1 - reply',
    'orders.sent answers.2 19 both',
    'orders.done - - ',
    'grüße.ö.ß ä',
  ])
})

testWithBoth('publish() of more than the server takes is refused before it is sent', async (t, start) => {
  const one = await client(t, (await start({ maxPayloadBytes: 1000 })).url)

  assert.throws(() => one.publish('a', new Uint8Array(1001)), { code: 'resource_exhausted', reason: 'MESSAGE_TOO_LARGE' })
  assert.throws(() => one.publish('a', new Uint8Array(990), { headers: bytes('NATS/1.0\r\n\r\n') }), { reason: 'MESSAGE_TOO_LARGE' })

  one.publish('a', new Uint8Array(1000))
  await one.flush()
  assert.equal(one.state, 'connected')
})

testWithBoth('request() gives the answer, one for each of a thousand at once', async (t, start) => {
  const { url } = await start()
  const [one, two] = [await client(t, url), await client(t, url)]
  await shouting(two, 'shout')

  const answers = await Promise.all(Array.from({ length: 1000 }, (_, index) => one.request('shout', bytes(`n${index}`))))

  assert.deepEqual(
    answers.map((answer) => text(answer.payload)),
    answers.map((_, index) => `N${index}`),
  )
})

testWithBoth('request() rejects at once when nobody listens, and in time when nobody answers', async (t, start) => {
  const { url } = await start()
  const [one, two] = [await client(t, url), await client(t, url)]
  two.subscribe('silent', () => undefined)
  await two.flush()
  const abort = new AbortController()

  await rejectsWith(one.request('nobody', bytes('')), 'unavailable', 'NATS_NO_RESPONDERS')
  await rejectsWith(one.request('silent', bytes(''), { timeoutMs: 30 }), 'deadline_exceeded', 'DEADLINE_EXCEEDED')
  const aborted = rejectsWith(one.request('silent', bytes(''), { signal: abort.signal }), 'canceled', 'CANCELED')
  abort.abort()
  await aborted
  await rejectsWith(one.request('silent', bytes(''), { signal: abort.signal }), 'canceled', 'CANCELED')
  await rejectsWith(one.request('a b', bytes('')), 'invalid_argument', 'SUBJECT_INVALID')
  const left = rejectsWith(one.request('silent', bytes('')), 'failed_precondition', 'CLOSED')
  await one.close()
  await left
})

testWithBoth('request() that is answered twice, or too late, disturbs no later one', async (t, start) => {
  const { url } = await start()
  const [one, two] = [await client(t, url), await client(t, url)]
  const replies: string[] = []
  two.subscribe('twice', ({ reply = '', payload }) => {
    replies.push(reply)
    for (const count of [1, 2]) two.publish(reply, bytes(`${text(payload)}${count}`))
  })
  two.subscribe('late', ({ reply = '' }) => void replies.push(reply))
  await two.flush()

  await rejectsWith(one.request('late', bytes(''), { timeoutMs: 10 }), 'deadline_exceeded', 'DEADLINE_EXCEEDED')
  for (const reply of replies) two.publish(reply, bytes('too late'))
  await two.flush()
  const answers: string[] = []
  for (const name of ['a', 'b', 'c']) answers.push(text((await one.request('twice', bytes(name))).payload))

  assert.deepEqual(answers, ['a1', 'b1', 'c1'])
  assert.equal(new Set(replies).size, 4)
})

testWithBoth(
  'a client whose server is killed connects again: subscriptions, requests and what was published meanwhile',
  async (t, start) => {
    const first = await start()
    const { watched: one, until } = await watchedClient(t, first.url)
    const two = await watchedClient(t, first.url)
    const got: string[] = []
    await shouting(two.watched, 'shout')
    one.subscribe('a.*', (m) => got.push(text(m.payload)), { queue: 'group' })
    one.subscribe('a.x', (m) => got.push(text(m.payload)), { max: 3 })
    one.publish('a.x', bytes('before'))
    await one.flush()
    assert.deepEqual(got.splice(0), ['before', 'before'])
    assert.equal(text((await one.request('shout', bytes('x'))).payload), 'X')

    await first.close()
    await until('reconnecting')
    await two.until('reconnecting')
    for (let count = 0; count < 3; count++) one.publish('a.x', bytes(`meanwhile ${count}`), { headers: bytes('NATS/1.0\r\n\r\n') })
    const flushed = one.flush()
    await start({ port: first.port })
    await two.until('connected')
    await flushed
    await one.flush()

    assert.deepEqual(got, ['meanwhile 0', 'meanwhile 0', 'meanwhile 1', 'meanwhile 1', 'meanwhile 2'])
    assert.equal(text((await one.request('shout', bytes('y'))).payload), 'Y')
  },
)

testWithBoth('a client logs in with user and password or with a token, and says when it is not let in', async (t, start) => {
  const users = await start({ users: [{ user: 'ann', password: 'a:b@c' }] })
  const token = await start({ token: 's3cret' })
  const withLogin = (url: string, login: string) => url.replace('//', `//${login}@`)

  await rejectsWith(natsClient({ servers: users.url }), 'unauthenticated', 'NATS_AUTHORIZATION')
  await rejectsWith(natsClient({ servers: withLogin(users.url, 'ann:x') }), 'unauthenticated', 'NATS_AUTHORIZATION')
  await rejectsWith(natsClient({ servers: withLogin(token.url, 'wrong') }), 'unauthenticated', 'NATS_AUTHORIZATION')

  const ann = await client(t, withLogin(users.url, `ann:${encodeURIComponent('a:b@c')}`))
  const bob = await client(t, withLogin(token.url, 's3cret'))
  assert.deepEqual([ann.state, bob.state, ann.url], ['connected', 'connected', users.url])
})

testWithBoth('a client that is not let in when it connects again says so once, and goes on trying', async (t, start) => {
  const first = await start({ token: 'one' })
  const errors: unknown[] = []
  let wake: () => void = () => undefined
  const told = new Promise<void>((resolve) => (wake = resolve))
  const { until } = await watchedClient(t, first.url.replace('//', '//one@'), { onError: (error) => (errors.push(error), wake()) })

  await first.close()
  await until('reconnecting')
  const second = await start({ port: first.port, token: 'two' })
  await told
  await second.close()
  await start({ port: first.port, token: 'one' })
  await until('connected')

  assert.deepEqual(
    errors.map((error) => MicroError.is(error) && error.reason),
    ['NATS_AUTHORIZATION'],
  )
})

testWithBoth('what the server forbids is told to whom it concerns, and ends nothing else', async (t, start) => {
  const { url } = await start({ users: [{ user: 'ann', password: 'x', mayNotSubscribe: 'secret.>', mayNotPublish: 'closed' }] })
  const errors: unknown[] = []
  const one = await client(t, url.replace('//', '//ann:x@'), { onError: (error) => errors.push(error) })
  const refused: unknown[] = []
  const got: string[] = []
  one.subscribe('open', (m) => got.push(text(m.payload)))
  one.subscribe('secret.plans', () => assert.fail('it is not allowed'), { onRefused: (error) => refused.push(error) })
  one.subscribe('secret.group', () => assert.fail('it is not allowed'), { queue: 'q', onRefused: (error) => refused.push(error) })
  one.publish('closed', bytes('x'))
  one.publish('open', bytes('y'))
  await one.flush()

  const reasons = (list: unknown[]) => list.map((error) => MicroError.is(error) && `${error.code} ${error.reason}`)
  assert.deepEqual(reasons(refused), ['permission_denied NATS_PERMISSION', 'permission_denied NATS_PERMISSION'])
  assert.deepEqual(reasons(errors), ['permission_denied NATS_PERMISSION'])
  assert.deepEqual(got, ['y'])
})

testWithBoth('a client encrypts when the server requires it, and trusts only whom it is told to', async (t, start) => {
  const certificate = makeCertificate(t)
  if (certificate === undefined) return t.skip('needs: openssl')
  const { url } = await start({ tls: certificate })
  const tls = { ca: certificate.cert }

  const [one, two] = [await client(t, url, { tls }), await client(t, url.replace('nats:', 'tls:'), { tls })]
  const got = new Promise<string>((resolve) => two.subscribe('a', (m) => resolve(text(m.payload))))
  await two.flush()
  one.publish('a', Buffer.alloc(100_000, 'x'))
  assert.equal((await got).length, 100_000)

  await rejectsWith(natsClient({ servers: url }), 'failed_precondition', 'NATS_TLS')
  await rejectsWith(natsClient({ servers: url, tls: { ...tls, serverName: 'elsewhere.test' } }), 'failed_precondition', 'NATS_TLS')
})

testWithBoth('a client that wants TLS says nothing to a server without it', async (_t, start) => {
  const { url } = await start()

  await rejectsWith(natsClient({ servers: url.replace('nats:', 'tls:') }), 'failed_precondition', 'NATS_TLS')
  await rejectsWith(natsClient({ servers: url, tls: {} }), 'failed_precondition', 'NATS_TLS')
})

testWithBoth('a client leaves a server that is about to stop for another one, and loses nothing that is under way', async (t, start) => {
  const [first, second] = [await start(), await start()]
  const { watched: one, until } = await watchedClient(t, `${first.url},${second.url}`)
  const got: string[] = []
  one.subscribe('a', (m) => got.push(text(m.payload)))
  await one.flush()
  for (let count = 0; count < 1000; count++) one.publish('a', bytes(String(count)))

  first.lameDuck()
  const why = await until('reconnecting')
  await until('connected')
  one.publish('a', bytes('after'))
  await one.flush()

  assert.equal(MicroError.is(why) && why.reason, 'NATS_LAME_DUCK')
  assert.equal(one.url, second.url)
  assert.deepEqual(got, [...Array.from({ length: 1000 }, (_, index) => String(index)), 'after'])
})

testWithBoth('a client with another serverName than the server has passes it over', async (_t, start) => {
  const { url } = await start()

  await rejectsWith(natsClient({ servers: url, serverName: 'somebody' }), 'unavailable', 'NATS_UNREACHABLE')
})

test('a client goes on with the servers that its server has told of', async (t) => {
  const info = (port: number, connect_urls: unknown) =>
    `INFO ${JSON.stringify({ server_id: 'x', server_name: 'x', version: '2.9.10', proto: 1, host: 'x', port, headers: true, max_payload: 1024, connect_urls })}\r\n`
  const logins: string[] = []
  const listen = async (hello: (port: number) => string) => {
    const sockets = new Set<{ destroy(): void }>()
    const listener = createServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('data', (chunk: Buffer) => {
        const found = /"auth_token":"(\w+)"/.exec(chunk.toString('latin1'))
        if (found !== null) logins.push(found[1] as string)
        if (chunk.includes('PING')) socket.write('PONG\r\n')
      })
      socket.write(hello((listener.address() as AddressInfo).port))
    })
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
    const stop = () => {
      for (const socket of sockets) socket.destroy()
      listener.close()
    }
    t.after(stop)
    return { port: (listener.address() as AddressInfo).port, stop }
  }
  const second = await listen((port) => info(port, undefined))
  const first = await listen((port) => info(port, [`127.0.0.1:${port}`, `127.0.0.1:${second.port}`, 'no address', 5, 'a@b:1']))
  const { watched: one, until } = await watchedClient(t, `nats://s3cret@127.0.0.1:${first.port}`)

  first.stop()
  await until('reconnecting')
  await until('connected')

  assert.equal(one.url, `nats://127.0.0.1:${second.port}`)
  assert.deepEqual(logins, ['s3cret', 's3cret'])
})

testWithBoth('a client with settleMs sends what waited when others are back too, and listens at once', async (t, start) => {
  const first = await start()
  const options = { reconnectCapMs: 50, settleMs: 300 }
  const all = [
    await watchedClient(t, first.url, options),
    await watchedClient(t, first.url, options),
    await watchedClient(t, first.url, options),
  ]
  const got: string[][] = all.map(() => [])
  for (const [index, { watched }] of all.entries()) watched.subscribe('a', (m) => got[index]?.push(text(m.payload)))
  await Promise.all(all.map(({ watched }) => watched.flush()))

  await first.close()
  await Promise.all(all.map(({ until }) => until('reconnecting')))
  for (const [index, { watched }] of all.entries()) watched.publish('a', bytes(`meanwhile ${index}`))
  await start({ port: first.port })
  await Promise.all(all.map(({ until }) => until('connected')))
  await Promise.all(all.map(({ watched }) => watched.flush()))
  await Promise.all(all.map(({ watched }) => watched.flush()))

  for (const each of got) assert.deepEqual(each.sort(), ['meanwhile 0', 'meanwhile 1', 'meanwhile 2'])
})
