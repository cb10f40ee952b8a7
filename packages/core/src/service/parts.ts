import { join } from 'node:path'
import type { Clock } from '../base/index.js'
import { pluginHost, type Kind, type Kinds, type PluginContext, type PluginEntry } from '../plugin/index.js'
import { builtinEntries, type ProcessInput } from './builtins.js'
import { choose, type Choice } from './choose.js'
import type { Logger } from './log.js'
import type { ProjectIdentity } from './project.js'
import type { Settings } from './settings.js'

/** One interface of a running service: what is behind it, and why. */
export interface Use {
  readonly kind: Kind
  readonly name: string
  /** The reference of the plugin that it comes from, when it is not core's own: `broker/nats`. */
  readonly plugin?: string
  /** The plugin's version or revision. */
  readonly version?: string
  /** `--broker`, `MICRO_BROKER`, `micro.yml:4`, `plugins.ts`, `code`, `default`. */
  readonly why: string
  /** Where it is, where it says so. */
  readonly address?: string
  /** What one should know of it: a broker's delivery guarantee. */
  readonly note?: string
}

/** Implementations of the kinds `K`, created. */
export interface Parts<K extends Kind> {
  readonly parts: Pick<Kinds, K>
  /** In the order in which the kinds were asked for. */
  readonly uses: readonly Use[]
  /** Closes what was created here, in reverse; what the program handed in stays open. */
  close(): Promise<void>
}

/** What {@link createParts} needs to know. */
export interface PartsRequest extends ProcessInput {
  /** The service, for logs and data folders. */
  readonly name: string
  readonly plugins: readonly PluginEntry[]
  readonly use: { readonly [K in Kind]?: Kinds[K] }
  readonly settings: Settings
  readonly project: ProjectIdentity
  readonly clock: Clock
  readonly random: () => number
  readonly log: Logger
}

/**
 * Chooses what is behind each interface of `kinds`, then creates all of it, side by side. Nothing is created when one cannot be chosen; when one cannot be
 * created, the others are closed again.
 *
 * @throws what {@link choose} throws, and the plugin host
 */
export async function createParts<K extends Kind>(kinds: readonly K[], request: PartsRequest): Promise<Parts<K>> {
  const { settings, use, plugins, env, argv } = request
  // What is created side by side may ask for it later: the default broker does, at its first use.
  const found: { registry: Kinds['registry'] | undefined } = { registry: undefined }
  const builtins = builtinEntries({ env, argv, registry: () => found.registry })
  const host = pluginHost([...plugins, ...builtins])
  const choices = kinds.map((kind) => (use[kind] === undefined ? choose(kind, settings, plugins, builtins) : undefined))

  const created = await Promise.allSettled(
    kinds.map(async (kind, index): Promise<readonly [Kind, object, Use]> => {
      const choice = choices[index]
      const made = choice === undefined ? use[kind] : await host.create(kind, choice.manifest, choice.options, contextOf(choice, request))
      const isBuiltin = builtins.some(({ manifest }) => manifest === choice?.manifest)
      return [kind, made as object, useOf(kind, made as object, choice, isBuiltin)]
    }),
  )
  const failure = created.find((one) => one.status === 'rejected')
  if (failure !== undefined) {
    // The failure that stopped the start says more than one of the clearing up after it.
    await host.close().catch(() => undefined)
    throw failure.reason
  }
  const all = created.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const parts = Object.fromEntries(all) as Partial<Kinds>
  found.registry = parts.registry
  return {
    parts: parts as Pick<Kinds, K>,
    uses: all.map(([, , use]) => use),
    close: () => host.close(),
  }
}

function contextOf({ kind, address }: Choice, { name, project, clock, random, log }: PartsRequest): PluginContext {
  return {
    address,
    clock,
    random,
    service: name,
    // A hash, which costs Node's crypto module: only who reads it pays.
    get project() {
      return project.id
    },
    dataFolder: join(project.folder, '.micro', 'data', kind, name),
    warn: (message, data) => log.warn({ ...data, plugin: kind }, message),
  }
}

function useOf(kind: Kind, made: object, choice: Choice | undefined, isBuiltin: boolean): Use {
  const { name, address, guarantee } = made as { readonly name: string; readonly address?: unknown; readonly guarantee?: unknown }
  return {
    kind,
    name: choice?.manifest.name ?? name,
    ...(choice !== undefined && !isBuiltin && pluginOf(choice)),
    why: choice?.why ?? 'code',
    ...(typeof address === 'string' ? { address } : {}),
    ...(typeof guarantee === 'string' ? { note: guarantee } : {}),
  }
}

function pluginOf({ manifest: { reference, version } }: Choice): Pick<Use, 'plugin' | 'version'> {
  return { plugin: reference, ...(version !== undefined && { version }) }
}
