import type { Clock } from '../base/index.js'
import { textOf, type Environment } from './environment.js'
import { serviceErrors } from './errors.js'
import { jsonLogger, logLevels, type Logger, type LogLevel } from './log.js'

/** The logger of a process: JSON lines on standard output, from the level that `LOG_LEVEL` names. @throws `invalid_argument`/`ENVIRONMENT_INVALID` */
export function processLogger(name: string, env: Environment, clock: Clock): Logger {
  const level = textOf(env, 'LOG_LEVEL') ?? 'info'
  if (!Object.hasOwn(logLevels, level))
    throw serviceErrors.environmentInvalid('LOG_LEVEL', level, `one of ${Object.keys(logLevels).join(', ')}`)
  return jsonLogger({
    level: level as LogLevel,
    bindings: { name, pid: process.pid },
    write: (line) => void process.stdout.write(line),
    now: () => clock.now(),
  })
}
