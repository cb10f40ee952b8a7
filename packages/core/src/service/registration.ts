import type { Cancel } from '../base/index.js'
import type { RpcServer } from '../rpc/index.js'
import type { ServiceRecord } from '../registry/registry.js'
import { advertisedAddress } from './advertise.js'
import type { ServiceParts } from './connect.js'
import type { ServiceContext } from './context.js'
import type { NamedService } from './definition.js'
import type { ProjectIdentity } from './project.js'
import { serviceRecord } from './record.js'
import type { Settings } from './settings.js'
import { within } from './within.js'

/** What {@link register} needs to know. */
export interface RegistrationRequest {
  readonly service: NamedService
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
  /**
   * Takes the node out, and renews it no longer. A registry that cannot be reached, or does not answer within 5 s, is logged: the lease ends by itself.
   * Twice is once.
   */
  end(): Promise<void>
}

const endMs = 5000

/** Registers the node, and renews its lease until the end. A renewal that fails is logged and tried again at the next turn. */
export async function register(request: RegistrationRequest): Promise<Registration> {
  const { settings, parts, context } = request
  const record = recordOf(request)
  const lease = parts.registry.features.has('ttl') && settings.registerTtlMs > 0 ? { ttlMs: settings.registerTtlMs } : {}

  await parts.registry.register(record, lease)
  const renewal = renewing(settings.registerIntervalMs, () => parts.registry.register(record, lease), context)

  const end = async () => {
    try {
      const isDone = await within(
        endMs,
        renewal.stop().then(() => parts.registry.deregister(record)),
        context.clock,
      )
      if (!isDone) context.log.warn({ waitedMs: endMs }, 'the registry does not answer; the lease of this node ends by itself')
    } catch (error) {
      context.log.warn({ err: error }, 'could not leave the registry; the lease of this node ends by itself')
    }
  }
  let ending: Promise<void> | undefined
  return { node: (record.nodes[0] as { readonly id: string }).id, end: () => (ending ??= end()) }
}

/** Does `renew` every `intervalMs` (0: never), counted from the end of the last one. `stop` waits for one that is under way, which would undo what follows. */
function renewing(intervalMs: number, renew: () => Promise<void>, { clock, log }: ServiceContext): { stop(): Promise<void> } {
  let cancel: Cancel = () => {}
  let underWay: Promise<void> = Promise.resolve()
  let isStopped = false

  const schedule = () => {
    if (!isStopped && intervalMs > 0) cancel = clock.after(intervalMs, () => void (underWay = once()))
  }
  const once = async () => {
    try {
      await renew()
    } catch (error) {
      log.warn({ err: error }, 'could not renew the registration; it is tried again')
    }
    schedule()
  }
  schedule()
  return {
    stop() {
      isStopped = true
      cancel()
      return underWay
    },
  }
}

function recordOf({ service, settings, parts, project, server }: RegistrationRequest): ServiceRecord {
  return serviceRecord(service, {
    id: `${service.name}-${settings.serverId ?? crypto.randomUUID()}`,
    address: advertisedAddress(settings.advertise, server.address),
    metadata: {
      ...settings.metadata,
      // Go's clients take a node without `protocol` for a legacy one, and frame their calls differently.
      protocol: 'mucp',
      server: 'mucp',
      transport: parts.transport.name,
      broker: parts.broker.name,
      registry: parts.registry.name,
      project: project.id,
    },
  })
}
