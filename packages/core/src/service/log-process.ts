import type { Clock } from '../base/index.js'
import { serviceErrors } from './errors.js'
import { jsonLogger, logLevels, type Logger, type LogLevel } from './log.js'

/** The logger of a process: JSON lines on standard output, from the level that `LOG_LEVEL` names. */
export function processLogger(name: string, env: Readonly<Record<string, string | undefined>>, clock: Clock): Logger {
  const level = env['LOG_LEVEL'] ?? 'info'
  if (!Object.hasOwn(logLevels, level))
    throw serviceErrors.environmentInvalid('LOG_LEVEL', level, `one of ${Object.keys(logLevels).join(', ')}`)
  return jsonLogger({
    level: level as LogLevel,
    bindings: { name, pid: process.pid },
    write: (line) => void process.stdout.write(line),
    now: () => clock.now(),
  })
}
