import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { natsBroker } from './nats-broker.js'
import { arrivals, message } from './testing/arrivals.fixture.js'
import { noServer, startServer } from './testing/nats-server.fixture.js'

const skip = noServer === false ? withoutOpenssl() : noServer

test('natsBroker() uses TLS when the server requires it and its certificate is trusted', { skip }, async (t) => {
  const { url, caFile } = await tlsServer(t)

  for (const options of [{ caFile }, { caFile, tls: true }, { caFile, servers: url.replace('nats:', 'tls:') }]) {
    const broker = await natsBroker({ servers: url, ...options })
    const got = await arrivals(broker, 'a')
    await broker.publish('a', message('x'))
    await got.count(1)
    await broker.close()
  }
})

test(
  'natsBroker() refuses a certificate that nobody it trusts has signed, or that is for another host, with NATS_TLS',
  { skip },
  async (t) => {
    const { url, caFile } = await tlsServer(t)

    for (const options of [{ servers: url }, { servers: url.replace('127.0.0.1', 'localhost'), caFile }])
      await assert.rejects(natsBroker(options), { code: 'failed_precondition', reason: 'NATS_TLS' })
  },
)

test('natsBroker() refuses a server that has TLS when it must not, or has none when it must, with NATS_TLS', { skip }, async (t) => {
  const { url, caFile } = await tlsServer(t)
  const plain = await startServer()
  t.after(() => plain.stop())

  for (const options of [
    { servers: url, tls: false },
    { servers: plain.url, tls: true },
    { servers: plain.url.replace('nats:', 'tls:') },
    { servers: plain.url, caFile },
  ])
    await assert.rejects(natsBroker(options), { code: 'failed_precondition', reason: 'NATS_TLS' })
})

/** With a certificate of its own for 127.0.0.1. */
async function tlsServer(t: TestContext): Promise<{ readonly url: string; readonly caFile: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'broker-nats-tls-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const [key, caFile] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const subject = ['-subj', '/CN=nats', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2']
  execFileSync('openssl', ['req', '-x509', ...curve, '-keyout', key, '-out', caFile, ...subject], { stdio: 'ignore' })
  const server = await startServer({ settings: `tls { cert_file: "${caFile}", key_file: "${key}" }` })
  t.after(() => server.stop())
  return { url: server.url, caFile }
}

function withoutOpenssl(): string | false {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' })
    return false
  } catch {
    return 'needs: openssl'
  }
}
