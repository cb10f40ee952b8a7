import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Aim } from '../aims.js'
import { payloadOf } from './contract.js'
import { openPairs } from './pairs.js'
import { buildPrograms } from './programs.js'
import { cellName, cells, type Entrant, entrants } from './roster.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

const entrantOf = (name: string) => entrants.find((entrant) => entrant.name === name) as Entrant

interface Ended {
  readonly code: number | string
  readonly stdout: string
  readonly stderr: string
}

function runBench(...args: string[]): Promise<Ended> {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--import', 'tsx', 'bench/run.ts', ...args],
      { cwd: root, env, timeout: 90_000 },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : (error.code ?? String(error.signal)), stdout, stderr })
      },
    )
  })
}

test('payloadOf() gives as many bytes of JSON as it is asked for', () => {
  const sizes = [128, 1024, 65_536]

  assert.deepEqual(
    sizes.map((bytes) => Buffer.byteLength(JSON.stringify(payloadOf(bytes)))),
    sizes,
  )
})

test('bench rpc --quick shows ours and the limit in every cell', async () => {
  const { code, stdout, stderr } = await runBench('rpc', '--quick')

  assert.ok(code === 0 || code === 1, stderr)
  for (const cell of cells) {
    const table = stdout.split('\n\n').find((part) => part.startsWith(cellName(cell))) ?? ''
    for (const name of ['limit', 'micro'])
      assert.match(table, new RegExp(`^${name} +[\\d,.]+ `, 'm'), `${cellName(cell)}\n${stdout}\n${stderr}`)
  }
})

test('bench rpc --quick --json prints each aim in a line, and judges nothing by two rounds', async () => {
  const { stdout, stderr } = await runBench('rpc', '--quick', '--json')

  const aims = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Aim)
  const measured = aims.filter(({ ratio }) => ratio !== null)
  assert.equal(aims.length, 13, stderr)
  assert.ok(measured.length >= 6, stdout)
  for (const { aim, ours, against, want, met, note } of aims) {
    assert.match(want, /^[<>]= [\d.]+$/, aim)
    if (note === undefined) assert.ok(met === 'undecided' && Number(ours) > 0 && Number(against) > 0, aim)
    else assert.ok(met !== true && ours === null, aim)
  }
})

test('openPairs() leaves out who is broken or not installed, and says why', async () => {
  const programs = await buildPrograms()
  const broken = { name: 'broken', kind: 'library', over: 'tcp' } as const
  const missing = { name: 'missing', kind: 'library', over: 'tcp' } as const
  await writeFile(join(programs.folder, 'peers/broken.js'), "throw new RangeError('it broke')")
  await writeFile(join(programs.folder, 'peers/missing.js'), "import 'no-such-package'")
  try {
    const { pairs, absent } = await openPairs(programs, [broken, missing, entrantOf('limit')])
    await Promise.all(pairs.map((pair) => pair.end()))

    assert.deepEqual(
      pairs.map(({ entrant }) => entrant.name),
      ['limit'],
    )
    assert.match(absent.get('broken') ?? '', /it broke/)
    assert.equal(absent.get('missing'), 'no-such-package is not installed')
  } finally {
    await programs.close()
  }
})
