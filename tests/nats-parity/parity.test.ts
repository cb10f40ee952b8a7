import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { natsServer, type NatsServer, type NatsServerOptions } from '@microts/core/nats'
import { clients, type Client, type Connection } from './clients.js'
import { makeCertificate, noNative, startNative, type Native } from './native.js'
import { scenarios, type Scenario, type Setting, type Target } from './scenarios.js'

const made = makeCertificate()
const certificate = typeof made === 'string' ? undefined : made
after(() => certificate?.remove())

const maxPayloadBytes = 1024 * 1024
const ours: Record<Setting, () => NatsServerOptions> = {
  plain: () => ({ maxPayloadBytes }),
  small: () => ({ maxPayloadBytes: 1000, maxConnections: 2 }),
  token: () => ({ token: 't0ken' }),
  tls: () => ({ tls: { key: certificate?.key ?? '', cert: certificate?.cert ?? '' } }),
  users: () => ({
    users: [
      { user: 'free', password: 'p' },
      { user: 'ann', password: 'p', permissions: { publish: { deny: ['secret'] }, subscribe: { deny: ['secret'] } } },
      { user: 'bob', password: 'p', permissions: { subscribe: { allow: ['svc', '_INBOX.>'] }, allowResponses: true } },
    ],
  }),
}
const theirs: Record<Setting, () => string> = {
  plain: () => 'lame_duck_duration: "30s"\nlame_duck_grace_period: "5s"',
  small: () => 'max_payload: 1000\nmax_connections: 2',
  token: () => 'authorization { token: "t0ken" }',
  tls: () => `tls { key_file: "${certificate?.keyFile}", cert_file: "${certificate?.certFile}" }`,
  users: () => `authorization { users: [
    { user: free, password: p }
    { user: ann, password: p, permissions: { publish: { deny: ["secret"] }, subscribe: { deny: ["secret"] } } }
    { user: bob, password: p, permissions: { subscribe: ["svc", "_INBOX.>"], allow_responses: true } }
  ] }`,
}

interface Running extends Target {
  close(): Promise<void>
}

async function startOurs(setting: Setting): Promise<Running> {
  let server: NatsServer = await natsServer(ours[setting]())
  return {
    url: server.url,
    ...(certificate === undefined ? {} : { ca: certificate.cert }),
    lameDuck: () => void server.lameDuck(),
    async restart() {
      const { port } = server
      await server.close()
      server = await natsServer({ ...ours[setting](), port })
    },
    close: () => server.close(),
  }
}

async function startTheirs(setting: Setting): Promise<Running> {
  let server: Native = await startNative(theirs[setting]())
  return {
    url: server.url,
    ...(certificate === undefined ? {} : { ca: certificate.cert }),
    lameDuck: () => server.signal('SIGUSR2'),
    async restart() {
      const { port } = server
      await server.close()
      server = await startNative(theirs[setting](), port)
    },
    close: () => server.close(),
  }
}

async function played(scenario: Scenario, client: Client, start: (setting: Setting) => Promise<Running>): Promise<readonly string[]> {
  const target = await start(scenario.setting)
  const open: Connection[] = []
  try {
    const connect = async (options: Readonly<Record<string, unknown>> = {}) => {
      const connection = await client.connect({ servers: target.url, ...options })
      open.push(connection)
      return connection
    }
    return await scenario.run({ client, target, connect })
  } finally {
    await Promise.all(open.map((connection) => connection.close().catch(() => undefined)))
    await target.close()
  }
}

for (const client of clients)
  for (const scenario of scenarios) {
    const skip = noNative !== false ? noNative : scenario.setting === 'tls' && typeof made === 'string' && made
    test(`${client.name} meets the same at both servers: ${scenario.name}`, { skip, timeout: 30_000 }, async () => {
      const [found, wanted] = await Promise.all([played(scenario, client, startOurs), played(scenario, client, startTheirs)])

      assert.ok(wanted.length > 0)
      assert.deepEqual(found, wanted)
    })
  }
