import { configErrors } from '../config/errors.js'
import type { Kind } from '../plugin/index.js'
import { serviceErrors } from './errors.js'
import { durationOf, objectOf, pairsOf, textOf, timeOf, type Environment } from './environment.js'

/** The interfaces of a service, in the order in which they are told and, the other way round, closed. */
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
  options(kind: Kind): Readonly<Record<string, unknown>> | undefined
  /** In the place of the name and version that the service's code says. */
  readonly serverName: string | undefined
  readonly serverVersion: string | undefined
  /** Where to listen. @default "127.0.0.1:0" */
  readonly serverAddress: string
  /** What others are told to call, when it is not where the service listens: a host, or a host and a port. */
  readonly advertise: string | undefined
  /** The node's id is `<service>-<this>`. @default a UUID */
  readonly serverId: string | undefined
  /** Of the node, in the registry. */
  readonly metadata: Readonly<Record<string, string>>
  /** How long a registration counts, in milliseconds; 0: for ever. @default 60_000, as in Go */
  readonly registerTtlMs: number
  /** How often it is renewed, in milliseconds; 0: never. @default 30_000, as in Go */
  readonly registerIntervalMs: number
  /** How long a client waits for a reply. @default 10_000 */
  readonly requestTimeoutMs: number
  /** Go on serving this long after a SIGTERM, so that callers that have not heard yet are still answered. @default 5_000 */
  readonly stopGraceMs: number
  /** Who is shown `/metrics` and `/openapi.json`. @default "this-host" */
  readonly serverPages: 'this-host' | 'anyone'
  /** Everyone may come in from anywhere: a proxy before the service does the checking. */
  readonly insecure: boolean
}

/**
 * Reads the settings. The names of the variables are go-micro's where it has one, so that one fleet shares one set.
 *
 * @throws `invalid_argument`: ENVIRONMENT_INVALID for a variable, FLAG_INVALID for a flag without a value
 */
export function readSettings(env: Environment, argv: readonly string[]): Settings {
  const flags = readFlags(argv)
  const say = (flag: string, variable: string): Setting | undefined => {
    const byFlag = flags.get(flag)
    if (byFlag === '') throw configErrors.flagInvalid(`--${flag}`, 'it needs a value')
    if (byFlag !== undefined) return { value: byFlag, why: `--${flag}` }
    const byEnv = textOf(env, variable)
    return byEnv === undefined ? undefined : { value: byEnv, why: textOf(env, `${variable}_WHY`) ?? variable }
  }
  return {
    implementation: (kind) => say(kind, `MICRO_${kind.toUpperCase()}`),
    address: (kind) => say(`${kind}-address`, `MICRO_${kind.toUpperCase()}_ADDRESS`)?.value,
    options: (kind) => objectOf(env, `MICRO_${kind.toUpperCase()}_OPTIONS`),
    serverName: textOf(env, 'MICRO_SERVER_NAME'),
    serverVersion: textOf(env, 'MICRO_SERVER_VERSION'),
    serverAddress: say('server-address', 'MICRO_SERVER_ADDRESS')?.value ?? '127.0.0.1:0',
    advertise: textOf(env, 'MICRO_SERVER_ADVERTISE'),
    serverId: textOf(env, 'MICRO_SERVER_ID'),
    metadata: pairsOf(env, 'MICRO_SERVER_METADATA'),
    registerTtlMs: timeOf(env, 'MICRO_REGISTER_TTL', 60_000, 1000),
    registerIntervalMs: timeOf(env, 'MICRO_REGISTER_INTERVAL', 30_000, 1000),
    requestTimeoutMs: durationOf(env, 'MICRO_CLIENT_REQUEST_TIMEOUT', 10_000),
    stopGraceMs: timeOf(env, 'MICRO_STOP_GRACE_MS', 5000, 1),
    serverPages: pagesOf(env),
    insecure: flags.has('insecure') || env['MICRO_INSECURE'] === '1',
  }
}

function pagesOf(env: Environment): Settings['serverPages'] {
  const text = textOf(env, 'MICRO_SERVER_PAGES') ?? 'this-host'
  if (text !== 'this-host' && text !== 'anyone') throw serviceErrors.environmentInvalid('MICRO_SERVER_PAGES', text, 'this-host or anyone')
  return text
}

// As config/source/flags.ts reads them, but as text: `--server-address=8080` is no number here. A flag without a value is "".
function readFlags(argv: readonly string[]): Map<string, string> {
  const end = argv.indexOf('--')
  const mine = end === -1 ? argv : argv.slice(0, end)
  const flags = new Map<string, string>()
  mine.forEach((argument, index) => {
    const flag = /^--([a-z][a-z-]*)(?:=(.*))?$/s.exec(argument)
    if (flag?.[1] === undefined) return
    const next = mine[index + 1]
    flags.set(flag[1], flag[2] ?? (next === undefined || next.startsWith('--') ? '' : next))
  })
  return flags
}
