import type { Aim } from './aims.js'
import type { Comparison } from './compare.js'

/** A file or folder of bench/ has this as its default export: pairs to compare, made ready, or a measurement of its own form. */
export type Bench = ComparisonBench | MeasuringBench

/** Times of ours, each held against one other. */
export interface ComparisonBench {
  /** What is measured, in a sentence. */
  readonly about: string
  /** Builds what is needed; `close` removes it. */
  prepare(): Promise<{ readonly comparisons: readonly Comparison[]; close(): Promise<void> }>
}

/** Measures in its own way, shows its figures, and gives the aims. */
export interface MeasuringBench {
  /** What is measured, in a sentence. */
  readonly about: string
  run(options: MeasureOptions): Promise<readonly Aim[]>
}

/** What the command line said. */
export interface MeasureOptions {
  /** Seconds instead of minutes: that it works, not how fast it is. */
  readonly quick: boolean
  /** Also shows where the CPU time goes. */
  readonly profile: boolean
  /** For figures and tables. */
  readonly print: (text: string) => void
  /** For what is being done, which is no result. */
  readonly progress: (text: string) => void
}
