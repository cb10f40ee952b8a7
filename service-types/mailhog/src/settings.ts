import { mailErrors } from './errors.js'
import type { MailCatcherOptions } from './mail-catcher.js'

type Environment = Readonly<Record<string, string | undefined>>

const stdoutFd = 1
const maxPort = 65_535

/**
 * The file descriptor on which the supervisor hears `ready` or `failed`: MICRO_CHANNEL_FD, else stdout.
 *
 * @throws MicroError `INVALID_SETTING`
 */
export function readChannelFd(env: Environment): number {
  return integer(env, 'MICRO_CHANNEL_FD', 0) ?? stdoutFd
}

/**
 * Reads the environment that the runner gives to an embedded service, and the limits that a project may set with `env:`.
 *
 * A variable that is empty counts as left out. A port that is left out is any free one.
 *
 * @throws MicroError `INVALID_SETTING`, which names the variable
 */
export function readOptions(env: Environment): MailCatcherOptions {
  const maxMessages = integer(env, 'MAILHOG_MAX_MESSAGES', 1)
  const maxMessageBytes = integer(env, 'MAILHOG_MAX_MESSAGE_BYTES', 1)
  const maxTotalBytes = integer(env, 'MAILHOG_MAX_TOTAL_BYTES', 1)
  if (maxMessageBytes !== undefined && maxTotalBytes !== undefined && maxMessageBytes > maxTotalBytes) {
    throw mailErrors.invalidSetting(
      'MAILHOG_MAX_MESSAGE_BYTES',
      String(maxMessageBytes),
      `at most MAILHOG_MAX_TOTAL_BYTES (${maxTotalBytes})`,
    )
  }
  return {
    host: env['MICRO_HOST'] || '127.0.0.1',
    ports: { smtp: integer(env, 'MICRO_PORT_SMTP', 0, maxPort) ?? 0, http: integer(env, 'MICRO_PORT_HTTP', 0, maxPort) ?? 0 },
    ...(maxMessages !== undefined && { maxMessages }),
    ...(maxMessageBytes !== undefined && { maxMessageBytes }),
    ...(maxTotalBytes !== undefined && { maxTotalBytes }),
  }
}

function integer(env: Environment, name: string, min: number, max = Number.MAX_SAFE_INTEGER): number | undefined {
  const text = env[name]
  if (text === undefined || text === '') return undefined
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw mailErrors.invalidSetting(
      name,
      text,
      max === Number.MAX_SAFE_INTEGER ? `an integer from ${min}` : `an integer from ${min} to ${max}`,
    )
  }
  return value
}
