import { randomUUID } from 'node:crypto'
import { networkInterfaces } from 'node:os'
import type { Cancel } from '../base/index.js'
import type { RpcServer } from '../rpc/index.js'
import type { ServiceParts } from './connect.js'
import type { ServiceContext } from './context.js'
import type { ServiceOptions } from './definition.js'
import type { ProjectIdentity } from './project.js'
import { serviceRecord } from './record.js'
import type { Settings } from './settings.js'

/** What {@link registration} needs to know. */
export interface RegistrationRequest {
  readonly options: ServiceOptions
  readonly settings: Settings
  readonly parts: ServiceParts
  readonly project: ProjectIdentity
  readonly server: RpcServer
  readonly context: ServiceContext
}

/** A node that is in the registry, and kept there. */
export interface Registration {
  /** `<service>-<uuid>` */
  readonly node: string
  /** Takes the node out, and renews it no longer. A registry that cannot be reached is logged: the lease ends by itself. */
  end(): Promise<void>
}

/** Registers the node, and renews its lease until the end. A renewal that fails is logged and tried again at the next turn. */
export async function registration(request: RegistrationRequest): Promise<Registration> {
  const { options, settings, parts, context } = request
  const node = settings.nodeId ?? `${options.name}-${randomUUID()}`
  const record = serviceRecord(options, {
    id: node,
    address: settings.advertise ?? reachable(request.server.address),
    metadata: nodeMetadata(request),
  })
  const lease = parts.registry.features.has('ttl') ? { ttlMs: settings.registerTtlMs } : {}
  let cancel: Cancel = () => {}
  let ended = false

  const renew = () => {
    cancel = context.clock.after(
      settings.registerIntervalMs,
      () =>
        void parts.registry
          .register(record, lease)
          .catch((error: unknown) => context.log.warn({ err: error }, 'could not renew the registration'))
          .finally(() => ended || renew()),
    )
  }
  await parts.registry.register(record, lease)
  renew()
  return {
    node,
    async end() {
      ended = true
      cancel()
      await parts.registry
        .deregister(record)
        .catch((error: unknown) => context.log.warn({ err: error }, 'could not leave the registry; the lease ends by itself'))
    },
  }
}

// Go's clients take a node without `protocol` for a legacy one, and frame their calls differently.
function nodeMetadata({ settings, parts, project }: RegistrationRequest): Record<string, string> {
  return {
    ...settings.metadata,
    protocol: 'mucp',
    server: 'mucp',
    transport: parts.transport.name,
    broker: parts.broker.name,
    registry: parts.registry.name,
    project: project.id,
  }
}

// A node that listens everywhere is told to others by an address that they can use: the first one that is not loopback.
function reachable(address: string): string {
  const anywhere = /^(?:0\.0\.0\.0|\[?::\]?):(\d+)$/.exec(address)
  if (anywhere === null) return address
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  const outside = own.find((one) => !one.internal && one.family === 'IPv4')
  return `${outside?.address ?? '127.0.0.1'}:${anywhere[1]}`
}
