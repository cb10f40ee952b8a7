import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { after, before, test, type TestContext } from 'node:test'
import { natsServer } from '@microts/core/nats'
import { connect } from '@nats-io/transport-node'

interface Ready {
  readonly type: 'ready'
  readonly ports: { readonly client: number }
}

let folder = ''

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'service-nats-'))
  const { build } = (await import(new URL('../build.mjs', import.meta.url).href)) as {
    build: (options: { outDir: string }) => Promise<void>
  }
  await build({ outDir: folder })
})

after(() => rm(folder, { recursive: true, force: true }))

test('the bundle is one file that imports nothing but built-ins', async () => {
  const source = await readFile(join(folder, 'nats.js'), 'utf8')

  assert.deepEqual(
    [...source.matchAll(/^import\b.*?from ["']([^"']+)["']/gm)].map(([, name]) => name).filter((name) => !name?.startsWith('node:')),
    [],
  )
  assert.deepEqual(await readdir(folder), ['nats.js'])
})

test('the process says that it is ready on the channel, serves the official client, and ends on SIGTERM with 0', async (t) => {
  const child = start(t, { MICRO_CHANNEL_FD: '3' })
  const lines = linesOf(child.stdio[3] as Readable)
  const ready = JSON.parse(await lines.next()) as Ready

  const client = await connect({ servers: `127.0.0.1:${ready.ports.client}`, reconnect: false })
  const subscription = client.subscribe('greet.*', {
    queue: 'workers',
    callback: (_, message) => void message.respond(`hi ${message.string()}`),
  })
  const answer = await client.request('greet.en', 'Ann')
  subscription.unsubscribe()
  child.kill('SIGTERM')
  const [[code, signal]] = await Promise.all([once(child, 'exit') as Promise<[number | null, string | null]>, client.closed()])

  assert.equal(ready.type, 'ready')
  assert.equal(answer.string(), 'hi Ann')
  assert.deepEqual(JSON.parse(await lines.next()), { type: 'stopping' })
  assert.deepEqual([code, signal], [0, null])
})

test('the process listens where it is told to, and takes messages up to the limit that it is told', async (t) => {
  const free = await natsServer()
  await free.close()

  const child = start(t, { MICRO_PORT_CLIENT: String(free.port), NATS_MAX_PAYLOAD_BYTES: '4096' })
  const { ports } = JSON.parse(await linesOf(child.stdout).next()) as Ready
  const client = await connect({ servers: `127.0.0.1:${free.port}`, reconnect: false })

  assert.equal(ports.client, free.port)
  assert.equal(client.info?.max_payload, 4096)
  await client.close()
})

test('the process ends within a second on SIGINT while a client that does not read is connected', async (t) => {
  const child = start(t, {})
  const { ports } = JSON.parse(await linesOf(child.stdout).next()) as Ready
  const idle = createConnection(ports.client, '127.0.0.1').on('error', () => undefined)
  await once(idle, 'data')
  idle.pause().write('CONNECT {}\r\nSUB > 1\r\n')
  const busy = await connect({ servers: `127.0.0.1:${ports.client}`, reconnect: false })
  for (let count = 0; count < 10; count++) busy.publish('a', new Uint8Array(1024 * 1024))
  await busy.flush()
  const asked = performance.now()

  child.kill('SIGINT')
  const [code] = (await once(child, 'exit')) as [number]

  assert.equal(code, 0)
  assert.ok(performance.now() - asked < 1000)
  idle.destroy()
  await busy.closed()
})

test('the process says which port is taken in one line on the channel, without a stack, and ends with 1', async (t) => {
  const other = await natsServer()
  t.after(() => other.close())

  const child = start(t, { MICRO_CHANNEL_FD: '3', MICRO_PORT_CLIENT: String(other.port) })
  const [line, [code], stderr] = await Promise.all([
    linesOf(child.stdio[3] as Readable).next(),
    once(child, 'exit') as Promise<[number]>,
    child.stderr.setEncoding('utf8').toArray(),
  ])

  const { type, error } = JSON.parse(line) as { type: string; error: Record<string, string> }
  assert.deepEqual([type, error['code'], error['reason'], code, stderr], ['failed', 'unavailable', 'PORT_TAKEN', 1, []])
  assert.ok(error['message'] && error['hint'])
})

test('the process says which setting is wrong on stdout when it has no channel', async (t) => {
  for (const [env, reason] of [
    [{ MICRO_PORT_CLIENT: 'x' }, 'INVALID_SETTING'],
    [{ MICRO_PORT_CLIENT: '65536' }, 'INVALID_SETTING'],
    [{ NATS_MAX_PAYLOAD_BYTES: '1' }, 'INVALID_SETTING'],
    [{ MICRO_CHANNEL_FD: '-1' }, 'INVALID_SETTING'],
    [{ MICRO_HOST: '0.0.0.0' }, 'PUBLIC_WITHOUT_AUTHENTICATION'],
  ] as const) {
    const child = start(t, env)
    const [line, [code]] = await Promise.all([linesOf(child.stdout).next(), once(child, 'exit') as Promise<[number]>])

    const { type, error } = JSON.parse(line) as { type: string; error: Record<string, string> }
    assert.deepEqual([type, error['reason'], code], ['failed', reason, 1])
  }
})

test('the process goes on when the channel and its output are closed', async (t) => {
  const child = start(t, { MICRO_CHANNEL_FD: '3' })
  const { ports } = JSON.parse(await linesOf(child.stdio[3] as Readable).next()) as Ready
  child.stdio[3]?.destroy()
  child.stdout.destroy()

  const client = await connect({ servers: `127.0.0.1:${ports.client}`, reconnect: false })
  await client.flush()
  await client.close()

  assert.equal(child.exitCode, null)
})

function start(t: TestContext, env: Record<string, string>) {
  const child = spawn(process.execPath, [join(folder, 'nats.js')], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
  return child as typeof child & { stdout: Readable; stderr: Readable }
}

function linesOf(stream: Readable): { next(): Promise<string> } {
  const lines = createInterface(stream)[Symbol.asyncIterator]()
  return {
    async next() {
      const line = await lines.next()
      return line.done === true ? assert.fail('it said nothing') : line.value
    },
  }
}
