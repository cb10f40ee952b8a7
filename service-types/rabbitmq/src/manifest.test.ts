import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseManifest, readCatalog, type NativeDriver } from '@microts/runner'
import { Connection } from 'rabbitmq-client'

const file = fileURLToPath(new URL('../micro.plugin.yml', import.meta.url))
const [type] = readCatalog([file]).types
const native = type?.drivers.native as NativeDriver
const skip = existsSync('/usr/lib/rabbitmq/bin/rabbitmq-server') ? false : 'needs: rabbitmq-server'

test('micro.plugin.yml is one service type that provides a broker', () => {
  const { types, implementations } = parseManifest(readFileSync(file, 'utf8'), file)

  assert.deepEqual([types.length, implementations.length], [1, 0])
  assert.deepEqual(type?.provides, { kind: 'broker', name: 'rabbitmq', address: 'amqp://127.0.0.1:${port.client}' })
  assert.deepEqual({ ...type?.exports }, { RABBITMQ_URL: 'amqp://guest:guest@127.0.0.1:${port.client}' })
  assert.deepEqual(type?.driverOrder, ['native', 'docker'])
})

test('each version of micro.plugin.yml has an image', () => {
  assert.deepEqual(Object.keys(type?.drivers.docker?.tags ?? {}), type?.versions)
})

test('the native driver runs a real server on loopback alone, tells its version, and leaves no process', { skip }, async (t) => {
  const data = mkdtempSync(join(tmpdir(), 'service-rabbitmq-'))
  const ports: Record<string, number> = { client: await freePort(), nodes: await freePort(), epmd: await freePort() }
  const fill = (text: string) => text.replaceAll('${data}', data).replace(/\$\{port\.(\w+)\}/g, (_, name: string) => String(ports[name]))
  const env = { PATH: process.env['PATH'], ...Object.fromEntries(Object.entries(native.env).map(([name, text]) => [name, fill(text)])) }
  const version = new RegExp(native.version?.match ?? '').exec(
    execFileSync(native.command, native.version?.args as string[], { encoding: 'utf8' }),
  )?.[1]

  const child = spawn(native.command, native.args.map(fill), { cwd: data, env, stdio: 'ignore', detached: true })
  const end = (signal: NodeJS.Signals) => process.kill(-(child.pid ?? Number.NaN), signal)
  const isLeft = () => readdirSync('/proc').some((pid) => /^\d+$/.test(pid) && environmentOf(pid).includes(`HOME=${data}\0`))
  t.after(() => {
    if (child.exitCode === null) end('SIGKILL')
    rmSync(data, { recursive: true, force: true, maxRetries: 5 })
  })
  const connection = new Connection({ url: `amqp://guest:guest@127.0.0.1:${ports['client']}`, retryLow: 100, retryHigh: 200 })
  connection.on('error', () => undefined) // Not there yet; the test's own timeout is the end of it.
  const queue = await connected(connection)
  await connection.close()
  const listening = execFileSync('ss', ['-ltnH'], { encoding: 'utf8' }).split('\n')
  const places = Object.values(ports).flatMap((port) => listening.flatMap((line) => new RegExp(`(\\S+):${port}\\b`).exec(line)?.[1] ?? []))
  child.kill('SIGTERM')
  const [code] = (await once(child, 'exit')) as [number]
  // As the runner does: what is left of the group is epmd.
  end('SIGTERM')
  while (isLeft()) await new Promise((resolve) => setImmediate(resolve))

  assert.match(version ?? '', /^\d+\.\d+\.\d+$/)
  assert.equal(queue, 'tried')
  assert.ok(places.length >= 3)
  for (const place of places) assert.match(place, /^(?:127\.0\.0\.1|\[::1\])$/)
  assert.equal(code, 0)
})

async function connected(connection: Connection): Promise<string> {
  await connection.onConnect(60_000)
  return (await connection.queueDeclare({ queue: 'tried', exclusive: true })).queue
}

/** Empty for one that has ended. */
function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1')
  } catch {
    return '' // it has ended since it was listed
  }
}

/** Not one that is given twice: the system hands them out in turn. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
