import { jsonLine } from './json-line.js'

/** One method a level: a message, or data and a message. */
export interface LogMethod {
  (message: string): void
  (data: object, message?: string): void
}

/** What we ask of a logger: pino's shape, so that a pino instance can take its place. */
export interface Logger {
  readonly trace: LogMethod
  readonly debug: LogMethod
  readonly info: LogMethod
  readonly warn: LogMethod
  readonly error: LogMethod
  readonly fatal: LogMethod
  /** A logger that adds `bindings` to every line. */
  child(bindings: Readonly<Record<string, unknown>>): Logger
}

/** pino's numbers for the levels. */
export const logLevels = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60, silent: Infinity } as const

/** The name of a level, `silent` among them. */
export type LogLevel = keyof typeof logLevels

/** How the lines are made. */
export interface LoggerOptions {
  /** @default "info" */
  readonly level?: LogLevel
  /** In every line: `{ name, pid }`. */
  readonly bindings?: Readonly<Record<string, unknown>>
  /** Takes one line, with its line break. */
  readonly write: (line: string) => void
  /** Wall-clock milliseconds. */
  readonly now: () => number
}

/**
 * A logger that writes one JSON object a line: `{"level":30,"time":1767225600000,...bindings,...data,"msg":"..."}`.
 *
 * An error, under `err` or anywhere in the data, is written as its type, message, code, reason, stack and cause. Data never makes it throw: a cycle
 * becomes `"[Circular]"`, a BigInt its digits.
 */
export function jsonLogger(options: LoggerOptions): Logger {
  const { level = 'info', bindings = {}, write, now } = options
  const least = logLevels[level]

  const method = (number: number): LogMethod => {
    if (number < least) return () => {}
    return (first: string | object, message?: string) => {
      write(`${jsonLine({ level: number, time: now(), ...bindings, ...contentOf(first, message) })}\n`)
    }
  }
  return {
    trace: method(logLevels.trace),
    debug: method(logLevels.debug),
    info: method(logLevels.info),
    warn: method(logLevels.warn),
    error: method(logLevels.error),
    fatal: method(logLevels.fatal),
    child: (more) => jsonLogger({ ...options, bindings: { ...bindings, ...more } }),
  }
}

function contentOf(first: string | object, message: string | undefined): object {
  if (typeof first === 'string') return { msg: first }
  return first instanceof Error ? { err: first, msg: message ?? first.message } : { ...first, msg: message }
}
