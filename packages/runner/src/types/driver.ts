import { execFile } from 'node:child_process'
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'
import type { Environment } from '../project/find.js'
import type { ServiceDefinition } from '../project/project.js'
import { typeErrors } from './errors.js'
import type { DriverName, NativeDriver, ServiceTypeManifest } from './manifest.js'

/** How a service will be run. */
export type ChosenDriver = {
  /** What runs. Undefined when the type has no versions, or an installed command does not tell. */
  readonly version?: string
  /** For people: why this driver and version. */
  readonly why: string
} & ({ readonly driver: 'embedded'; readonly entry: string } | { readonly driver: 'native'; readonly command: string })

/**
 * Chooses how to run a service: the driver that is written, else the first of the manifest's that can honour the version, with `prefer` before them.
 *
 * A native command is looked for on the PATH and in the folders for system programs, and asked for its version.
 *
 * @throws MicroError `unimplemented`/`DRIVER_UNSUPPORTED` when only docker could, `failed_precondition`/`NO_DRIVER` when nothing can
 */
export async function chooseDriver(
  service: ServiceDefinition,
  type: ServiceTypeManifest,
  options: { readonly prefer?: DriverName | undefined; readonly env: Environment },
): Promise<ChosenDriver> {
  const order = orderOf(service, type, options.prefer)
  const refusals: string[] = []
  let couldDocker = false
  for (const driver of order) {
    const tried = await tryDriver(driver, service, type, options.env)
    if (tried.can) {
      const said = refusals.length > 0 ? refusals.join('; ') : reasonOf(driver, service, options.prefer)
      return { ...tried.run, ...(tried.version !== undefined && { version: tried.version }), why: said }
    }
    couldDocker ||= tried.isDocker
    refusals.push(`${driver}: ${tried.why}`)
  }
  const version = service.version ?? type.defaultVersion
  const wanted = version === undefined ? type.type : `${type.type}:${version}`
  if (couldDocker) {
    const others = type.driverOrder.filter((name) => name !== 'docker')
    // Those that were not tried yet, since docker was written.
    const tried = service.driver === undefined ? [] : await Promise.all(others.map((name) => tryDriver(name, service, type, options.env)))
    const works = others.filter((_, index) => tried[index]?.can)
    throw typeErrors.dockerUnsupported(service.name, { wanted, type: type.type, refusals, others, works }, service.place)
  }
  throw typeErrors.noDriver(service.name, wanted, refusals, service.place)
}

function orderOf(service: ServiceDefinition, type: ServiceTypeManifest, prefer: DriverName | undefined): readonly DriverName[] {
  if (service.driver !== undefined) return [service.driver]
  return prefer !== undefined && type.driverOrder.includes(prefer)
    ? [prefer, ...type.driverOrder.filter((name) => name !== prefer)]
    : type.driverOrder
}

function reasonOf(driver: DriverName, service: ServiceDefinition, prefer: DriverName | undefined): string {
  if (service.driver !== undefined) return 'the file says so'
  return prefer === driver ? 'preferred' : 'the first that can'
}

type Tried =
  | {
      readonly can: true
      readonly run: { readonly driver: 'embedded'; readonly entry: string } | { readonly driver: 'native'; readonly command: string }
      readonly version?: string | undefined
    }
  | { readonly can: false; readonly why: string; readonly isDocker: boolean }

const cannot = (why: string): Tried => ({ can: false, why, isDocker: false })

async function tryDriver(driver: DriverName, service: ServiceDefinition, type: ServiceTypeManifest, env: Environment): Promise<Tried> {
  const { embedded, native, docker } = type.drivers
  const { version } = service
  if (driver === 'embedded' && embedded !== undefined) {
    if (version !== undefined && embedded.versions !== undefined && !embedded.versions.includes(version))
      return cannot(`it stands for ${embedded.versions.join(', ')} only`)
    const entry = resolve(dirname(type.file), embedded.entry)
    if (!existsSync(entry)) return cannot(`${entry} is not there`)
    return { can: true, run: { driver, entry }, version: version ?? type.defaultVersion }
  }
  if (driver === 'native' && native !== undefined) return tryNative(native, version, type, env)
  if (driver === 'docker' && docker !== undefined) {
    const wanted = version ?? type.defaultVersion
    if (wanted !== undefined && docker.tags[wanted] === undefined) return cannot(`there is no image of ${wanted}`)
    return { can: false, why: 'this driver is not there yet', isDocker: true }
  }
  return cannot('the type does not have it')
}

async function tryNative(native: NativeDriver, wanted: string | undefined, type: ServiceTypeManifest, env: Environment): Promise<Tried> {
  const command = onPath(native.command, env)
  const missing = [native.command, ...(native.needs ?? [])].find((each) => onPath(each, env) === undefined)
  if (command === undefined || missing !== undefined) return cannot(`${missing} is not on the PATH, nor in ${systemFolders.join(' or ')}`)
  const run = { driver: 'native', command } as const
  // What cannot be asked is believed to be what was written.
  if (native.version === undefined) return { can: true, run, version: wanted }
  const found = await askVersion(command, native.version, env)
  // As the type writes its versions, whatever the command prints.
  const version = found === undefined ? undefined : `${type.versions.some((one) => one.startsWith('v')) ? 'v' : ''}${bare(found)}`
  if (wanted === undefined) return { can: true, run, version }
  if (found === undefined) return cannot(`${native.command} does not tell its version`)
  return bare(found) === bare(wanted) || bare(found).startsWith(`${bare(wanted)}.`)
    ? { can: true, run, version }
    : cannot(`${native.command} is ${found}, not ${wanted}`)
}

const bare = (version: string) => version.replace(/^v/, '')

// What it prints is matched against an expression of the manifest's: kept short, so that a bad expression costs little.
const maxVersionOutput = 4096
const versionTimeoutMs = 5000

function askVersion(command: string, ask: NonNullable<NativeDriver['version']>, env: Environment): Promise<string | undefined> {
  return new Promise((done) => {
    execFile(
      command,
      ask.args,
      { env: { PATH: env['PATH'] }, timeout: versionTimeoutMs, killSignal: 'SIGKILL' },
      (_error, stdout, stderr) => {
        done(new RegExp(ask.match).exec(`${stdout}\n${stderr}`.slice(0, maxVersionOutput))?.[1])
      },
    )
  })
}

// Where systems keep servers, and the PATH of an ordinary user does not look: Debian's nats-server, for one.
const systemFolders = ['/usr/local/sbin', '/usr/sbin']

/** The command as the PATH of `env` has it, else the folders for system programs; absolute. */
export function onPath(command: string, env: Environment): string | undefined {
  const onIt = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return [...onIt, ...systemFolders]
    .map((folder) => join(folder, command))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK)
        return statSync(file).isFile()
      } catch {
        return false // not in this folder
      }
    })
}
