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
import { createTransport } from 'nodemailer'
import { startCatcher } from './testing/catcher.js'

interface Ready {
  readonly type: 'ready'
  readonly ports: { readonly smtp: number; readonly http: number }
}

let folder = ''

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailhog-'))
  const { build } = (await import(new URL('../build.mjs', import.meta.url).href)) as {
    build: (options: { outDir: string }) => Promise<void>
  }
  await build({ outDir: folder })
})

after(() => rm(folder, { recursive: true, force: true }))

test('the bundle is one file that imports nothing but built-ins', async () => {
  const source = await readFile(join(folder, 'mailhog.js'), 'utf8')

  assert.deepEqual(
    [...source.matchAll(/^import\b.*?from ["']([^"']+)["']/gm)].map(([, name]) => name).filter((name) => !name?.startsWith('node:')),
    [],
  )
  assert.deepEqual((await readdir(folder)).sort(), ['index.js', 'mailhog.js'])
})

test('the process says that it is ready on the channel, logs each mail, serves the page, and ends on SIGTERM with 0', async (t) => {
  const child = start(t, { MICRO_CHANNEL_FD: '3' })
  const ready = JSON.parse(await firstLine(child.stdio[3] as Readable)) as Ready

  await createTransport({ host: '127.0.0.1', port: ready.ports.smtp }).sendMail({
    from: 'a@example.com',
    to: ['b@example.com', 'c@example.com'],
    subject: 'Grüße',
    text: 'x',
  })
  const log = JSON.parse(await firstLine(child.stdout)) as Record<string, unknown>
  const page = await fetch(`http://127.0.0.1:${ready.ports.http}/`)
  const script = await fetch(`http://127.0.0.1:${ready.ports.http}/page/page.js`)
  child.kill('SIGTERM')
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]

  assert.equal(ready.type, 'ready')
  assert.deepEqual(
    { ...log, time: 0 },
    { level: 30, time: 0, msg: 'mail received', from: 'a@example.com', to: ['b@example.com', 'c@example.com'], subject: 'Grüße' },
  )
  assert.match(await page.text(), /^<!doctype html>/)
  assert.match(await script.text(), /EventSource/)
  assert.deepEqual([code, signal], [0, null])
})

test('the process ends within a second on SIGINT while connections are open, and frees its ports', async (t) => {
  const child = start(t, {})
  const { ports } = JSON.parse(await firstLine(child.stdout)) as Ready
  const smtp = createConnection(ports.smtp, '127.0.0.1').on('error', () => undefined)
  await once(smtp, 'data')
  const events = await fetch(`http://127.0.0.1:${ports.http}/page/events`)
  const asked = performance.now()

  child.kill('SIGINT')
  const [code] = (await once(child, 'exit')) as [number]

  assert.equal(code, 0)
  assert.ok(performance.now() - asked < 1000)
  await events.body?.cancel().catch(() => undefined)
  smtp.destroy()
  await startCatcher(t, { ports })
})

test('the process says which port is taken in one line on the channel, without a stack, and ends with 1', async (t) => {
  const other = await startCatcher(t)

  const child = start(t, { MICRO_CHANNEL_FD: '3', MICRO_PORT_HTTP: String(other.ports.http) })
  const [line, [code], stderr] = await Promise.all([
    firstLine(child.stdio[3] as Readable),
    once(child, 'exit') as Promise<[number]>,
    child.stderr.setEncoding('utf8').toArray(),
  ])

  const { type, error } = JSON.parse(line) as { type: string; error: Record<string, string> }
  assert.deepEqual([type, error['code'], error['reason'], code, stderr], ['failed', 'unavailable', 'PORT_TAKEN', 1, []])
  assert.ok(error['message'] && error['hint'])
})

test('the process says which setting is wrong on stdout when it has no channel', async (t) => {
  const child = start(t, { MICRO_PORT_SMTP: 'x' })
  const [line, [code]] = await Promise.all([firstLine(child.stdout), once(child, 'exit') as Promise<[number]>])

  const { type, error } = JSON.parse(line) as { type: string; error: Record<string, string> }
  assert.deepEqual([type, error['reason'], code], ['failed', 'INVALID_SETTING', 1])
})

test('the process goes on when the channel and its output are closed', async (t) => {
  const child = start(t, { MICRO_CHANNEL_FD: '3' })
  const { ports } = JSON.parse(await firstLine(child.stdio[3] as Readable)) as Ready
  child.stdio[3]?.destroy()
  child.stdout.destroy()

  const transport = createTransport({ host: '127.0.0.1', port: ports.smtp })
  for (const subject of ['1', '2']) await transport.sendMail({ from: 'a@example.com', to: 'b@example.com', subject, text: 'x' })
  const kept = (await (await fetch(`http://127.0.0.1:${ports.http}/api/v2/messages`)).json()) as { total: number }

  assert.equal(kept.total, 2)
})

function start(t: TestContext, env: Record<string, string>) {
  const child = spawn(process.execPath, [join(folder, 'mailhog.js')], {
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

async function firstLine(stream: Readable): Promise<string> {
  const lines = createInterface(stream)
  const [line] = (await once(lines, 'line')) as [string]
  lines.close()
  stream.resume()
  return line
}
