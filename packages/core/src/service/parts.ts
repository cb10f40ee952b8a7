import { join } from 'node:path'
import type { Clock } from '../base/index.js'
import type { Config } from '../config/config.js'
import { pluginHost, type Kind, type Kinds, type PluginContext, type PluginEntry } from '../plugin/index.js'
import { rpcClient, type RpcClient } from '../rpc/index.js'
import { builtinEntries } from './builtins.js'
import { choose } from './choose.js'
import type { Logger } from './log.js'
import type { ProjectIdentity } from './project.js'
import type { Settings } from './settings.js'

/** One interface of a running service: what is behind it, and why. */
export interface Use {
  readonly kind: Kind
  readonly name: string
  /** `--broker`, `MICRO_BROKER`, `micro.yml:4`, `plugins.ts`, `code`, `default`. */
  readonly why: string
  /** Where it is, where it says so. */
  readonly address?: string
  /** What one should know of it: a broker's delivery guarantee. */
  readonly note?: string
}

/** Implementations of `K`, created and connected, and a client that calls through them. */
export interface Parts<K extends Kind> {
  readonly parts: Pick<Kinds, K> & { readonly client: RpcClient }
  readonly uses: readonly Use[]
  /** Closes what was created here, in reverse; what the program handed in stays open. */
  close(): Promise<void>
}

/** What {@link createParts} needs to know. */
export interface PartsRequest {
  /** The service, for logs, data folders and `Micro-From-Service`. */
  readonly name: string
  readonly plugins: readonly PluginEntry[]
  readonly use: { readonly [K in Kind]?: Kinds[K] }
  readonly settings: Settings
  readonly env: Readonly<Record<string, string | undefined>>
  readonly argv: readonly string[]
  readonly project: ProjectIdentity
  readonly clock: Clock
  readonly random: () => number
  readonly log: Logger
}

type ClientKind = 'codec' | 'registry' | 'selector' | 'transport'

/** Chooses and creates what is behind each interface of `kinds`, in that order. On a failure, what was created is closed. */
export async function createParts<K extends Kind>(
  kinds: readonly (K | ClientKind)[],
  request: PartsRequest,
): Promise<Parts<K | ClientKind>> {
  const { settings, project, clock, random, use } = request
  const host = pluginHost([...request.plugins, ...builtinEntries])
  const made: { [Each in Kind]?: Kinds[Each] } = {}
  const uses: Use[] = []

  const create = async (kind: Kind): Promise<void> => {
    const handed = use[kind]
    if (handed !== undefined) {
      Object.assign(made, { [kind]: handed })
      uses.push(useOf(kind, handed, handed.name, 'code'))
      return
    }
    const { manifest, options, address, why } = choose(kind, settings, request.plugins, builtinEntries)
    const ownConfig = kind === 'config' && manifest.name === 'memory'
    const created = ownConfig ? await processConfig(request) : await host.create(kind, manifest, options, contextOf(kind, address, request))
    Object.assign(made, { [kind]: created })
    uses.push(useOf(kind, created, manifest.name, why))
  }
  const close = async () => {
    await client?.close()
    await host.close()
    if (use.config === undefined) await made.config?.close()
  }

  let client: RpcClient | undefined
  try {
    for (const kind of kinds) await create(kind)
    const parts = made as Pick<Kinds, K | ClientKind>
    const { registry, selector, transport, codec } = parts
    client = rpcClient({
      registry,
      selector,
      transport,
      codec,
      clock,
      random,
      timeoutMs: settings.requestTimeoutMs,
      from: request.name,
      project: project.id,
    })
    return { parts: { ...parts, client }, uses, close }
  } catch (error) {
    await close()
    throw error
  }
}

function contextOf(kind: Kind, address: string | undefined, { name, project, clock, random, log }: PartsRequest): PluginContext {
  const dataFolder = join(project.folder, '.micro', 'data', kind, name)
  return {
    address,
    clock,
    random,
    service: name,
    project: project.id,
    dataFolder,
    warn: (message, data) => log.warn({ ...data, plugin: kind }, message),
  }
}

// The default configuration of a process: every variable of its environment as it is, under `env`; above it the settings that MICRO_ variables
// name, then those of the flags, then what the program sets.
async function processConfig({ env, argv }: PartsRequest): Promise<Config> {
  const { memoryConfig } = await import('../config/memory.js')
  const { envSource } = await import('../config/source/env.js')
  const { flagsSource } = await import('../config/source/flags.js')
  const variables = Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined))
  return memoryConfig({ initial: { env: variables }, sources: [envSource(env), flagsSource(argv)] })
}

function useOf(kind: Kind, made: object, name: string, why: string): Use {
  const { address, guarantee } = made as { readonly address?: unknown; readonly guarantee?: unknown }
  return {
    kind,
    name,
    why,
    ...(typeof address === 'string' ? { address } : {}),
    ...(typeof guarantee === 'string' ? { note: guarantee } : {}),
  }
}
