import { basename } from 'node:path'
import type { FoundPlugin } from '../plugins/found-plugin.js'
import { typeOf } from '../plugins/look-up.js'
import type { Environment } from '../project/find.js'
import type { Project, ServiceDefinition } from '../project/project.js'
import { chooseDriver, type ChosenDriver } from '../types/driver.js'
import { typeErrors } from '../types/errors.js'
import { type Catalog, type DriverName, portsOf, type ServiceTypeManifest } from '../types/manifest.js'
import { checkFree, type PortChooser } from '../types/ports.js'
import { type Beside, type Given, givenBy, missingBeside, providersOf } from './beside.js'
import { ownBrokerWord, type Providers, resolveChoices, type ResolvedChoices } from './choices.js'
import type { SaidChoices } from './said.js'

/** A service of ours, and all that was settled for it. */
export interface PlannedOwn extends ResolvedChoices {
  readonly kind: 'own'
  readonly service: ServiceDefinition
  readonly folder: string
  /** What is ready before it, those that provide something to it included; all of them are in the plan. */
  readonly needs: readonly string[]
  /** What a run of the project that is not ours gives it. */
  readonly given: Given
}

/** A service of another type, or the run's own broker. */
export interface PlannedType {
  readonly kind: 'type' | 'broker'
  readonly service: ServiceDefinition
  readonly needs: readonly string[]
  readonly type: ServiceTypeManifest
  /** Where the type is from, when that is not Micro itself. */
  readonly plugin?: FoundPlugin
  readonly chosen: ChosenDriver
  readonly ports: Readonly<Record<string, number>>
}

/** One process of a run, before it is started. */
export type Planned = PlannedOwn | PlannedType

/** What planning takes. */
export interface PlanOptions {
  readonly project: Project
  readonly catalog: Catalog
  readonly ports: PortChooser
  readonly env: Environment
  readonly prefer: DriverName | undefined
  /** The program of the run's own broker. */
  readonly broker: string
  /** What the command line says of our services. */
  readonly said?: SaidChoices
}

/** Settles drivers, ports and choices of a whole project. Nothing is started. @throws MicroError of the first service that cannot be run */
export async function planUp(options: PlanOptions): Promise<Planned[]> {
  const { project, catalog } = options
  const providers = providersOf(project, catalog)
  const planned = await Promise.all(
    project.services.map((service) => {
      const type = typeOf(service, project.found, catalog)
      return type === undefined ? planOwn(service, { providers, beside: new Map() }, options) : planType(service, type, options)
    }),
  )
  return complete(planned, options)
}

/** The same for services of ours alone: what they need of other types comes from `beside`, the `up` of the project, if that runs. */
export async function planRun(services: readonly ServiceDefinition[], beside: Beside, options: PlanOptions): Promise<Planned[]> {
  const names = new Set(services.map(({ name }) => name))
  const providers = providersOf(options.project, options.catalog, beside)
  const planned = await Promise.all(
    services.map(async (service) => {
      const own = await planOwn(service, { providers, beside }, options)
      return { ...own, needs: own.needs.filter((need) => names.has(need)) }
    }),
  )
  return planned.some(({ given }) => given.brokerAddress !== undefined) ? planned : complete(planned, options)
}

/** What a `run` of these services cannot have of what they are to have, as long as no `up` runs it. */
export function missingNeeds(services: readonly ServiceDefinition[], beside: Beside, options: PlanOptions): string[] {
  const { project, catalog, env, said } = options
  const providers = providersOf(project, catalog)
  const choices = services.flatMap((service) => resolveChoices(service, project, providers, env, said).choices)
  const providing = choices.flatMap(({ provider, address }) => (provider === undefined || address !== undefined ? [] : [provider]))
  return missingBeside(services, providing, project, beside)
}

async function planOwn(
  service: ServiceDefinition,
  { providers, beside }: { readonly providers: Providers; readonly beside: Beside },
  { project, env, said }: PlanOptions,
): Promise<PlannedOwn> {
  const resolved = resolveChoices(service, project, providers, env, said)
  for (const [port, number] of Object.entries(service.ports)) await checkFree(service, port, number)
  const needs = [...new Set([...service.needs, ...resolved.choices.flatMap(({ provider }) => provider ?? [])])]
  return { kind: 'own', service, folder: service.folder ?? '', needs, given: givenBy(beside, needs), ...resolved }
}

async function planType(service: ServiceDefinition, type: ServiceTypeManifest, options: PlanOptions): Promise<PlannedType> {
  const { ports: chooser, env, prefer } = options
  const chosen = await chooseDriver(service, type, { prefer: prefer ?? options.project.prefer, env })
  const portNames = portsOf(type, chosen.driver)
  const extra = Object.keys(service.ports).find((port) => !portNames.includes(port))
  if (extra !== undefined)
    throw typeErrors.portNotOfDriver(service.name, extra, chosen.driver, type.ports[extra]?.drivers ?? [], service.place)
  const ports = await Promise.all(portNames.map(async (port) => [port, await chooser.choose(service, port)] as const))
  const plugin = service.plugin === undefined ? undefined : options.project.found.get(service.plugin)
  return {
    kind: 'type',
    service,
    type,
    ...(plugin !== undefined && { plugin }),
    chosen,
    ports: Object.fromEntries(ports),
    needs: service.needs,
  }
}

/** The plan with the run's own broker, if it takes one. Its ports are written down. */
async function complete(planned: readonly Planned[], options: PlanOptions): Promise<Planned[]> {
  const all = await withOwnBroker(planned, options)
  options.ports.remember()
  return all
}

/** Adds the broker that our services use when nobody chose another one. */
async function withOwnBroker(planned: readonly Planned[], options: PlanOptions): Promise<Planned[]> {
  if (!planned.some((one) => one.kind === 'own' && one.usesOwnBroker)) return [...planned]
  const name =
    ['broker', ownBrokerWord, `micro-${ownBrokerWord}`].find((word) => !planned.some(({ service }) => service.name === word)) ?? 'broker'
  const service: ServiceDefinition = {
    name,
    type: ownBrokerWord,
    needs: [],
    env: {},
    ports: {},
    keepsData: false,
    interfaces: {},
    place: { file: options.project.file ?? options.project.folder },
  }
  const type = ownBrokerType(options.broker)
  const broker: PlannedType = {
    kind: 'broker',
    service,
    type,
    chosen: { driver: 'embedded', entry: options.broker, why: 'the default broker of our services' },
    ports: { client: await options.ports.choose(service, 'client') },
    needs: [],
  }
  const withNeed = planned.map((one) => (one.kind === 'own' && one.usesOwnBroker ? { ...one, needs: [...one.needs, name] } : one))
  return [...withNeed, broker]
}

const ownBrokerType = (program: string): ServiceTypeManifest => ({
  type: ownBrokerWord,
  uri: ownBrokerWord,
  name: 'Embedded broker',
  description: 'The broker that a run starts for our services.',
  file: program,
  versions: [],
  ports: { client: { port: 4222, open: false } },
  drivers: { embedded: { entry: basename(program) } },
  driverOrder: ['embedded'],
  ready: { tcp: { port: 'client' }, timeoutMs: 10_000 },
  exports: {},
  provides: { kind: 'broker', name: ownBrokerWord, address: 'nats://127.0.0.1:${port.client}' },
})
