import type { Kinds } from '../plugin/index.js'
import type { RpcClient } from '../rpc/index.js'
import { clientOf } from './client.js'
import type { ServiceContext } from './context.js'
import type { NamedService } from './definition.js'
import { documentBroker, documentStore } from './documents.js'
import { processLogger } from './log-process.js'
import { outgoing } from './outgoing.js'
import { createParts, type PartsRequest, type Use } from './parts.js'
import { serviceKinds } from './settings.js'

/** The implementations that a service stands on, and its way to other services. */
export type ServiceParts = Pick<Kinds, (typeof serviceKinds)[number]> & { readonly client: RpcClient }

/** A service's interfaces, connected, and the context that its handlers get. */
export interface Connected {
  readonly parts: ServiceParts
  readonly uses: readonly Use[]
  readonly context: ServiceContext
  close(): Promise<void>
}

/** Connects all interfaces of a service. */
export async function connect(service: NamedService, request: Omit<PartsRequest, 'name' | 'log'>): Promise<Connected> {
  const { clock, env } = request
  const { name, version } = service
  const log = service.log ?? processLogger(name, env, clock)
  const whole: PartsRequest = { ...request, name, log }
  const created = await createParts(serviceKinds, whole)
  const client = outgoing(created.parts, whole, name)
  const parts = { ...created.parts, client }
  const context: ServiceContext = {
    name,
    version,
    store: documentStore(parts.store, parts.codec),
    broker: documentBroker(parts.broker, parts.codec, name),
    config: parts.config,
    auth: parts.auth,
    log,
    clock,
    client: (callee) => clientOf(client.call, typeof callee === 'string' ? callee : callee.name),
  }
  const close = async () => {
    await client.close()
    await created.close()
  }
  return { parts, uses: created.uses, context, close }
}
