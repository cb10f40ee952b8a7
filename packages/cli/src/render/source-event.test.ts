import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testClock } from '@microts/core/testing'
import type { SourceEvent } from '@microts/source'
import { recordedTerminal } from '../testing.js'
import { renderBytes } from './bytes.js'
import { renderRevision } from './revision.js'
import { sourceEventWriter, writeSourceEvents } from './source-event.js'

const key = 'github.com/alice/mailhog'
const commit = '3f2c1ab90d12'.padEnd(40, '0')
const url = `https://${key}.git`
const h1 = 'a'.repeat(64)
const asking: SourceEvent = { is: 'asking', key, url }
const chosen: SourceEvent = { is: 'chosen', key, revision: 'develop', commit, ref: 'refs/heads/develop', why: 'the branch as it is now' }
const fetching: SourceEvent = { is: 'fetching', key, commit, url }
const received: SourceEvent = { is: 'received', key, bytes: 1_300_000 }
const fetched: SourceEvent = { is: 'fetched', key, commit, files: 12, bytes: 41_000, ms: 8 }
const ready: SourceEvent = { is: 'ready', key, commit, h1 }

test('sourceEventWriter() tells a plugin that came in one line: what was chosen, why, and how much it is', () => {
  const terminal = recordedTerminal()
  const { write } = sourceEventWriter(terminal, testClock())

  for (const event of [asking, chosen, fetching, received, fetched, ready, ready, { is: 'locked', file: '/x/micro.lock' } as const])
    write(event)

  assert.deepEqual(terminal.errLines, [
    '✓ github.com/alice/mailhog develop 3f2c1ab90d12  (the branch as it is now; 12 files, 40 KiB)',
    '✓ micro.lock is written',
  ])
})

test('sourceEventWriter() says that the lock chose what no remote was asked about, and nothing of what was here', () => {
  const terminal = recordedTerminal()
  const { write } = sourceEventWriter(terminal, testClock())

  for (const event of [ready, fetching, { ...fetched, files: 1, bytes: 7 }, ready]) write(event)

  assert.deepEqual(terminal.errLines, ['✓ github.com/alice/mailhog 3f2c1ab90d12  (as micro.lock says; 1 file, 7 B)'])
})

test('sourceEventWriter() writes a plain line of what takes more than a second, and one more after ten', async () => {
  const terminal = recordedTerminal()
  const clock = testClock()
  const { write } = sourceEventWriter(terminal, clock)

  write(asking)
  await clock.advance(900)
  assert.deepEqual(terminal.errLines, [])
  await clock.advance(200)
  assert.deepEqual(terminal.errLines, [`asking ${key}`])
  write(chosen)
  write(fetching)
  write(received)
  await clock.advance(9_000)
  assert.deepEqual(terminal.errLines, [`asking ${key}`, `fetching ${key} 1.2 MiB`])
  await clock.advance(10_000)
  assert.equal(terminal.errLines.length, 3)
  write(fetched)
  assert.equal(clock.pending, 0)
  assert.deepEqual(
    terminal.statusLines.filter((line) => line !== undefined),
    [],
  )
})

test('sourceEventWriter() draws one line again and again where it can, and takes it away at the end', () => {
  const terminal = recordedTerminal({ canRedraw: true })
  const { write } = sourceEventWriter(terminal, testClock())

  for (const event of [asking, { ...asking, key: 'github.com/bob/x' }, chosen, fetching, received, fetched]) write(event)
  write({ ...chosen, key: 'github.com/bob/x' })

  assert.deepEqual(terminal.statusLines, [
    `asking ${key}`,
    `asking ${key}, asking github.com/bob/x`,
    'asking github.com/bob/x',
    `asking github.com/bob/x, fetching ${key}`,
    `asking github.com/bob/x, fetching ${key} 1.2 MiB`,
    'asking github.com/bob/x',
    undefined,
  ])
  assert.deepEqual(terminal.errLines, [])
})

test('sourceEventWriter().finish() takes away what was drawn of a fetch that failed, and lets no timer wait', () => {
  const terminal = recordedTerminal({ canRedraw: true })
  const clock = testClock()
  const { write, finish } = sourceEventWriter(terminal, clock)

  write(asking)
  finish()
  finish()

  assert.deepEqual(terminal.statusLines, [`asking ${key}`, undefined])
  assert.equal(clock.pending, 0)
})

test('sourceEventWriter() tells what moved, whom the user trusts now, and an index that is away', () => {
  const terminal = recordedTerminal()
  const { write } = sourceEventWriter(terminal, testClock())

  write({ is: 'moved', key, revision: 'develop', from: commit, to: 'b'.repeat(40) })
  write({ is: 'trusted', sources: ['github.com/alice', 'gitlab.com'] })
  write({ is: 'index-stale', key: 'github.com/lando/plugins', why: 'it is away' })

  assert.deepEqual(terminal.errLines, [
    `${key} has moved: develop 3f2c1ab90d12 is bbbbbbbbbbbb now`,
    '✓ trusted from now on: github.com/alice, gitlab.com',
    'The index github.com/lando/plugins could not be asked, what it said last counts: it is away',
  ])
})

test('writeSourceEvents() gives the events as they are with --json, and draws nothing', () => {
  const terminal = recordedTerminal({ wantsJson: true })
  const write = writeSourceEvents(terminal)

  write(asking)
  write(fetched)

  assert.deepEqual(
    terminal.outLines.map((line) => JSON.parse(line) as unknown),
    [
      { type: 'plugin', event: asking },
      { type: 'plugin', event: fetched },
    ],
  )
  assert.deepEqual(terminal.errLines, [])
})

test('renderBytes() and renderRevision() are short', () => {
  assert.deepEqual([0, 1023, 1024, 40_000, 1_300_000].map(renderBytes), ['0 B', '1023 B', '1 KiB', '39 KiB', '1.2 MiB'])
  assert.equal(renderRevision('', commit, 'refs/tags/v1.2.0'), 'v1.2.0 3f2c1ab90d12')
  assert.equal(renderRevision('^1', commit, 'refs/tags/v1.2.0'), '^1 3f2c1ab90d12')
  assert.equal(renderRevision(commit, commit), '3f2c1ab90d12')
})
