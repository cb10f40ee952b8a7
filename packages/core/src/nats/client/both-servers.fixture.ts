import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { NatsClient, NatsClientState } from '../nats.js'
import { findNativeServer, startNativeServer } from '../native-server.fixture.js'
import { natsServer } from '../server/server.js'
import type { NatsClientOptions } from './client-options.js'
import { natsClient } from './client.js'

/** For tests: a server of either kind, and how it is stopped without a word. */
export interface TestServer {
  readonly port: number
  readonly url: string
  close(): Promise<void>
  lameDuck(): void
}

/** For tests: what both kinds of server can be told. */
export interface TestServerOptions {
  readonly port?: number
  readonly maxPayloadBytes?: number
  readonly users?: readonly {
    readonly user: string
    readonly password: string
    readonly mayNotSubscribe?: string
    readonly mayNotPublish?: string
  }[]
  readonly token?: string
  readonly tls?: Certificate
}

/** For tests: a key and its certificate for 127.0.0.1, signed by itself. */
export interface Certificate {
  readonly keyFile: string
  readonly certFile: string
  readonly key: string
  readonly cert: string
}

type Start = (options?: TestServerOptions) => Promise<TestServer>

/** For tests: runs `run` once with our server and once with nats-server, where there is one. */
export function testWithBoth(name: string, run: (t: TestContext, start: Start) => Promise<void>): void {
  const native = findNativeServer()
  test(`${name} (ours)`, (t) => run(t, (options) => ended(t, startOurs(options))))
  test(`${name} (nats-server)`, { skip: native === undefined ? 'needs: nats-server' : false }, (t) =>
    run(t, (options) => ended(t, startNative(native ?? '', options))),
  )
}

/** For tests: a client that connects again fast, and is closed after the test. */
export async function client(t: TestContext, servers: string, options: Partial<NatsClientOptions> = {}): Promise<NatsClient> {
  const opened = await natsClient({ servers, reconnectBaseMs: 5, reconnectCapMs: 20, ...options })
  t.after(() => opened.close())
  return opened
}

/** For tests: a client whose states can be waited for; `until` gives the error that came with the state. */
export async function watchedClient(t: TestContext, servers: string, options: Partial<NatsClientOptions> = {}) {
  const seen: { state: NatsClientState; error: Error | undefined }[] = []
  let wake: () => void = () => undefined
  const watched = await client(t, servers, {
    onState(state, error) {
      seen.push({ state, error })
      wake()
    },
    ...options,
  })
  const until = async (state: NatsClientState) => {
    for (;;) {
      const found = seen.findIndex((each) => each.state === state)
      if (found !== -1) return seen.splice(0, found + 1)[found]?.error
      await new Promise<void>((resolve) => (wake = resolve))
    }
  }
  return { watched, until }
}

/** For tests: makes a {@link Certificate}; undefined without openssl. */
export function makeCertificate(t: TestContext): Certificate | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'micro-cert-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=test']
  const made = spawnSync('openssl', [...words, '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', keyFile, '-out', certFile])
  if (made.status !== 0) return undefined
  return { keyFile, certFile, key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') }
}

async function ended(t: TestContext, starting: Promise<TestServer>): Promise<TestServer> {
  const server = await starting
  t.after(() => server.close())
  return server
}

async function startOurs({ port, maxPayloadBytes, users, token, tls }: TestServerOptions = {}): Promise<TestServer> {
  const server = await natsServer({
    ...(port === undefined ? {} : { port }),
    ...(maxPayloadBytes === undefined ? {} : { maxPayloadBytes }),
    ...(token === undefined ? {} : { token }),
    ...(tls === undefined ? {} : { tls: { key: tls.key, cert: tls.cert } }),
    ...(users === undefined
      ? {}
      : {
          users: users.map(({ user, password, mayNotPublish, mayNotSubscribe }) => ({
            user,
            password,
            permissions: {
              ...(mayNotPublish === undefined ? {} : { publish: { deny: [mayNotPublish] } }),
              ...(mayNotSubscribe === undefined ? {} : { subscribe: { deny: [mayNotSubscribe] } }),
            },
          })),
        }),
  })
  return {
    port: server.port,
    url: server.url,
    close: () => server.close(),
    lameDuck: () => void server.lameDuck({ graceMs: 200, durationMs: 1000 }),
  }
}

async function startNative(path: string, { port, maxPayloadBytes, users, token, tls }: TestServerOptions = {}): Promise<TestServer> {
  const login = (users ?? []).map(({ user, password, mayNotPublish, mayNotSubscribe }) => {
    const rules = [
      ...(mayNotPublish === undefined ? [] : [`publish: { deny: ["${mayNotPublish}"] }`]),
      ...(mayNotSubscribe === undefined ? [] : [`subscribe: { deny: ["${mayNotSubscribe}"] }`]),
    ]
    return `{ user: "${user}", password: "${password}", permissions: { ${rules.join(', ')} } }`
  })
  const settings = [
    'lame_duck_grace_period: "200ms"',
    'lame_duck_duration: "30s"',
    ...(maxPayloadBytes === undefined ? [] : [`max_payload: ${maxPayloadBytes}`]),
    ...(users === undefined ? [] : [`authorization { users: [${login.join(', ')}] }`]),
    ...(token === undefined ? [] : [`authorization { token: "${token}" }`]),
    ...(tls === undefined ? [] : [`tls { cert_file: "${tls.certFile}", key_file: "${tls.keyFile}" }`]),
  ]
  const server = await startNativeServer(path, settings.join('\n'), port)
  return { port: server.port, url: server.url, close: server.close, lameDuck: () => server.signal('SIGUSR2') }
}
