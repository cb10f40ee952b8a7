import { configErrors } from './errors.js'
import type { ConfigPath } from './config.js'

/**
 * The steps of `path`: `"database.host"` is `["database", "host"]`, the empty string or list is the whole.
 *
 * `constructor` and `toString` are steps as any other, since trees are only ever asked for their own keys.
 * `__proto__` is none: a tree with such a key changes its prototype as soon as someone copies it by assignment.
 *
 * @throws `invalid_argument`/`PATH_INVALID`: an empty step between dots, `__proto__`, something that is neither string nor list of strings
 */
export function parsePath(path: ConfigPath): readonly string[] {
  if (path === '') return []
  if (typeof path !== 'string' && !Array.isArray(path)) throw configErrors.pathInvalid(path, 'it is neither a string nor a list of strings')
  const steps: readonly string[] = typeof path === 'string' ? path.split('.') : [...(path as readonly string[])]
  for (const step of steps) {
    if (typeof step !== 'string') throw configErrors.pathInvalid(path, `a step is ${typeof step}, wanted a string`)
    if (step === '__proto__') throw configErrors.pathInvalid(path, '"__proto__" cannot be a key')
    if (step === '' && typeof path === 'string') throw configErrors.pathInvalid(path, 'it has an empty step')
  }
  return steps
}

/** The shortest way to write `steps` that {@link parsePath} reads back: with dots, or as a list where a step is empty or holds a dot. */
export function formatPath(steps: readonly string[]): ConfigPath {
  return steps.some((step) => step === '' || step.includes('.')) ? steps : steps.join('.')
}

/** `steps` for people: as {@link formatPath}, and a list as JSON. */
export function showPath(steps: readonly string[]): string {
  const path = formatPath(steps)
  return typeof path === 'string' ? path : JSON.stringify(path)
}
