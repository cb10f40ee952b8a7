import { basename } from 'node:path'
import { builtIn, type WantedPlugin } from '../build/added-plugins.js'
import { type ListedPlugin, readListFile } from '../plugin-list/list-file.js'
import type { Provided } from '../plugins/look-up.js'
import type { Environment } from '../project/find.js'
import { type InterfaceChoice, type InterfaceKind, interfaceKinds, type Project, type ServiceDefinition } from '../project/project.js'
import type { SaidChoice, SaidChoices } from './said.js'

/** The implementation of an interface that a service of ours is told to use. */
export interface ResolvedChoice {
  readonly kind: InterfaceKind
  /** Its word; its reference, where the word alone could mean two. */
  readonly name: string
  readonly options: Readonly<Record<string, unknown>>
  /** Known now, or that of `provider` once it is ready. */
  readonly address?: string
  /** The service whose address it is. */
  readonly provider?: string
  /** For people: `micro.yml:4`, `--plugins`. */
  readonly why: string
}

/** What a service of ours is told, and which plugins it takes. */
export interface ResolvedChoices {
  readonly choices: readonly ResolvedChoice[]
  /** Those that are neither built into core nor in the service's own list; of one implementation only one. */
  readonly plugins: readonly WantedPlugin[]
  /** Whether it uses the broker that the run itself starts. */
  readonly usesOwnBroker: boolean
}

/** What the services of a project provide to ours, by their names. */
export type Providers = ReadonlyMap<string, Provided>

/** The word of core's broker, which the run starts as a process of its own. */
export const ownBrokerWord = 'enats'

/**
 * Settles which implementation of each interface a service uses, first that is said: the command line (`said`), the environment, its own entry, the top
 * of the file, what a service of the project provides, its own list of plugins, the default.
 *
 * The environment and the list speak for themselves in the service, so nothing is settled for them here.
 */
export function resolveChoices(
  service: ServiceDefinition,
  project: Project,
  providers: Providers,
  env: Environment,
  said: SaidChoices = new Map(),
): ResolvedChoices {
  const own = service.folder === undefined ? [] : readListFile(service.folder).listed
  const added = project.plugins.flatMap((use) => implementationsOf(use, project))
  const inEnvironment = (variable: string) => service.env[variable] ?? (env[variable] || undefined)
  const word = (kind: InterfaceKind) => inEnvironment(`MICRO_${kind.toUpperCase()}`)

  const settled = interfaceKinds.flatMap((kind): Settled[] => {
    const filed = settleFiled(kind, service, project, providers)
    const flag = said.get(kind)
    if (flag !== undefined) return [settleSaid(kind, flag, filed)]
    return word(kind) !== undefined || filed === undefined ? [] : [filed]
  })
  const plugins = [...added, ...settled.map(({ wanted }) => wanted)].filter(
    (wanted, index, all) => !isAtHand(wanted, own) && all.findIndex((other) => isSame(other, wanted)) === index,
  )
  const listed = [...own, ...plugins]
  const choices = settled.map(({ choice, wanted }) => ({ ...choice, name: nameOf(wanted, listed) }))
  const usesOwnBroker = () => {
    const broker = choices.find(({ kind }) => kind === 'broker')
    const hasAddress = (inEnvironment('MICRO_BROKER_ADDRESS') ?? '') !== ''
    if (broker !== undefined) {
      const isElsewhere = broker.address !== undefined || broker.provider !== undefined || (said.has('broker') && hasAddress)
      return broker.name === ownBrokerWord && !isElsewhere
    }
    const named = word('broker')
    if (named !== undefined) return named === ownBrokerWord && !hasAddress
    return !listed.some(({ kind }) => kind === 'broker')
  }
  return { choices, plugins, usesOwnBroker: usesOwnBroker() }
}

/** A choice, and the plugin that it needs. */
interface Settled {
  readonly choice: ResolvedChoice
  readonly wanted: WantedPlugin
}

/** What the project file says of an interface, or what a service of the project provides. */
function settleFiled(kind: InterfaceKind, service: ServiceDefinition, project: Project, providers: Providers): Settled | undefined {
  const written = service.interfaces[kind] ?? project.interfaces[kind]
  // A service that is named and does not run provides nothing: as if nobody had said it.
  if (written?.service !== undefined && !providers.has(written.service)) return undefined
  if (written !== undefined) return settleWritten(written, providers)
  const [provider] = [...providers].filter(([, provides]) => provides.kind === kind)
  if (provider === undefined) return undefined
  const [by, { name, plugin }] = provider
  return {
    choice: { kind, name, options: {}, provider: by, why: `${by} provides it` },
    wanted: { kind, name, ...(plugin !== undefined && { plugin }) },
  }
}

function settleWritten({ kind, name, service, options, address, place, ...rest }: InterfaceChoice, providers: Providers): Settled {
  const provided = service === undefined ? undefined : providers.get(service)
  const plugin = rest.plugin ?? provided?.plugin
  const word = name ?? provided?.name ?? ''
  return {
    choice: {
      kind,
      name: word,
      options,
      ...(address !== undefined && { address }),
      ...(provided !== undefined && service !== undefined && { provider: service }),
      why: `${basename(place.file)}:${place.line ?? 1}`,
    },
    wanted: { kind, name: word, place, ...(plugin !== undefined && { plugin }) },
  }
}

/** What the command line says. Where the file says the same, the file's options and address go with it. */
function settleSaid(kind: InterfaceKind, { name, reference, why }: SaidChoice, filed: Settled | undefined): Settled {
  const isOwn = reference === undefined || reference === `${kind}/${name}`
  const wanted: WantedPlugin = { kind, name, ...(!isOwn && { plugin: reference }) }
  if (filed === undefined || filed.wanted.name !== name || (reference !== undefined && filed.wanted.plugin !== wanted.plugin))
    return { choice: { kind, name, options: {}, why }, wanted }
  return { choice: { ...filed.choice, why }, wanted: filed.wanted }
}

function implementationsOf({ reference, place }: Project['plugins'][number], { found }: Project): WantedPlugin[] {
  const implementations = found.get(reference)?.catalog.implementations ?? []
  return implementations.map(({ kind, word }) => ({
    kind,
    name: word,
    place,
    ...(reference !== `${kind}/${word}` && { plugin: reference }),
  }))
}

/** Whether a service has it without being given it. */
function isAtHand({ kind, name, plugin }: WantedPlugin, own: readonly ListedPlugin[]): boolean {
  if (plugin === undefined && builtIn[kind].includes(name)) return true
  return own.some((one) => one.kind === kind && one.name === name && (plugin === undefined || one.reference === plugin))
}

const isSame = (one: WantedPlugin, other: WantedPlugin) =>
  one.kind === other.kind && one.name === other.name && (one.plugin === other.plugin || other.plugin === undefined)

/** The word, or where two of the service's plugins have it, the reference. */
function nameOf({ kind, name, plugin }: WantedPlugin, listed: readonly (ListedPlugin | WantedPlugin)[]): string {
  const namesakes = listed.filter((one) => one.kind === kind && one.name === name)
  return plugin !== undefined && namesakes.length > 1 ? plugin : name
}
