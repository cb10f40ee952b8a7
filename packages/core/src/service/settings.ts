import type { Kind } from '../plugin/index.js'
import { serviceErrors } from './errors.js'

/** The interfaces of a service, in the order in which they are created. */
export const serviceKinds = [
  'config',
  'codec',
  'auth',
  'registry',
  'selector',
  'transport',
  'store',
  'broker',
] as const satisfies readonly Kind[]

/** What was said about one interface, and where. */
export interface Setting {
  readonly value: string
  /** `--broker`, `MICRO_BROKER`, `micro.yml:4`. */
  readonly why: string
}

/** What flags and environment say about how a service runs. Flags win. */
export interface Settings {
  implementation(kind: Kind): Setting | undefined
  address(kind: Kind): string | undefined
  options(kind: Kind): unknown
  /** Where to listen. @default "127.0.0.1:0" */
  readonly serverAddress: string
  /** What others are told to call, when it is not where the service listens. */
  readonly advertise: string | undefined
  readonly nodeId: string | undefined
  readonly metadata: Readonly<Record<string, string>>
  /** How long a registration counts, and how often it is renewed, in milliseconds. Go's defaults: 60 s and 30 s. */
  readonly registerTtlMs: number
  readonly registerIntervalMs: number
  /** How long a client waits for a reply. @default 10_000 */
  readonly requestTimeoutMs: number
  /** Go on serving this long after a SIGTERM, so that callers that have not heard yet are still answered. @default 5_000 */
  readonly stopGraceMs: number
  readonly insecure: boolean
  /** A file descriptor on which the process tells its runner how it is. */
  readonly channel: number | undefined
}

/** Reads the settings. The names of the variables are go-micro's where it has one, so that one fleet shares one set. */
export function readSettings(env: Readonly<Record<string, string | undefined>>, argv: readonly string[]): Settings {
  const flags = readFlags(argv)
  const say = (flag: string, variable: string): Setting | undefined => {
    const byFlag = flags.get(flag)
    if (byFlag !== undefined) return { value: byFlag, why: `--${flag}` }
    const byEnv = env[variable]
    return byEnv === undefined || byEnv === '' ? undefined : { value: byEnv, why: env[`${variable}_WHY`] ?? variable }
  }
  const number = (variable: string, otherwise: number, wanted: string): number => {
    const text = env[variable]
    if (text === undefined || text === '') return otherwise
    const value = Number(text)
    if (!Number.isFinite(value) || value < 0) throw serviceErrors.environmentInvalid(variable, text, wanted)
    return value
  }

  return {
    implementation: (kind) => say(kind, `MICRO_${kind.toUpperCase()}`),
    address: (kind) => say(`${kind}-address`, `MICRO_${kind.toUpperCase()}_ADDRESS`)?.value,
    options: (kind) => parseOptions(`MICRO_${kind.toUpperCase()}_OPTIONS`, env),
    serverAddress: say('server-address', 'MICRO_SERVER_ADDRESS')?.value ?? '127.0.0.1:0',
    advertise: env['MICRO_SERVER_ADVERTISE'],
    nodeId: env['MICRO_SERVER_ID'],
    metadata: pairs(env['MICRO_SERVER_METADATA'] ?? ''),
    registerTtlMs: 1000 * number('MICRO_REGISTER_TTL', 60, 'a number of seconds'),
    registerIntervalMs: 1000 * number('MICRO_REGISTER_INTERVAL', 30, 'a number of seconds'),
    requestTimeoutMs: 1000 * number('MICRO_CLIENT_REQUEST_TIMEOUT', 10, 'a number of seconds'),
    stopGraceMs: number('MICRO_STOP_GRACE_MS', 5000, 'a number of milliseconds'),
    insecure: flags.has('insecure') || env['MICRO_INSECURE'] === '1',
    channel: env['MICRO_CHANNEL_FD'] === undefined ? undefined : number('MICRO_CHANNEL_FD', 3, 'a file descriptor'),
  }
}

// Only flags that stand alone (`--broker=nats`, `--broker nats`) are read here; all of them, these too, are settings of the configuration as well.
function readFlags(argv: readonly string[]): Map<string, string> {
  const flags = new Map<string, string>()
  argv.forEach((argument, index) => {
    const flag = /^--([a-z][a-z-]*)(?:=(.*))?$/s.exec(argument)
    if (flag?.[1] === undefined) return
    const next = argv[index + 1]
    flags.set(flag[1], flag[2] ?? (next === undefined || next.startsWith('--') ? '' : next))
  })
  return flags
}

function parseOptions(variable: string, env: Readonly<Record<string, string | undefined>>): unknown {
  const text = env[variable]
  if (text === undefined || text === '') return undefined
  try {
    return JSON.parse(text) as unknown
  } catch {
    // The parser's message is about a position in a text that may hold secrets; the name of the variable is enough to find it.
    throw serviceErrors.environmentInvalid(variable, '(not JSON)', 'a JSON object')
  }
}

function pairs(text: string): Record<string, string> {
  const entries = text.split(',').filter((pair) => pair.includes('='))
  return Object.fromEntries(entries.map((pair) => [pair.slice(0, pair.indexOf('=')).trim(), pair.slice(pair.indexOf('=') + 1).trim()]))
}
