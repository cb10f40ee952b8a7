/** What was promised, and whether it is kept. */
import { judge, median, type Outcome, ratioOf } from './compare.js'

/** An aim, and what was measured of it. */
export interface Aim {
  readonly aim: string
  /** Medians, in the unit that `aim` names. Null: it was not measured, and `note` says why. */
  readonly ours: number | null
  readonly against: number | null
  /** ours / against: the geometric mean over the rounds. */
  readonly ratio: number | null
  /** What the ratio should be: `>= 3`. */
  readonly want: string
  /** By the 95 % interval of `ratio`. What is not there meets nothing; what could not be compared is undecided. */
  readonly met: boolean | 'undecided'
  /** The 95 % interval, where there were rounds enough for one. */
  readonly interval?: readonly [low: number, high: number]
  readonly rounds?: number
  readonly note?: string
}

/** What is wanted of a ratio. */
export type Want = { readonly atLeast: number } | { readonly atMost: number }

/** One round: both, measured side by side. */
export interface Pair {
  readonly ours: number
  readonly against: number
}

/** Fewer say nothing of how much they scatter. */
const leastPairs = 6

/** Judges an aim by rounds that were measured side by side. */
export function judgeAim(aim: string, pairs: readonly Pair[], want: Want): Aim {
  if (pairs.length === 0) return unmeasured(aim, want, 'undecided', 'there was nothing to compare with')
  const { ratio, interval } = ratioOf(pairs.map(({ ours, against }) => ours / against))
  const isEnough = pairs.length >= leastPairs
  return {
    aim,
    ours: median(pairs.map(({ ours }) => ours)),
    against: median(pairs.map(({ against }) => against)),
    ratio,
    want: wanted(want),
    met: isEnough ? verdictOf(interval, want) : 'undecided',
    ...(isEnough ? { interval } : {}),
    rounds: pairs.length,
  }
}

/** An aim of which there is no figure, and why. */
export function unmeasured(aim: string, want: Want, met: false | 'undecided', note: string): Aim {
  return { aim, ours: null, against: null, ratio: null, want: wanted(want), met, note }
}

/** A comparison of times as an aim. */
export function aimOf({ name, subjectMs, baselineMs, ratio, interval, atMost, verdict, rounds }: Outcome): Aim {
  const met = verdict === 'undecided' ? verdict : verdict === 'met'
  return { aim: `${name}, ms`, ours: subjectMs, against: baselineMs, ratio, want: wanted({ atMost }), met, interval, rounds }
}

/** The aims as a table for people. */
export function aimTable(aims: readonly Aim[]): string {
  const figure = (value: number | null) => (value === null ? '-' : shown(value))
  return columns([
    ['', 'ours', 'against', 'ratio', '95 %', 'want', '', ''],
    ...aims.map(({ aim, ours, against, ratio, interval, want, met, note = '' }) => [
      aim,
      figure(ours),
      figure(against),
      ratio === null ? '-' : ratio.toFixed(2),
      interval === undefined ? '' : `${interval[0].toFixed(2)} to ${interval[1].toFixed(2)}`,
      want,
      wordFor(met),
      note,
    ]),
  ])
}

/** Rows as lines, each column as wide as its widest cell. The first column is text; `right` ones end at the same place. */
export function columns(rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  const cellOf = (cell: string, column: number) => {
    const width = widths[column] ?? 0
    return right.includes(column) ? cell.padStart(width) : cell.padEnd(width)
  }
  return rows.map((row) => row.map(cellOf).join('  ').trimEnd()).join('\n')
}

/** A figure with three digits that count, thousands apart. */
export function shown(value: number): string {
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.max(Math.abs(value), 1e-9))))
  return value.toLocaleString('en-US', { minimumFractionDigits: Math.min(digits, 3), maximumFractionDigits: Math.min(digits, 3) })
}

function wordFor(met: Aim['met']): string {
  if (met === 'undecided') return met
  return met ? 'met' : 'missed'
}

function wanted(want: Want): string {
  return 'atLeast' in want ? `>= ${want.atLeast}` : `<= ${want.atMost}`
}

function verdictOf([low, high]: readonly [number, number], want: Want): Aim['met'] {
  const verdict = 'atMost' in want ? judge([low, high], want.atMost) : judge([1 / high, 1 / low], 1 / want.atLeast)
  return verdict === 'undecided' ? verdict : verdict === 'met'
}
