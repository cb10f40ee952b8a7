import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, readFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseManifest, readCatalog, type NativeDriver } from '@microts/runner'
import { connect, type NatsConnection } from '@nats-io/transport-node'

const file = fileURLToPath(new URL('../micro.plugin.yml', import.meta.url))
const [type] = readCatalog([file]).types
const native = type?.drivers.native as NativeDriver

// Debian keeps it where an ordinary user's PATH does not look.
const command = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/local/bin']
  .map((folder) => join(folder, native.command))
  .find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false // not in this folder
    }
  })
const skip = command === undefined ? 'needs: nats-server' : false

test('micro.plugin.yml is one service type that provides a broker', () => {
  const { types, implementations } = parseManifest(readFileSync(file, 'utf8'), file)

  assert.deepEqual([types.length, implementations.length], [1, 0])
  assert.deepEqual(type?.provides, { kind: 'broker', name: 'nats', address: 'nats://127.0.0.1:${port.client}' })
  assert.deepEqual({ ...type?.exports }, { NATS_URL: 'nats://127.0.0.1:${port.client}' })
  assert.deepEqual(type?.driverOrder, ['embedded', 'native', 'docker'])
  assert.deepEqual({ ...type?.ready, tcp: { ...type?.ready.tcp } }, { tcp: { port: 'client' }, timeoutMs: 20_000 })
})

test('each version of micro.plugin.yml has an image, and the default is one that the embedded driver stands for', () => {
  assert.deepEqual(Object.keys(type?.drivers.docker?.tags ?? {}), type?.versions)
  assert.ok(type?.drivers.embedded?.versions?.includes(type.defaultVersion ?? ''))
})

test('the native driver runs a real server on its two ports, and reads its version', { skip }, async (t) => {
  const [client, monitor] = [await freePort(), await freePort()]
  const fill = (text: string) => text.replace('${port.client}', String(client)).replace('${port.monitor}', String(monitor))

  const version = new RegExp(native.version?.match ?? '').exec(
    execFileSync(command ?? '', native.version?.args as string[], { encoding: 'utf8' }),
  )?.[1]
  const child = spawn(command ?? '', native.args.map(fill), { stdio: 'ignore' })
  t.after(async () => {
    child.kill('SIGTERM')
    if (child.exitCode === null) await once(child, 'exit')
  })
  const connection = await connected(client)
  const healthy = (await (await fetch(`http://127.0.0.1:${monitor}/healthz`)).json()) as { status: string }

  assert.match(version ?? '', /^\d+\.\d+\.\d+$/)
  assert.equal(connection.info?.version, version)
  assert.equal(healthy.status, 'ok')
  await connection.close()
})

/** Not one that is given twice: the system hands them out in turn. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function connected(port: number): Promise<NatsConnection> {
  for (;;) {
    try {
      return await connect({ servers: `127.0.0.1:${port}`, reconnect: false, timeout: 2000 })
    } catch {
      // Not there yet; the test's own timeout is the end of it.
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}
