import type { Code, Place } from '@microts/core/base'

/** One thing that is wrong in a file. A file is read to its end, so that all of them are known at once. */
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

/** `micro.lock:3:5: what is wrong; ...`, at most three. */
export function describeMistakes(mistakes: readonly Mistake[]): string {
  const first = mistakes.slice(0, 3).map(({ place, message }) => `${place.line === undefined ? '' : `line ${place.line}: `}${message}`)
  return [...first, ...(mistakes.length > first.length ? [`and ${mistakes.length - first.length} more`] : [])].join('; ')
}
