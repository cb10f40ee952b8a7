/** The aims of RPC, and what each is judged by. */
import { type Aim, judgeAim, type Pair, unmeasured, type Want } from '../aims.js'
import type { LocalRounds } from './local.js'
import { type CellResult, type Figure, middle, sideBySide } from './measure.js'
import type { MemoryRound } from './memory.js'
import { type Cell, cellName, entrants } from './roster.js'

interface WantedInCell {
  readonly cell: Cell
  readonly figure: 'perSecond' | 'p50Us' | 'p99Us'
  readonly ours: string
  /** The name of an entrant, or whichever framework is the fastest in this cell. */
  readonly against: 'limit' | 'limit-unix' | 'the best framework'
  readonly want: Want
}

const best = 'the best framework'
const small: Cell = { bytes: 128, concurrency: 64 }
const middling: Cell = { bytes: 1024, concurrency: 64 }
const large: Cell = { bytes: 65_536, concurrency: 64 }
const alone: Cell = { bytes: 128, concurrency: 1 }

const wantedInCells: readonly WantedInCell[] = [
  { cell: small, figure: 'perSecond', ours: 'micro', against: best, want: { atLeast: 3 } },
  { cell: small, figure: 'perSecond', ours: 'micro', against: 'limit', want: { atLeast: 0.85 } },
  { cell: small, figure: 'p99Us', ours: 'micro', against: 'limit', want: { atMost: 1.3 } },
  { cell: middling, figure: 'perSecond', ours: 'micro', against: best, want: { atLeast: 1.5 } },
  { cell: middling, figure: 'perSecond', ours: 'micro-records', against: 'limit', want: { atLeast: 1.6 } },
  { cell: large, figure: 'perSecond', ours: 'micro-bytes', against: best, want: { atLeast: 8 } },
  { cell: alone, figure: 'p50Us', ours: 'micro', against: 'limit', want: { atMost: 1.1 } },
  { cell: alone, figure: 'p50Us', ours: 'micro-unix', against: 'limit-unix', want: { atMost: 1.1 } },
]

const figureNames = { perSecond: 'calls/s', p50Us: 'p50 us', p99Us: 'p99 us' } satisfies Partial<Record<Figure, string>>

/** The aims of one cell. `absent` says why an entrant is not there. */
export function aimsOf(result: CellResult, absent: ReadonlyMap<string, string>): readonly Aim[] {
  return wantedOf(result).map((wanted) => {
    const { figure, ours, want } = wanted
    const against = nameAgainst(result, wanted)
    const shownAgainst = wanted.against === best ? `${best}${against === undefined ? '' : ` (${against})`}` : wanted.against
    const aim = `${cellName(result.cell)} ${ours}, ${figureNames[figure]}, against ${shownAgainst}`
    const whyNot = absent.get(ours) ?? result.failed.get(ours)
    if (whyNot !== undefined) return unmeasured(aim, want, false, whyNot)
    return judgeAim(aim, against === undefined ? [] : sideBySide(result, figure, ours, against), want)
  })
}

/** Who has to run on, because an aim of this cell is undecided. */
export function undecidedIn(result: CellResult): ReadonlySet<string> {
  const names = wantedOf(result).flatMap((wanted) => {
    const against = nameAgainst(result, wanted)
    if (against === undefined) return []
    const pairs = sideBySide(result, wanted.figure, wanted.ours, against)
    return pairs.length > 0 && judgeAim('', pairs, wanted.want).met === 'undecided' ? [wanted.ours, against] : []
  })
  return new Set(names)
}

function wantedOf({ cell }: CellResult): readonly WantedInCell[] {
  return wantedInCells.filter((wanted) => cellName(wanted.cell) === cellName(cell))
}

function nameAgainst(result: CellResult, { against }: WantedInCell): string | undefined {
  if (against !== best) return against
  return entrants
    .filter(({ kind }) => kind === 'framework')
    .map(({ name }) => ({ name, perSecond: middle(result, 'perSecond', name) ?? 0 }))
    .filter(({ perSecond }) => perSecond > 0)
    .sort((a, b) => b.perSecond - a.perSecond)[0]?.name
}

/** What an idle service takes. */
export function memoryAims(rounds: readonly MemoryRound[]): readonly Aim[] {
  const mib = 'MiB of an idle service'
  return [
    judgeAim(
      `${mib}, against the limit's`,
      rounds.map(({ micro, limit }) => ({ ours: micro, against: limit })),
      { atMost: 1.1 },
    ),
    judgeAim(
      `${mib}, against 50 MiB`,
      against(
        rounds.map(({ micro }) => micro),
        50,
      ),
      { atMost: 1 },
    ),
  ]
}

/** Calls within a process, and choosing a node. */
export function localAims({ validator, zod, select }: LocalRounds): readonly Aim[] {
  const absolute = (aim: string, found: readonly number[], ns: number) =>
    judgeAim(`${aim}, ns, against ${ns} ns`, against(found, ns), { atMost: 1 })
  const withZod = 'a local call, zod on request and reply'
  return [
    absolute('a local call, a hand-written validator', validator, 100),
    zod === null
      ? unmeasured(`${withZod}, ns, against 180 ns`, { atMost: 1 }, 'undecided', 'zod is not installed')
      : absolute(withZod, zod, 180),
    absolute('choosing one of ten nodes', select, 20),
  ]
}

/** What is held against a figure instead of another program. */
function against(values: readonly number[], figure: number): readonly Pair[] {
  return values.map((ours) => ({ ours, against: figure }))
}
