import type { DriverName } from '../types/manifest.js'
import type { ErrorData } from '../timeline/event.js'

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number
  /** When the system started it, in the system's own notation (clock ticks on Linux, a date on macOS). Only good for comparing. */
  readonly start: string
}

/** Where a service is in its life. */
export type ServicePhase = 'waiting' | 'starting' | 'ready' | 'restarting' | 'failed' | 'stopping' | 'stopped'

/** An interface that a running service of ours uses, as the service itself says. */
export interface InterfaceUse {
  readonly kind: string
  readonly name: string
  /** The reference of the plugin that it comes from, when it is not core's own: `broker/nats`. */
  readonly plugin?: string
  /** The plugin's version or revision. */
  readonly version?: string
  readonly why?: string
  readonly address?: string
  /** A guarantee or a limit worth showing: `at-most-once`. */
  readonly note?: string
}

/** One row of `micro ps`. */
export interface ServiceState {
  readonly service: string
  /** `own`: a service of ours; `type`: one of the file's other services; `broker`: the embedded broker that the run itself starts. */
  readonly kind: 'own' | 'type' | 'broker'
  readonly type: string
  readonly state: ServicePhase
  readonly driver: 'node' | DriverName
  readonly version?: string
  /** Where the type is from, when that is not Micro itself: `github.com/alice/mailhog`, and `develop 3f2c1ab90d12` unless it is a folder. */
  readonly plugin?: { readonly key: string; readonly revision?: string }
  /** What a browser or curl can open. */
  readonly urls: readonly string[]
  readonly ports: Readonly<Record<string, number>>
  /** `host:port` of a service of ours. */
  readonly address?: string
  readonly pid?: number
  readonly start?: string
  /** How often it was started again. */
  readonly restarts: number
  /** Why this driver and version; why it waits, restarts or failed. */
  readonly why?: string
  readonly error?: ErrorData
  /** Milliseconds since 1970 UTC. */
  readonly readyAt?: number
  readonly uses: readonly InterfaceUse[]
  readonly endpoints: readonly string[]
  readonly topics: readonly string[]
  /** An input to try, for each endpoint whose schema gives one. */
  readonly samples: Readonly<Record<string, unknown>>
  /** What services that need it find in their environment. */
  readonly exports: Readonly<Record<string, string>>
  /** The interface that it provides to ours, and where. */
  readonly provides?: { readonly kind: string; readonly name: string; readonly address: string }
}

/** A run as its state file has it: `<runtime folder>/micro/<project id>.json`. */
export interface RunRecord {
  readonly format: 1
  readonly mode: 'up' | 'run'
  readonly projectId: string
  readonly project: string
  readonly folder: string
  readonly supervisor: ProcessIdentity
  readonly watchdog?: ProcessIdentity
  /** The value of `MICRO_RUN` in the environment of all its processes. */
  readonly marker: string
  readonly startedAt: number
  /** Whether all services have been ready. */
  readonly isReady: boolean
  readonly services: readonly ServiceState[]
  /** Files and folders that go when the run ends. */
  readonly temporary: readonly string[]
}
