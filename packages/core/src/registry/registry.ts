import type { Closable, Implementation, Watch } from '../base/index.js'

/**
 * What a registry may have besides the contract's core.
 *
 * - `ttl`: a registration that is not renewed goes away by itself, also when its process was killed
 * - `shared`: another process on the same network sees it
 */
export type RegistryFeature = 'ttl' | 'shared'

/** The type of a message, as go-micro describes it: a name, a type's name, and its fields. At most three deep. */
export interface ValueDescription {
  readonly name: string
  readonly type: string
  readonly values: readonly ValueDescription[]
}

/** One thing that can be called. */
export interface EndpointRecord {
  /** `Handler.Method`, as Go writes it: `Orders.Place`. */
  readonly name: string
  readonly request?: ValueDescription | undefined
  readonly response?: ValueDescription | undefined
  /** `stream: "true"` for a stream. */
  readonly metadata: Readonly<Record<string, string>>
}

/** One running copy of a service. */
export interface NodeRecord {
  /** Unique in the registry: `<service>-<uuid>`. */
  readonly id: string
  /** `host:port`, or `[v6]:port`. */
  readonly address: string
  /** Among them `protocol`, `transport`, `server`, `broker` and `registry`, which Go's clients read, and `project`. */
  readonly metadata: Readonly<Record<string, string>>
}

/** A service at one version, with the nodes that run it. Its JSON is go-micro's (absent lists and maps may be `null` there). */
export interface ServiceRecord {
  /** 1 to 255 of `A-Z a-z 0-9 . _ -`. */
  readonly name: string
  readonly version: string
  readonly metadata: Readonly<Record<string, string>>
  readonly endpoints: readonly EndpointRecord[]
  readonly nodes: readonly NodeRecord[]
}

/** How a registration is made. */
export interface RegisterOptions {
  /** The nodes go away this long after their last registration, in milliseconds. Absent: they stay until `deregister` or the end of the process that registered them. Needs `ttl`. */
  readonly ttlMs?: number
  readonly signal?: AbortSignal
}

/** Something that happened to nodes of a service. `service` has only the nodes concerned. */
export interface RegistryChange {
  /** `create`: a node that was not there; `update`: its address, metadata or endpoints changed; `delete`: it left, or its time ran out. */
  readonly type: 'create' | 'update' | 'delete'
  readonly service: ServiceRecord
}

/**
 * Knows which nodes run which service.
 *
 * Registering is a lease, not a lock: a node may be listed shortly after it died, and two processes may believe different things for a moment.
 *
 * Failures: a bad name, id or address is `invalid_argument`/`SERVICE_INVALID`; a registry out of reach `unavailable`/`REGISTRY_UNAVAILABLE`;
 * an aborted signal `canceled`; all after `close()` `failed_precondition`/`CLOSED`.
 */
export interface Registry extends Implementation<RegistryFeature>, Closable {
  /** Makes the nodes of `service` known, or renews them: a known id with other data is replaced, and watchers are told. Resolves when a `lookup` finds them. */
  register(service: ServiceRecord, options?: RegisterOptions): Promise<void>
  /** Takes the nodes of `service` (by name and node id) out. One that is not there is passed over. */
  deregister(service: ServiceRecord, options?: { readonly signal?: AbortSignal }): Promise<void>
  /**
   * The service's live nodes, one record for each version, the versions in no order; nobody there is an empty list, never an error.
   * What could be the reason says `explain`.
   */
  lookup(name: string, options?: { readonly signal?: AbortSignal }): Promise<readonly ServiceRecord[]>
  /** The names of the services that have a live node, sorted. */
  list(options?: { readonly signal?: AbortSignal }): Promise<readonly string[]>
  /** Changes from now on, of one service or of all. What is there already is not told: look it up after the watch stands. */
  watch(options?: { readonly service?: string; readonly signal?: AbortSignal }): Promise<Watch<RegistryChange>>
  /** What a person should know when a look-up finds nothing: `"no network interface does multicast"`. Undefined when there is nothing to say. */
  explain(): string | undefined
  /** Addresses it listens on or talks to, for people. */
  readonly address: string
}
