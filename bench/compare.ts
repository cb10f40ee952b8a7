/** How one measured thing compares with another, on a machine that others use at the same time. */

/** Two things to compare, and what is wanted of their ratio. */
export interface Comparison {
  readonly name: string
  /** One measurement of ours, in milliseconds. */
  readonly subject: () => Promise<number>
  /** One measurement of what it is held against, in milliseconds. */
  readonly baseline: () => Promise<number>
  /** The aim: subject / baseline is at most this. */
  readonly atMost: number
  /** How many rounds there are at least, and when it gives up. @default 10 and 80 */
  readonly rounds?: { readonly least: number; readonly most: number }
}

/** `met`: the whole interval keeps the aim; `missed`: none of it does; `undecided`: the rounds were used up first. */
export type Verdict = 'met' | 'missed' | 'undecided'

/** What came out. */
export interface Outcome {
  readonly name: string
  readonly rounds: number
  /** Medians, in milliseconds. */
  readonly subjectMs: number
  readonly baselineMs: number
  /** The geometric mean of the rounds' ratios, and the 95 % interval of that mean. */
  readonly ratio: number
  readonly interval: readonly [low: number, high: number]
  readonly atMost: number
  readonly verdict: Verdict
}

/**
 * Measures both in turn, round by round, until the 95 % interval of the ratio lies on one side of the aim or the rounds are used up.
 *
 * A round measures one right after the other, so that what slows the machine slows both; which goes first alternates. The interval is Student's,
 * over the logarithms of the rounds' ratios: a ratio and its inverse weigh the same. To look after every round would decide too often by
 * chance, so it looks when the number of rounds has doubled.
 */
export async function compare({ name, subject, baseline, atMost, rounds = { least: 10, most: 80 } }: Comparison): Promise<Outcome> {
  await subject()
  await baseline()
  const pairs: { subjectMs: number; baselineMs: number }[] = []
  for (let lookAt = rounds.least; ; lookAt = Math.min(rounds.most, lookAt * 2)) {
    while (pairs.length < lookAt) pairs.push(await measurePair(subject, baseline, pairs.length % 2 === 0))
    const { ratio, interval } = ratioOf(pairs.map((pair) => pair.subjectMs / pair.baselineMs))
    const verdict = judge(interval, atMost)
    if (verdict === 'undecided' && pairs.length < rounds.most) continue
    return {
      name,
      rounds: pairs.length,
      subjectMs: median(pairs.map((pair) => pair.subjectMs)),
      baselineMs: median(pairs.map((pair) => pair.baselineMs)),
      ratio,
      interval,
      atMost,
      verdict,
    }
  }
}

async function measurePair(subject: () => Promise<number>, baseline: () => Promise<number>, subjectFirst: boolean) {
  if (subjectFirst) {
    const subjectMs = await subject()
    return { subjectMs, baselineMs: await baseline() }
  }
  const baselineMs = await baseline()
  return { subjectMs: await subject(), baselineMs }
}

/** The geometric mean of `ratios` (two or more), with Student's 95 % interval. */
export function ratioOf(ratios: readonly number[]): { readonly ratio: number; readonly interval: readonly [number, number] } {
  const logs = ratios.map((ratio) => Math.log(ratio))
  const mean = logs.reduce((sum, value) => sum + value, 0) / logs.length
  const variance = logs.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (logs.length - 1)
  const half = studentT(logs.length - 1) * Math.sqrt(variance / logs.length)
  return { ratio: Math.exp(mean), interval: [Math.exp(mean - half), Math.exp(mean + half)] }
}

/** What the interval says of the aim. */
export function judge([low, high]: readonly [number, number], atMost: number): Verdict {
  if (high <= atMost) return 'met'
  return low > atMost ? 'missed' : 'undecided'
}

/**
 * The 97.5 % point of Student's t with `freedom` degrees of freedom (5 or more), to within 0.3 %.
 *
 * @see Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5, for the expansion
 */
function studentT(freedom: number): number {
  const z = 1.959964
  const first = (z ** 3 + z) / (4 * freedom)
  const second = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2)
  return z + first + second
}

/** The middle of `values`, or between the two that are. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}
