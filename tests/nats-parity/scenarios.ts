import type { Client, Connection, Headers, Msg, Sub } from './clients.js'

/** A server that scenarios are played against. */
export interface Target {
  readonly url: string
  /** Of the clients' certificate authority; with TLS only. */
  readonly ca?: string
  /** Ends it as `kill -9` does, and starts another one at the same port. */
  restart(): Promise<void>
  lameDuck(): void
}

/** Which server a scenario needs. */
export type Setting = 'plain' | 'users' | 'token' | 'tls' | 'small'

/** What clients do, and what comes of it, as lines that must be the same at both servers. */
export interface Scenario {
  readonly name: string
  readonly setting: Setting
  run(kit: Kit): Promise<readonly string[]>
}

/** What a scenario works with. Connections are closed after it. */
export interface Kit {
  readonly client: Client
  readonly target: Target
  connect(options?: Readonly<Record<string, unknown>>): Promise<Connection>
}

const text = (message: Msg) =>
  `${message.subject} ${message.reply === undefined || message.reply === '' ? '-' : 'reply'} ${message.string()}`
const headersOf = (headers: Headers | undefined) =>
  [...(headers ?? [])]
    .map(([name, values]) => `${name}=${values.join('|')}`)
    .sort()
    .join(' ')

async function take(sub: Sub, count: number): Promise<Msg[]> {
  const messages: Msg[] = []
  if (count > 0) for await (const message of sub) if (messages.push(message) === count) break
  return messages
}

/** What went wrong, without what differs from run to run. */
export function failure(error: unknown): string {
  const { name, message, code, cause } = error as Error & { code?: unknown; cause?: Error }
  return [name, code, message, cause?.message]
    .filter((part) => part !== undefined)
    .join(' / ')
    .replaceAll(/\d{4,5}(?=\D|$)/g, 'PORT')
}

const attempt = (work: () => Promise<unknown>): Promise<string> => work().then((value) => `worked: ${typeof value}`, failure)

function said(detail: unknown): string {
  if (detail instanceof Error) return failure(detail)
  return typeof detail === 'string' ? detail : ''
}

async function next(connection: Connection, ...types: readonly string[]): Promise<string> {
  for await (const event of connection.status()) {
    const detail = event.error ?? event.data
    if (types.includes(event.type)) return `${event.type}: ${said(detail)}`
  }
  return 'no such event'
}

/** Beside errors of the connection: a permission that was violated is told there. */
const errorTypes = ['error', 'disconnect']

export const scenarios: readonly Scenario[] = [
  {
    name: 'messages of all sizes arrive whole and in order',
    setting: 'plain',
    async run({ connect }) {
      const [a, b] = [await connect(), await connect()]
      const sub = b.subscribe('size.*')
      await b.flush()
      const sizes = [0, 1, 2, 127, 128, 1023, 1024, 4095, 4096, 65_535, 65_536, 200_000, 1_048_576]
      for (const size of sizes) a.publish(`size.${size}`, Buffer.alloc(size, size % 251))
      return (await take(sub, sizes.length)).map(
        ({ subject, data }) => `${subject} ${data.length} ${data.every((byte) => byte === data.length % 251)}`,
      )
    },
  },
  {
    name: 'two thousand messages keep their order at every subscriber',
    setting: 'plain',
    async run({ connect }) {
      const [a, b, c] = [await connect(), await connect(), await connect()]
      const subs = [b.subscribe('o.>'), b.subscribe('o.*'), c.subscribe('*.x')]
      await Promise.all([b.flush(), c.flush()])
      for (let index = 0; index < 2000; index++) a.publish('o.x', String(index))
      const got = await Promise.all(subs.map((sub) => take(sub, 2000)))
      return got.map((messages) => messages.map((message) => message.string()).join())
    },
  },
  {
    name: 'wildcards',
    setting: 'plain',
    async run({ connect }) {
      const connection = await connect()
      const got: string[] = []
      for (const pattern of ['a', 'a.*', 'a.>', '*.b', '>', '*', 'a.*.c', '*.*.>'])
        connection.subscribe(pattern, { callback: (_, message) => void got.push(`${pattern} ${text(message)}`) })
      for (const subject of ['a', 'a.b', 'a.b.c', 'x.b', 'x', 'a.b.c.d']) connection.publish(subject, subject)
      await connection.flush()
      return got.sort()
    },
  },
  {
    name: 'a queue group gets each message once, others get it too',
    setting: 'plain',
    async run({ connect }) {
      const [a, b, c] = [await connect(), await connect(), await connect()]
      const got: string[] = []
      for (const [name, connection] of Object.entries({ b, c })) {
        connection.subscribe('q', { queue: 'g', callback: (_, message) => void got.push(`g ${message.string()}`) })
        connection.subscribe('q', { queue: 'h', callback: (_, message) => void got.push(`h ${message.string()}`) })
        connection.subscribe('q', { callback: (_, message) => void got.push(`${name} ${message.string()}`) })
      }
      await Promise.all([b.flush(), c.flush()])
      for (let index = 0; index < 200; index++) a.publish('q', String(index))
      await a.flush()
      await Promise.all([b.flush(), c.flush()])
      return got.sort()
    },
  },
  {
    name: 'requests: one answer, many, a subscription of its own, none in time, nobody there',
    setting: 'plain',
    async run({ connect }) {
      const [a, b] = [await connect(), await connect()]
      b.subscribe('echo', { callback: (_, message) => void message.respond(`re: ${message.string()}`) })
      b.subscribe('many', { callback: (_, message) => [1, 2, 3].forEach((index) => message.respond(String(index))) })
      b.subscribe('silent', { callback: () => undefined })
      await b.flush()
      const said: string[] = []
      for (const noMux of [false, true]) said.push((await a.request('echo', 'hi', { timeout: 2000, noMux })).string())
      said.push(
        (await Promise.all(Array.from({ length: 200 }, (_, index) => a.request('echo', String(index), { timeout: 5000 }))))
          .map((message) => message.string())
          .join(),
      )
      for await (const message of await a.requestMany('many', '', { maxMessages: 3, maxWait: 2000, strategy: 'count' }))
        said.push(message.string())
      for (const noMux of [false, true]) {
        said.push(await attempt(() => a.request('silent', 'hi', { timeout: 50, noMux })))
        said.push(await attempt(() => a.request('nobody', 'hi', { timeout: 2000, noMux })))
      }
      return said
    },
  },
  {
    name: 'headers',
    setting: 'plain',
    async run({ connect, client }) {
      const connection = await connect()
      const sub = connection.subscribe('h')
      const many = client.headers()
      many.append('A', '1')
      many.append('A', '2')
      many.set('trace-id', 'ü x: y')
      for (const headers of [client.headers(), many]) connection.publish('h', 'data', { headers, reply: 'r' })
      connection.publish('h', 'none')
      connection.subscribe('echo', {
        callback: (_, message) => void message.respond(message.data, message.headers === undefined ? {} : { headers: message.headers }),
      })
      const messages = await take(sub, 3)
      const answer = await connection.request('echo', 'x', { timeout: 2000, headers: many })
      return [...messages, answer].map((message) => `${message.string()} ${headersOf(message.headers)}`)
    },
  },
  {
    name: 'unsubscribe, with and without a number',
    setting: 'plain',
    async run({ connect }) {
      const [a, b] = [await connect(), await connect()]
      const counts = { three: 0, late: 0, none: 0, five: 0 }
      const subs = {
        three: a.subscribe('u', { max: 3, callback: () => void counts.three++ }),
        late: a.subscribe('u', { callback: () => void counts.late++ }),
        none: a.subscribe('u', { callback: () => void counts.none++ }),
        five: a.subscribe('u', { queue: 'q', max: 5, callback: () => void counts.five++ }),
      }
      subs.none.unsubscribe()
      await a.flush()
      for (let index = 0; index < 4; index++) b.publish('u')
      await b.flush()
      await a.flush()
      subs.late.unsubscribe(6)
      await a.flush()
      for (let index = 0; index < 4; index++) b.publish('u')
      await b.flush()
      await a.flush()
      return [JSON.stringify(counts)]
    },
  },
  {
    name: 'drain hands over what is under way, then closes',
    setting: 'plain',
    async run({ connect }) {
      const [a, b] = [await connect(), await connect()]
      const got: string[] = []
      const sub = a.subscribe('d', { callback: (_, message) => void got.push(message.string()) })
      a.subscribe('d.all', { callback: (_, message) => void got.push(message.string()) })
      await a.flush()
      for (let index = 0; index < 100; index++) b.publish(index % 2 === 0 ? 'd' : 'd.all', String(index))
      await b.flush()
      await sub.drain()
      await a.drain()
      return [String(got.length), String(a.isClosed()), await attempt(async () => a.publish('d'))]
    },
  },
  {
    name: 'options of a connection: no echo, verbose and pedantic, a name',
    setting: 'plain',
    async run({ connect }) {
      const said: string[] = []
      for (const options of [{ noEcho: true }, { verbose: true, pedantic: true }, { name: 'a b' }]) {
        const connection = await connect(options)
        let count = 0
        connection.subscribe('e', { callback: () => void count++ })
        connection.publish('e', 'x')
        await connection.flush()
        said.push(`${JSON.stringify(options)} ${count} ${(await connection.rtt()) >= 0}`)
      }
      return said
    },
  },
  {
    name: 'INFO',
    setting: 'plain',
    async run({ connect }) {
      const { info = {} } = await connect()
      return ['version', 'proto', 'headers', 'max_payload', 'client_ip', 'auth_required', 'tls_required', 'ldm', 'jetstream'].map(
        (key) => `${key}: ${JSON.stringify(info[key])}`,
      )
    },
  },
  {
    name: 'a thousand subscriptions of one connection',
    setting: 'plain',
    async run({ connect }) {
      const [a, b] = [await connect(), await connect()]
      const got: string[] = []
      for (let index = 0; index < 1000; index++)
        a.subscribe(`many.${index}.*`, { callback: (_, message) => void got.push(message.subject) })
      await a.flush()
      for (let index = 0; index < 1000; index += 7) b.publish(`many.${index}.x`)
      await b.flush()
      await a.flush()
      return got
    },
  },
  {
    name: 'services: discovery, endpoints in groups, errors, counts',
    setting: 'plain',
    async run({ connect, client }) {
      const [a, b] = [await connect(), await connect()]
      const service = await client.services(a).add({ name: 'shop', version: '1.2.3', description: 'sells' })
      service.addEndpoint('buy', (_, message) => void message.respond(`bought ${message.string()}`))
      service.addGroup('v2').addEndpoint('sell', (_, message) => void message.respondError(400, 'not for sale', 'no'))
      await a.flush()
      const said = [(await b.request('buy', 'milk', { timeout: 2000 })).string()]
      const refused = await b.request('v2.sell', 'milk', { timeout: 2000 })
      said.push(`${refused.string()} ${headersOf(refused.headers)}`)
      const discovery = client.services(b).client()
      for await (const { name, version, type } of await discovery.ping('shop'))
        said.push(`ping ${String(name)} ${String(version)} ${String(type)}`)
      for await (const { description, endpoints } of await discovery.info('shop'))
        said.push(`info ${String(description)} ${JSON.stringify(endpoints)}`)
      for await (const { endpoints = [] } of await discovery.stats('shop'))
        said.push(
          `stats ${endpoints.map((each) => `${String(each['name'])} ${String(each['num_requests'])} ${String(each['num_errors'])}`).join()}`,
        )
      await service.stop()
      said.push(await attempt(() => b.request('buy', 'milk', { timeout: 2000 })))
      return said
    },
  },
  {
    name: 'JetStream: no answer, and none pretended',
    setting: 'plain',
    async run({ connect }) {
      const connection = await connect()
      return [
        await attempt(() => connection.request('$JS.API.INFO', '', { timeout: 2000 })),
        await attempt(() =>
          connection.request('$JS.API.STREAM.CREATE.orders', '{"name":"orders","subjects":["orders.>"]}', { timeout: 2000 }),
        ),
      ]
    },
  },
  {
    name: 'a payload over the limit',
    setting: 'small',
    async run({ connect }) {
      const connection = await connect()
      connection.subscribe('big', { callback: () => undefined })
      connection.publish('big', Buffer.alloc(1000))
      await connection.flush()
      const end = connection.closed().then((error) => (error === undefined ? 'closed' : failure(error)))
      return [
        await attempt(async () => connection.publish('big', Buffer.alloc(1001))),
        await Promise.race([end, connection.flush().then(() => 'open')]),
      ]
    },
  },
  {
    name: 'one connection too many',
    setting: 'small',
    async run({ connect }) {
      await connect()
      await connect()
      const said = await attempt(() => connect({ reconnect: false, maxReconnectAttempts: 0 }))
      // nats-server closes at once: a client that is still writing may see that before it sees why.
      return [said.replace(/^.*(maximum connections exceeded|EPIPE|ECONNRESET).*$/, 'turned away')]
    },
  },
  {
    name: 'logins that fail and those that do not',
    setting: 'users',
    async run({ connect }) {
      const said: string[] = []
      for (const options of [
        {},
        { user: 'free' },
        { user: 'free', pass: 'wrong' },
        { user: 'nobody', pass: 'p' },
        { token: 'p' },
        { user: 'free', pass: 'p' },
      ])
        said.push(await attempt(() => connect({ ...options, reconnect: false })))
      return said
    },
  },
  {
    name: 'tokens',
    setting: 'token',
    async run({ connect }) {
      const said: string[] = []
      for (const options of [{}, { token: 'wrong' }, { user: 't0ken' }, { token: 't0ken' }])
        said.push(await attempt(() => connect({ ...options, reconnect: false })))
      return said
    },
  },
  {
    name: 'what a user may not do is told, and the connection stays',
    setting: 'users',
    async run({ connect }) {
      const [ann, free] = [await connect({ user: 'ann', pass: 'p' }), await connect({ user: 'free', pass: 'p' })]
      const said: string[] = []
      const got: string[] = []
      let event = next(ann, ...errorTypes)
      ann.publish('secret', 'x')
      said.push(await event)
      event = next(ann, ...errorTypes)
      const refused = ann.subscribe('secret', {
        queue: 'q',
        callback: (error) => void said.push(error === null ? 'a message' : failure(error)),
      })
      said.push(await event)
      await refused.closed
      ann.subscribe('*', { callback: (_, message) => void got.push(message.subject) })
      ann.subscribe('>', { queue: 'w', callback: (_, message) => void got.push(message.subject) })
      await ann.flush()
      for (const subject of ['open', 'secret', 'other']) free.publish(subject, 'x')
      await free.flush()
      await ann.flush()
      return [...said, ...got.sort(), String(ann.isClosed())]
    },
  },
  {
    name: 'answers are allowed to those who were asked',
    setting: 'users',
    async run({ connect }) {
      const [bob, free] = [await connect({ user: 'bob', pass: 'p' }), await connect({ user: 'free', pass: 'p' })]
      bob.subscribe('svc', { callback: (_, message) => void [message.respond('one'), message.respond('two')] })
      await bob.flush()
      const event = next(bob, ...errorTypes)
      const answer = await free.request('svc', 'x', { timeout: 2000 })
      const violation = (await event).replace(/_INBOX\.[\w.]+/, 'INBOX').replace(/_INBOX\.[\w.]+/, 'INBOX')
      return [answer.string(), violation]
    },
  },
  {
    name: 'TLS',
    setting: 'tls',
    async run({ connect, target }) {
      const connection = await connect({ tls: { ca: target.ca } })
      const answered = connection.subscribe('s')
      connection.publish('s', 'secret')
      const [message] = await take(answered, 1)
      return [
        message?.string() ?? '',
        String(connection.info?.['tls_required']),
        (await attempt(() => connect({ reconnect: false }))).replace(/self-signed.*|unable.*/, 'not trusted'),
      ]
    },
  },
  {
    name: 'a server that is killed and comes back finds its subscriptions again',
    setting: 'plain',
    async run({ connect, target }) {
      const [a, b] = [
        await connect({ reconnectTimeWait: 20, maxReconnectAttempts: -1 }),
        await connect({ reconnectTimeWait: 20, maxReconnectAttempts: -1 }),
      ]
      const sub = a.subscribe('back.*')
      await a.flush()
      const events = [a, b].map((connection) => next(connection, 'reconnect'))
      await target.restart()
      const kinds = (await Promise.all(events)).map((event) => event.split(':')[0] ?? '')
      await Promise.all([a.flush(), b.flush()])
      b.publish('back.again', 'x')
      return [...kinds, ...(await take(sub, 1)).map(text)]
    },
  },
  {
    name: 'lame duck mode is announced',
    setting: 'plain',
    async run({ connect, target }) {
      const connection = await connect({ reconnect: false })
      const event = next(connection, 'ldm')
      await connection.flush()
      target.lameDuck()
      return [(await event).split(':')[0] ?? '']
    },
  },
]
