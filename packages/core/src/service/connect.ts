import { processLogger } from './log-process.js'
import { clientOf } from './client.js'
import type { ServiceContext } from './context.js'
import type { ServiceOptions } from './definition.js'
import { documentBroker, documentStore } from './documents.js'
import { createParts, type Parts, type PartsRequest, type Use } from './parts.js'
import { serviceKinds } from './settings.js'

/** The implementations that a service stands on. */
export type ServiceParts = Parts<(typeof serviceKinds)[number]>['parts']

/** A service's interfaces, connected, and the context that its handlers get. */
export interface Connected {
  readonly parts: ServiceParts
  readonly uses: readonly Use[]
  readonly context: ServiceContext
  close(): Promise<void>
}

/** Connects all interfaces of a service. */
export async function connect(options: ServiceOptions, request: Omit<PartsRequest, 'name' | 'log'>): Promise<Connected> {
  const { clock, env } = request
  const log = options.log ?? processLogger(options.name, env, clock)
  const { parts, uses, close } = await createParts(serviceKinds, { ...request, name: options.name, log })
  const context: ServiceContext = {
    name: options.name,
    version: options.version ?? 'latest',
    store: documentStore(parts.store, parts.codec),
    broker: documentBroker(parts.broker, parts.codec, options.name),
    config: parts.config,
    auth: parts.auth,
    log,
    clock,
    client: (service) => clientOf(parts.client.call, typeof service === 'string' ? service : service.name),
  }
  return { parts, uses, context, close }
}
