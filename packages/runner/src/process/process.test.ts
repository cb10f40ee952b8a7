import assert from 'node:assert/strict'
import { once } from 'node:events'
import { spawn } from 'node:child_process'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { until } from '../testing/workspace.js'
import { parseMessage } from './channel.js'
import { endGroups } from './end-groups.js'
import { lineSplitter } from './lines.js'
import { commandOf, ownerOf, startOf } from './platform.js'
import { spawnProcess } from './spawn.js'
import { restartDelayMs } from './unit.js'

const quiet = { onLine: () => undefined, onMessage: () => undefined }
const node = (script: string) => ({ command: process.execPath, args: ['-e', script], cwd: '/', env: { PATH: process.env['PATH'] ?? '' } })

test('lineSplitter() joins what comes in pieces, also within a character', () => {
  const lines: string[] = []
  const { push, end } = lineSplitter((line) => lines.push(line))
  const bytes = Buffer.from('grüß\r\n\nlast')

  for (const byte of bytes) push(Buffer.from([byte]))
  end()

  assert.deepEqual(lines, ['grüß', '', 'last'])
})

test('lineSplitter() cuts a line of 64 KiB and goes on with the next one', () => {
  const lines: string[] = []
  const { push } = lineSplitter((line) => lines.push(line))

  for (let piece = 0; piece < 200; piece++) push(Buffer.alloc(1000, 'x'))
  push(Buffer.from('\nnext\n'))

  assert.equal(lines.length, 2)
  assert.equal(lines[0]?.length, 64 * 1024 + ' ... (cut)'.length)
  assert.equal(lines[1], 'next')
})

test('parseMessage() takes only what a channel says', () => {
  assert.deepEqual(parseMessage('{"type":"ready","ports":{"http":1}}'), { type: 'ready', ports: { http: 1 } })
  for (const line of ['', 'null', '7', '[]', '{"type":"other"}', '{"type":"failed"}', '{"type":'])
    assert.equal(parseMessage(line), undefined)
})

test('startOf() tells processes apart, and knows none that has ended', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
  const start = startOf(child.pid ?? 0)
  child.kill('SIGKILL')
  await once(child, 'exit')

  assert.match(start ?? '', /^\d+$/)
  assert.equal(startOf(child.pid ?? 0), undefined)
  assert.notEqual(startOf(process.pid), start)
})

test('ownerOf() names the process that listens on a port', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')

  const owner = ownerOf((server.address() as AddressInfo).port)

  assert.deepEqual(owner, { pid: process.pid, command: commandOf(process.pid) })
  assert.match(owner?.command ?? '', /node/)
})

test('spawnProcess() says that a command is not there, and what to do', async () => {
  await assert.rejects(spawnProcess('x', { command: '/no/such/command', args: [], cwd: '/', env: {} }, quiet), {
    code: 'failed_precondition',
    reason: 'COMMAND_NOT_FOUND',
  })
})

test('spawnProcess() hands over all that a process wrote before it ended', async () => {
  const lines: string[] = []
  const spawned = await spawnProcess('x', node('process.stdout.write("a\\nb"); console.error("c"); process.exitCode = 3'), {
    ...quiet,
    onLine: (stream, line) => lines.push(`${stream} ${line}`),
  })

  assert.deepEqual(await spawned.exited, { exitCode: 3, signal: null })
  assert.deepEqual(lines.sort(), ['stderr c', 'stdout a', 'stdout b'])
})

test('endGroups() leaves a process alone that has got the number of a recorded one', async () => {
  const spawned = await spawnProcess('x', node('setInterval(() => {}, 1000)'), quiet)

  await endGroups([{ pid: spawned.pid, start: '1' }], 'no-such-marker')
  assert.equal(startOf(spawned.pid), spawned.start)

  await endGroups([{ pid: spawned.pid, start: spawned.start }], 'no-such-marker')
  assert.equal((await spawned.exited).signal, 'SIGTERM')
})

test('endGroups() kills a group that does not listen, within two seconds', async () => {
  const script = 'process.on("SIGTERM", () => {}); console.log("on"); setInterval(() => {}, 1000)'
  let isOn = false
  const spawned = await spawnProcess('x', node(script), { ...quiet, onLine: () => (isOn = true) })
  await until(() => isOn)
  const startedMs = performance.now()

  await endGroups([spawned], 'no-such-marker')

  assert.equal((await spawned.exited).signal, 'SIGKILL')
  assert.ok(performance.now() - startedMs < 2000)
})

test('restartDelayMs() doubles from one second to half a minute', () => {
  assert.deepEqual([1, 2, 3, 4, 5, 6, 60].map(restartDelayMs), [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
})
