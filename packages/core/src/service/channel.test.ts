import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openChannel } from './channel.js'

test('openChannel() writes one JSON object a line', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'micro-channel-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'lines')
  const fd = openSync(file, 'w')

  const channel = openChannel({ MICRO_CHANNEL_FD: String(fd) })
  channel.say({ type: 'ready', service: 'orders\n' })
  channel.say({ type: 'stopping' })
  closeSync(fd)

  assert.equal(readFileSync(file, 'utf8'), '{"type":"ready","service":"orders\\n"}\n{"type":"stopping"}\n')
})

test('openChannel() writes nothing when nobody listens, and outlives one who stopped listening', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'micro-channel-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const fd = openSync(join(folder, 'lines'), 'w')
  const channel = openChannel({ MICRO_CHANNEL_FD: String(fd) })
  closeSync(fd)

  openChannel({}).say({ type: 'ready' })
  openChannel({ MICRO_CHANNEL_FD: '999999' }).say({ type: 'ready' })
  channel.say({ type: 'ready' })
})

test('openChannel() refuses what is no number', () => {
  assert.throws(() => openChannel({ MICRO_CHANNEL_FD: 'three' }), { code: 'invalid_argument', reason: 'ENVIRONMENT_INVALID' })
})
