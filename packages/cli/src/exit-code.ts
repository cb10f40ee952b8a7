import { MicroError } from '@microts/core/base'

/** What the exit codes of `micro` mean. `micro help exit-codes` shows them. */
export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 2,
  invalidConfiguration: 3,
  missingDependency: 4,
  timeout: 5,
  unhealthy: 6,
  notRunning: 7,
  integrity: 8,
} as const

const byReason: Readonly<Record<string, number>> = {
  USAGE: exitCodes.usage,
  NAME_INVALID: exitCodes.usage,
  PROJECT_AMBIGUOUS: exitCodes.usage,
  PROJECT_INVALID: exitCodes.invalidConfiguration,
  NOT_RUNNING: exitCodes.notRunning,
}

/** The exit code of a command that failed with `error`. */
export function exitCodeOf(error: MicroError): number {
  const known = byReason[error.reason]
  if (known !== undefined) return known
  if (error.code === 'deadline_exceeded') return exitCodes.timeout
  return exitCodes.failure
}
