import type { Comparison } from './compare.js'

/** A file of bench/ has this as its default export: what it compares, made ready. */
export interface Bench {
  /** What is measured, in a sentence. */
  readonly about: string
  /** Builds what is needed; `close` removes it. */
  prepare(): Promise<{ readonly comparisons: readonly Comparison[]; close(): Promise<void> }>
}
