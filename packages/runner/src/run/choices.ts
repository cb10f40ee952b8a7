import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Environment } from '../project/find.js'
import { type InterfaceChoice, type InterfaceKind, interfaceKinds, type Project, type ServiceDefinition } from '../project/project.js'
import { builtIn, type WantedPlugin } from '../build/added-plugins.js'
import type { Provides } from '../types/manifest.js'

/** The implementation of an interface that a service of ours is told to use. */
export interface ResolvedChoice {
  readonly kind: InterfaceKind
  readonly name: string
  readonly options: Readonly<Record<string, unknown>>
  /** Known now, or that of `provider` once it is ready. */
  readonly address?: string
  /** The service whose address it is. */
  readonly provider?: string
  /** For people: `micro.yml:4`. */
  readonly why: string
}

/** What a service of ours is told, and which plugins it takes. */
export interface ResolvedChoices {
  readonly choices: readonly ResolvedChoice[]
  /** Those that are not built into core; of one implementation only one. */
  readonly plugins: readonly WantedPlugin[]
  /** Whether it uses the broker that the run itself starts. */
  readonly usesOwnBroker: boolean
}

/** What the services of a project provide to ours, by their names. */
export type Providers = ReadonlyMap<string, Provides>

/** The word of core's broker, which the run starts as a process of its own. */
export const ownBrokerWord = 'enats'

/**
 * Settles which implementation of each interface a service uses, first that is said: the environment, its own entry, the top of the file, what a service
 * of the project provides, its own list of plugins, the default.
 *
 * The environment and the list speak for themselves in the service, so nothing is settled for them here.
 */
export function resolveChoices(service: ServiceDefinition, project: Project, providers: Providers, env: Environment): ResolvedChoices {
  const listed = new Set([...listedKinds(service.folder), ...project.plugins.map(({ kind }) => kind)])
  const written = interfaceKinds.flatMap((kind) => service.interfaces[kind] ?? project.interfaces[kind] ?? [])
  const inEnvironment = (kind: InterfaceKind) =>
    service.env[`MICRO_${kind.toUpperCase()}`] ?? (env[`MICRO_${kind.toUpperCase()}`] || undefined)
  const addressInEnvironment = service.env['MICRO_BROKER_ADDRESS'] ?? env['MICRO_BROKER_ADDRESS']

  const choices = interfaceKinds.flatMap((kind): ResolvedChoice[] => {
    if (inEnvironment(kind) !== undefined) return []
    const choice = written.find((candidate) => candidate.kind === kind)
    if (choice !== undefined) return [resolveWritten(choice, providers)]
    const [provider] = [...providers].filter(([, provides]) => provides.kind === kind)
    if (provider !== undefined)
      return [{ kind, name: provider[1].name, options: {}, provider: provider[0], why: `${provider[0]} provides it` }]
    return []
  })
  const usesOwnBroker = () => {
    const word = inEnvironment('broker')
    if (word !== undefined) return word === ownBrokerWord && (addressInEnvironment ?? '') === ''
    const broker = choices.find(({ kind }) => kind === 'broker')
    if (broker === undefined) return !listed.has('broker')
    return broker.name === ownBrokerWord && broker.address === undefined && broker.provider === undefined
  }
  const plugins = [...project.plugins, ...choices.map(({ kind, name }) => toWanted(kind, name, written))].filter(
    ({ kind, name }, index, all) =>
      !builtIn[kind].includes(name) && all.findIndex((other) => other.kind === kind && other.name === name) === index,
  )
  return { choices, plugins, usesOwnBroker: usesOwnBroker() }
}

function resolveWritten({ kind, name, service, options, address, place }: InterfaceChoice, providers: Providers): ResolvedChoice {
  const why = `${basename(place.file)}:${place.line ?? 1}`
  const provided = service === undefined ? undefined : providers.get(service)
  return {
    kind,
    name: name ?? provided?.name ?? '',
    options,
    ...(address !== undefined && { address }),
    ...(provided !== undefined && service !== undefined && { provider: service }),
    why,
  }
}

function toWanted(kind: InterfaceKind, name: string, written: readonly InterfaceChoice[]): WantedPlugin {
  const place = written.find((choice) => choice.kind === kind)?.place
  return { kind, name, ...(place !== undefined && { place }) }
}

/** The interfaces that a service's own `plugins.ts` has an implementation of. The file is written by us, so that its text can be looked at. */
function listedKinds(folder: string | undefined): InterfaceKind[] {
  const file = folder === undefined ? '' : join(folder, 'plugins.ts')
  if (!existsSync(file)) return []
  const text = readFileSync(file, 'utf8')
  return interfaceKinds.filter((kind) => new RegExp(`kind["']?: ["']${kind}["']`).test(text))
}
