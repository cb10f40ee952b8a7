import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseManifest, readCatalog, type NativeDriver } from '@microts/runner'

const file = fileURLToPath(new URL('../micro.plugin.yml', import.meta.url))
const [type] = readCatalog([file]).types
const native = type?.drivers.native as NativeDriver

const command = [...(process.env['PATH'] ?? '').split(':'), '/usr/bin', '/usr/local/bin']
  .map((folder) => join(folder, native.command))
  .find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false // not in this folder
    }
  })
const skip = command === undefined ? 'needs: etcd' : false

test('micro.plugin.yml is one service type that provides a registry', () => {
  const { types, implementations } = parseManifest(readFileSync(file, 'utf8'), file)

  assert.deepEqual([types.length, implementations.length], [1, 0])
  assert.deepEqual(type?.provides, { kind: 'registry', name: 'etcd', address: 'http://127.0.0.1:${port.client}' })
  assert.deepEqual({ ...type?.exports }, { ETCD_URL: 'http://127.0.0.1:${port.client}' })
  assert.deepEqual(type?.driverOrder, ['native', 'docker'])
  assert.deepEqual({ ...type?.ready, http: { ...type?.ready.http } }, { http: { port: 'client', path: '/health' }, timeoutMs: 20_000 })
})

test('each version of micro.plugin.yml has an image, also the default', () => {
  assert.deepEqual(Object.keys(type?.drivers.docker?.tags ?? {}), type?.versions)
  assert.ok(type?.versions.includes(type.defaultVersion ?? ''))
})

test('the native driver runs a real etcd on its ports, with its data in its folder, and reads its version', { skip }, async (t) => {
  const [client, peer] = [await freePort(), await freePort()]
  const data = mkdtempSync(join(tmpdir(), 'service-etcd-'))
  const fill = (text: string) =>
    text.replaceAll('${port.client}', String(client)).replaceAll('${port.peer}', String(peer)).replaceAll('${data}', data)

  const version = new RegExp(native.version?.match ?? '').exec(
    execFileSync(command ?? '', native.version?.args as string[], { encoding: 'utf8' }),
  )?.[1]
  const child = spawn(command ?? '', native.args.map(fill), { stdio: 'ignore' })
  t.after(async () => {
    child.kill('SIGTERM')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    rmSync(data, { recursive: true, force: true })
  })
  await healthy(client, () => child.exitCode !== null)
  const said = (await (await fetch(`http://127.0.0.1:${client}/version`)).json()) as { etcdserver: string }

  assert.match(version ?? '', /^\d+\.\d+\.\d+$/)
  assert.equal(said.etcdserver, version)
  accessSync(join(data, 'member'))
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

async function healthy(port: number, hasEnded: () => boolean): Promise<void> {
  for (;;) {
    assert.equal(hasEnded(), false, 'etcd has ended')
    try {
      const response = await fetch(`http://127.0.0.1:${port}${type?.ready.http?.path}`)
      if (response.ok) return
    } catch {
      // Not there yet; the test's own timeout is the end of it.
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
}
