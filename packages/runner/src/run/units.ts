import { mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '@microts/core/base'
import type { Environment } from '../project/find.js'
import type { Project } from '../project/project.js'
import type { Launch } from '../process/spawn.js'
import type { Unit } from '../process/supervise.js'
import { checkFree } from '../types/ports.js'
import { waitUntilAnswers } from '../types/ready.js'
import { fill, portFillings } from '../types/template.js'
import type { Board } from './board.js'
import { ownBrokerWord } from './choices.js'
import { environmentForOthers, environmentForOurs, portVariable } from './environment.js'
import type { Planned, PlannedOwn, PlannedType } from './plan.js'

/** What turning a plan into processes takes. */
export interface UnitOptions {
  readonly project: Project
  readonly board: Board
  readonly env: Environment
  readonly clock: Clock
  /** The value of `MICRO_RUN`. */
  readonly marker: string
  readonly graceMs: number
  /** The bundle of a service of ours, by its name. */
  readonly bundles: ReadonlyMap<string, string>
  /** Called with a folder that goes when the run ends. */
  readonly onTemporary: (folder: string) => void
}

const ownReadyMs = 30_000
// Other software is not waited for as long: it holds no calls of ours.
const typeGraceMs = 5000

/** The process of what was planned. */
export function toUnit(planned: Planned, options: UnitOptions): Unit {
  const { name } = planned.service
  if (planned.kind === 'own')
    return {
      name,
      needs: planned.needs,
      graceMs: options.graceMs,
      readyTimeoutMs: ownReadyMs,
      speaks: true,
      launch: () => launchOwn(planned, options),
    }
  const { type, chosen } = planned
  const ports = () => options.board.row(name)?.ports ?? planned.ports
  let data: string | undefined
  const folder = () => (data ??= type.data === undefined ? undefined : dataFolder(planned, options))
  return {
    name,
    needs: planned.needs,
    graceMs: Math.min(typeGraceMs, options.graceMs),
    readyTimeoutMs: type.ready.timeoutMs,
    speaks: chosen.driver === 'embedded',
    launch: () => launchType(planned, folder(), options),
    check: (signal) => waitUntilAnswers(type.ready, ports(), { clock: options.clock, signal }),
  }
}

function launchOwn(planned: PlannedOwn, options: UnitOptions): Launch {
  const { service, folder } = planned
  const port = service.ports['http']
  return {
    command: process.execPath,
    args: ['--enable-source-maps', options.bundles.get(service.name) ?? ''],
    cwd: folder,
    env: {
      // The grace is for callers behind a load balancer; here a person waits for the stop.
      MICRO_STOP_GRACE_MS: '0',
      ...environmentForOurs(options.env),
      ...identityOf(options),
      MICRO_SERVER_ADDRESS: `127.0.0.1:${port ?? 0}`,
      ...choicesAsEnvironment(planned, options.board),
      ...planned.given.exports,
      ...exportsOf(planned, options.board),
      ...service.env,
    },
  }
}

async function launchType(planned: PlannedType, data: string | undefined, options: UnitOptions): Promise<Launch> {
  const { service, type, chosen, ports } = planned
  for (const [port, number] of Object.entries(ports)) await checkFree(service, port, number)
  const env = {
    ...environmentForOthers(options.env),
    ...identityOf(options),
    MICRO_HOST: '127.0.0.1',
    ...Object.fromEntries(Object.entries(ports).map(([port, number]) => [portVariable(port), String(number)])),
    ...(data !== undefined && { MICRO_DATA_DIR: data }),
    ...exportsOf(planned, options.board),
  }
  const cwd = data ?? options.project.folder
  if (chosen.driver === 'embedded') return { command: process.execPath, args: [chosen.entry], cwd, env: { ...env, ...service.env } }
  const fillings = { ...portFillings(ports), ...(data !== undefined && { data }) }
  const native = type.drivers.native
  return {
    command: chosen.command,
    args: (native?.args ?? []).map((argument) => fill(argument, fillings)),
    cwd,
    env: {
      ...env,
      ...Object.fromEntries(Object.entries(native?.env ?? {}).map(([name, text]) => [name, fill(text, fillings)])),
      ...service.env,
    },
  }
}

const identityOf = ({ project, marker }: UnitOptions) => ({
  MICRO_PROJECT: project.id,
  MICRO_PROJECT_DIR: project.folder,
  MICRO_RUN: marker,
})

/** What the running services that are needed export. */
function exportsOf(planned: Planned, board: Board): Record<string, string> {
  return Object.assign({}, ...planned.needs.map((need) => board.row(need)?.exports)) as Record<string, string>
}

function choicesAsEnvironment(planned: PlannedOwn, board: Board): Record<string, string> {
  const env: Record<string, string> = {}
  for (const { kind, name, options, address, provider, why } of planned.choices) {
    const upper = kind.toUpperCase()
    env[`MICRO_${upper}`] = name
    env[`MICRO_${upper}_WHY`] = why
    const at =
      address ?? (provider === undefined ? undefined : (planned.given.addresses[provider] ?? board.row(provider)?.provides?.address))
    if (at !== undefined) env[`MICRO_${upper}_ADDRESS`] = at
    if (Object.keys(options).length > 0) env[`MICRO_${upper}_OPTIONS`] = JSON.stringify(options)
  }
  if (!planned.usesOwnBroker) return env
  const own = planned.needs.map((need) => board.row(need)).find((row) => row?.kind === 'broker')
  env['MICRO_BROKER'] = ownBrokerWord
  env['MICRO_BROKER_WHY'] ??= 'default'
  env['MICRO_BROKER_ADDRESS'] = planned.given.brokerAddress ?? own?.provides?.address ?? ''
  return env
}

/** Where a service keeps its data: in the project when it says `data: keep`, else in a folder that goes with the run. */
function dataFolder({ service }: PlannedType, { project, onTemporary }: UnitOptions): string {
  if (service.keepsData) {
    const folder = join(project.folder, '.micro', 'data', 'types', service.name)
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    return folder
  }
  const folder = mkdtempSync(join(tmpdir(), `micro-${service.name}-`))
  onTemporary(folder)
  return folder
}
