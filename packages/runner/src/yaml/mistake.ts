import type { Code, Place } from '@microts/core/base'

/** One thing that is wrong in a file of the user's. A file is read to its end, so that all of them are known at once. */
export interface Mistake {
  readonly code: Code
  /** UPPER_SNAKE, for programs and for `docs/errors.md`. */
  readonly reason: string
  /** What is wrong, with the value found and the value wanted. */
  readonly message: string
  readonly hint?: string
  readonly place: Place
}

/** Takes note of a mistake; reading goes on. */
export type Report = (mistake: Mistake) => void
