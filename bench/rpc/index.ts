/** Calls: ours, other frameworks and the least that a call can be, each in a server and a client process, in turn. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Aim, columns, shown } from '../aims.js'
import type { Bench, MeasureOptions } from '../bench.js'
import { median, ratioOf } from '../compare.js'
import type { Programs } from './child.js'
import { installPeers } from './install.js'
import type { LocalRounds } from './local.js'
import { type CellResult, type Effort, measureCell } from './measure.js'
import { measureIdle, type MemoryRound } from './memory.js'
import { openPairs, type Pair } from './pairs.js'
import type { Hot } from './profile.js'
import { buildPrograms } from './programs.js'
import { cellName, cells, entrants } from './roster.js'
import { cellTable, profileTable } from './table.js'
import { aimsOf, localAims, memoryAims, undecidedIn } from './wanted.js'

const whole: Effort = { warmMs: 700, roundMs: 400, rounds: { least: 6, most: 24 } }
const quick: Effort = { warmMs: 50, roundMs: 50, rounds: { least: 2, most: 2 } }

const bench: Bench = {
  about:
    'calls between two processes, against other frameworks and against hand-written framing over node:net; a x is times the limit, side by side',
  async run(options) {
    const { progress } = options
    const missing = options.quick ? 'left out by --quick' : await installPeers(progress)
    if (missing !== undefined && !options.quick) progress(missing)
    const programs = await buildPrograms()
    try {
      const wanted = entrants.filter(({ kind }) => !options.quick || kind === 'ours' || kind === 'limit')
      progress(`starting ${wanted.map(({ name }) => name).join(', ')}`)
      const { pairs, absent } = await openPairs(programs, wanted)
      for (const [name, why] of absent) progress(`${name} is left out: ${why}`)
      try {
        return [...(await measureCells(pairs, absent, options)), ...(await measureAlone(programs, options))]
      } finally {
        await Promise.all(pairs.map((pair) => pair.end()))
      }
    } finally {
      await programs.close()
    }
  },
}

export default bench

async function measureCells(pairs: readonly Pair[], absent: ReadonlyMap<string, string>, options: MeasureOptions): Promise<readonly Aim[]> {
  const aims: Aim[] = []
  for (const cell of cells) {
    options.progress(`measuring ${cellName(cell)}`)
    const result = await measureCell(cell, pairs, options.quick ? quick : whole, undecidedIn)
    options.print(`\n${cellTable(result)}`)
    if (options.profile && cellName(cell) === '128 B x 64') await profile(result, pairs, options)
    aims.push(...aimsOf(result, absent))
  }
  return aims
}

/** Where the time of ours goes, with the same load: a run of its own, since sampling costs some of it. */
async function profile({ cell }: CellResult, pairs: readonly Pair[], { print, quick: isQuick }: MeasureOptions): Promise<void> {
  const ours = pairs.find(({ entrant }) => entrant.name === 'micro')
  if (ours === undefined) return
  const { server, client } = ours
  await Promise.all([server.ask({ do: 'profile' }), client.ask({ do: 'profile' })])
  await client.ask({ do: 'round', ...cell, ms: isQuick ? 300 : 3000 })
  print(`\n${profileTable('micro, client', await client.ask<readonly Hot[]>({ do: 'profiled' }))}`)
  print(`\n${profileTable('micro, server', await server.ask<readonly Hot[]>({ do: 'profiled' }))}`)
}

/** What is not measured between two processes of a pair. */
async function measureAlone(programs: Programs, { quick: isQuick, print, progress }: MeasureOptions): Promise<readonly Aim[]> {
  progress('measuring idle services, local calls and the choice of a node')
  const idle = await measureIdle(programs, isQuick ? 1 : 6, isQuick ? 50 : 500)
  const args = [join(programs.folder, 'local.js'), isQuick ? '2' : '8', isQuick ? '10' : '150']
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: programs.env, timeout: 60_000 })
  const local = JSON.parse(stdout) as LocalRounds
  print(`\n${aloneTable(idle, local)}`)
  return [...memoryAims(idle), ...localAims(local)]
}

function aloneTable(idle: readonly MemoryRound[], { bare, validator, zod, select }: LocalRounds): string {
  const timesBare = (found: readonly number[]) => ratioOf(found.map((ns, round) => ns / (bare[round] ?? Number.NaN))).ratio.toFixed(2)
  const nsRow = (name: string, found: readonly number[]) => [name, shown(median(found)), timesBare(found)]
  const memory = columns([
    ['idle service', 'MiB', 'x'],
    ['limit', shown(median(idle.map(({ limit }) => limit))), '1.00'],
    ['micro', shown(median(idle.map(({ micro }) => micro))), ratioOf(idle.map(({ micro, limit }) => micro / limit)).ratio.toFixed(2)],
  ])
  const local = columns([
    ['in one process', 'ns', 'x'],
    nsRow('an async function that checks both ways', bare),
    nsRow('micro, a hand-written validator', validator),
    ...(zod === null ? [] : [nsRow('micro, zod', zod)]),
    nsRow('choosing one of ten nodes', select),
  ])
  return `${memory}\n\n${local}`
}
