import { serve, type RpcServer } from '../rpc/index.js'
import { authorize } from './authorize.js'
import type { ServiceParts } from './connect.js'
import type { ServiceContext } from './context.js'
import type { ServiceOptions } from './definition.js'
import { serviceErrors } from './errors.js'
import type { Handlers } from './handlers.js'
import type { Settings } from './settings.js'

/** What {@link listenTo} needs to know. */
export interface ListenRequest {
  readonly options: ServiceOptions
  readonly settings: Settings
  readonly parts: ServiceParts
  readonly handlers: Handlers
  readonly context: ServiceContext
  readonly ready: () => boolean
}

/** Opens the service's port. Refuses one that others can reach while everyone would be let in. */
export function listenTo({ options, settings, parts, handlers, context, ready }: ListenRequest): Promise<RpcServer> {
  const letsEveryoneIn = !parts.auth.features.has('rules')
  if (letsEveryoneIn && !settings.insecure && !isLoopback(settings.serverAddress))
    throw serviceErrors.publicWithoutAuth(settings.serverAddress)
  return serve({
    service: options.name,
    version: options.version ?? 'latest',
    endpoints: handlers.endpoints,
    transport: parts.transport,
    address: settings.serverAddress,
    codecs: [parts.codec],
    interceptors: letsEveryoneIn ? (options.interceptors ?? []) : [authorize(parts.auth), ...(options.interceptors ?? [])],
    clock: context.clock,
    ready,
    onError: (error, call) => context.log.error({ err: error.cause ?? error, endpoint: call.endpoint }, `${call.endpoint} failed`),
  })
}

function isLoopback(address: string): boolean {
  const host = address.slice(0, address.lastIndexOf(':')).replace(/^\[|\]$/g, '')
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host)
}
