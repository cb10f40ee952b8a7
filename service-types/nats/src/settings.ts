import type { NatsServerOptions } from '@microts/core/nats'
import { natsProcessErrors } from './errors.js'

type Environment = Readonly<Record<string, string | undefined>>

const stdoutFd = 1
const maxPort = 65_535
// As nats-server: a message is in memory once for each slow reader.
const mostPayloadBytes = 64 * 1024 * 1024

/**
 * The file descriptor on which the supervisor hears `ready` or `failed`: MICRO_CHANNEL_FD, else stdout.
 *
 * @throws `invalid_argument`/`INVALID_SETTING`
 */
export function readChannelFd(env: Environment): number {
  return integer(env, 'MICRO_CHANNEL_FD', 0, 1_000_000) ?? stdoutFd
}

/**
 * Reads the environment that the runner gives to an embedded service, and the limit that a project may set with `env:`.
 *
 * A variable that is empty counts as left out. A port that is left out is any free one.
 *
 * @throws `invalid_argument`/`INVALID_SETTING`, which names the variable
 */
export function readOptions(env: Environment): NatsServerOptions {
  const maxPayloadBytes = integer(env, 'NATS_MAX_PAYLOAD_BYTES', 1024, mostPayloadBytes)
  return {
    host: env['MICRO_HOST'] || '127.0.0.1',
    port: integer(env, 'MICRO_PORT_CLIENT', 0, maxPort) ?? 0,
    name: 'micro',
    ...(maxPayloadBytes === undefined ? {} : { maxPayloadBytes }),
  }
}

function integer(env: Environment, name: string, min: number, max: number): number | undefined {
  const text = env[name]
  if (text === undefined || text === '') return undefined
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < min || value > max)
    throw natsProcessErrors.invalidSetting(name, text, `a whole number from ${min} to ${max}`)
  return value
}
