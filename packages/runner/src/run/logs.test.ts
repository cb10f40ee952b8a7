import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '@microts/core/base'
import { testClock } from '@microts/core/testing'
import { createTimeline } from '../timeline/stream.js'
import { until, workspace } from '../testing/workspace.js'
import { logFiles } from './log-files.js'
import { type LogLine, readLogs } from './read-logs.js'

const never = (error: Error) => assert.fail(error)

async function readAll(lines: AsyncIterable<LogLine>): Promise<string[]> {
  const found: string[] = []
  for await (const { service, stream, line } of lines) found.push(`${service} ${stream} ${line}`)
  return found
}

test('readLogs() gives the last lines of several services in the order of time', async (t) => {
  const { folder } = workspace(t)
  const clock = testClock()
  const files = logFiles(folder, clock, never)
  for (const [service, line] of [
    ['a', '1'],
    ['b', '2'],
    ['a', '3'],
    ['a', '4'],
  ] as const) {
    files.write(service, service === 'a' ? 'stdout' : 'stderr', line)
    await clock.advance(1)
  }
  files.close()

  assert.deepEqual(await readAll(readLogs({ folder })), ['a stdout 1', 'b stderr 2', 'a stdout 3', 'a stdout 4'])
  assert.deepEqual(await readAll(readLogs({ folder, lines: 1 })), ['b stderr 2', 'a stdout 4'])
  assert.deepEqual(await readAll(readLogs({ folder, services: ['b', 'nobody'] })), ['b stderr 2'])
  assert.deepEqual(await readAll(readLogs({ folder, lines: 0 })), [])
})

test('readLogs() follows what is written, over a rotation and in services that begin later', async (t) => {
  const { folder } = workspace(t)
  const files = logFiles(folder, systemClock, never)
  files.write('a', 'stdout', 'first')
  const stop = new AbortController()
  const found: string[] = []
  const reading = (async () => {
    for await (const { line } of readLogs({ folder, follow: true, signal: stop.signal })) if (line.length < 20) found.push(line)
  })()
  await until(() => found.length === 1)

  for (let index = 0; index < 11 * 16; index++) files.write('a', 'stdout', 'x'.repeat(64 * 1024))
  files.write('a', 'stdout', 'after')
  files.write('late', 'stdout', 'new')
  await until(() => found.includes('after') && found.includes('new'))
  stop.abort()
  await reading
  files.close()

  assert.ok(statSync(join(folder, '.micro/logs/a.log.1')).size <= 10 * 1024 * 1024 + 128 * 1024)
  assert.ok(statSync(join(folder, '.micro/logs/a.log')).size < 2 * 1024 * 1024)
})

test('createTimeline() keeps all events but log lines when its reader is behind, and counts those', async () => {
  const timeline = createTimeline(testClock())
  for (let index = 0; index < 10_500; index++) timeline.emit({ type: 'log', service: 'a', stream: 'stdout', line: `${index}` })
  timeline.emit({ type: 'stopped', service: 'a' })
  timeline.end()

  const types: Record<string, number> = {}
  let notice = ''
  for await (const event of timeline.events) {
    types[event.type] = (types[event.type] ?? 0) + 1
    if (event.type === 'notice') notice = event.message
  }

  assert.deepEqual(types, { log: 10_000, stopped: 1, notice: 1 })
  assert.match(notice, /^500 log lines/)
})
