import type { MicroError } from '../base/index.js'
import { serve, type RpcServer } from '../rpc/index.js'
import { authorize } from './authorize.js'
import type { ServiceParts } from './connect.js'
import type { ServiceContext } from './context.js'
import type { NamedService } from './definition.js'
import { serviceErrors } from './errors.js'
import type { Handlers } from './handlers.js'
import type { Settings } from './settings.js'

/** What {@link listenTo} needs to know. */
export interface ListenRequest {
  readonly service: NamedService
  readonly settings: Settings
  readonly parts: ServiceParts
  readonly handlers: Handlers
  readonly context: ServiceContext
  readonly ready: () => boolean
}

/** Opens the service's port. Refuses one that others can reach while everyone would be let in. */
export async function listenTo({ service, settings, parts, handlers, context, ready }: ListenRequest): Promise<RpcServer> {
  const { auth, transport, codec } = parts
  const { serverAddress, insecure } = settings
  const letsEveryoneIn = !auth.features.has('rules')
  if (letsEveryoneIn && !insecure && !isLoopback(serverAddress)) throw serviceErrors.publicWithoutAuth(serverAddress, auth.name)
  const own = service.interceptors ?? []
  return serve({
    service: service.name,
    version: service.version,
    endpoints: handlers.endpoints,
    transport,
    address: serverAddress,
    codecs: [codec],
    interceptors: letsEveryoneIn ? own : [authorize(auth), ...own],
    clock: context.clock,
    ready,
    pages: settings.serverPages,
    onError: (error, call) => context.log.error({ err: foundFault(error), endpoint: call.endpoint }, `${call.endpoint} failed`),
  })
}

// The server wraps what a handler threw into an error that keeps its text from the caller; the log wants what was thrown.
function foundFault(error: MicroError): unknown {
  return error.reason === 'INTERNAL' ? (error.cause ?? error) : error
}

// An address without a host, `:8080`, is every address.
function isLoopback(address: string): boolean {
  const host = address.replace(/:\d*$/, '').replace(/^\[|\]$/g, '')
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host)
}
