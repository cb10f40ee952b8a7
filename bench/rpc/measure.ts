/** Rounds of all entrants in turn, so that what slows the machine slows all of them. */
import { median } from '../compare.js'
import type { Pair as AimPair } from '../aims.js'
import type { Pair } from './pairs.js'
import type { ObservedRound, Usage } from './process.js'
import type { Cell } from './roster.js'

/** One round of one entrant. */
export interface Sample {
  readonly perSecond: number
  readonly p50Us: number
  readonly p99Us: number
  /** Of both processes. */
  readonly cpuUsPerCall: number
  readonly serverMiB: number
  /** The client's connections: `64 x tcp`. */
  readonly over: string
}

/** What of a sample is a number. */
export type Figure = Exclude<keyof Sample, 'over'>

/** What is known of one cell. */
export interface CellResult {
  readonly cell: Cell
  /** A map from the entrant's name a round. */
  readonly rounds: ReadonlyMap<string, Sample>[]
  /** Whoever failed in this cell, and with what. */
  readonly failed: ReadonlyMap<string, string>
}

/** How long it takes. */
export interface Effort {
  readonly warmMs: number
  readonly roundMs: number
  /** At least, and when it gives up on what is undecided. */
  readonly rounds: { readonly least: number; readonly most: number }
}

/**
 * Measures one cell: `rounds.least` rounds of everyone, then twice as many, and so on up to `rounds.most`, of those whom `undecided` names. To look after
 * every round would decide too often by chance.
 */
export async function measureCell(
  cell: Cell,
  pairs: readonly Pair[],
  effort: Effort,
  undecided: (result: CellResult) => ReadonlySet<string>,
): Promise<CellResult> {
  const taking = pairs.filter(({ entrant }) => entrant.takesPart?.(cell) ?? true)
  const rounds: Map<string, Sample>[] = []
  const failed = new Map<string, string>()
  const result: CellResult = { cell, rounds, failed }
  const attempt = async (pair: Pair, ms: number): Promise<Sample | undefined> => {
    const { name } = pair.entrant
    if (failed.has(name)) return undefined
    try {
      return await measureOnce(pair, cell, ms)
    } catch (error) {
      failed.set(name, (error as Error).message)
      return undefined
    }
  }
  for (const pair of taking) await attempt(pair, effort.warmMs)
  let running = taking
  for (let lookAt = effort.rounds.least; ; lookAt = Math.min(effort.rounds.most, lookAt * 2)) {
    while (rounds.length < lookAt) {
      const round = new Map<string, Sample>()
      // Who goes first changes from round to round.
      const turn = rounds.length % running.length
      for (const pair of [...running.slice(turn), ...running.slice(0, turn)]) {
        const sample = await attempt(pair, effort.roundMs)
        if (sample !== undefined) round.set(pair.entrant.name, sample)
      }
      rounds.push(round)
    }
    const wanted = undecided(result)
    running = running.filter(({ entrant }) => wanted.has(entrant.name))
    if (running.length === 0 || rounds.length >= effort.rounds.most) break
  }
  return result
}

async function measureOnce({ server, client }: Pair, { bytes, concurrency }: Cell, ms: number): Promise<Sample> {
  const before = await server.ask<Usage>({ do: 'usage' })
  const { calls, elapsedMs, p50Us, p99Us, cpuUs, over } = await client.ask<ObservedRound>({ do: 'round', bytes, concurrency, ms })
  const after = await server.ask<Usage>({ do: 'usage' })
  const cpuUsPerCall = (cpuUs + after.cpuUs - before.cpuUs) / calls
  return { perSecond: (calls / elapsedMs) * 1000, p50Us, p99Us, cpuUsPerCall, serverMiB: after.rssMiB, over }
}

/** One figure of two entrants, from the rounds that both took part in. */
export function sideBySide({ rounds }: CellResult, figure: Figure, ours: string, against: string): readonly AimPair[] {
  return rounds.flatMap((round) => {
    const [mine, theirs] = [round.get(ours), round.get(against)]
    return mine === undefined || theirs === undefined ? [] : [{ ours: mine[figure], against: theirs[figure] }]
  })
}

/** The median of one figure of one entrant, or undefined when it was not measured. */
export function middle({ rounds }: CellResult, figure: Figure, name: string): number | undefined {
  const found = rounds.flatMap((round) => round.get(name)?.[figure] ?? [])
  return found.length === 0 ? undefined : median(found)
}
