import type { Kinds } from '../plugin/index.js'
import { rpcClient, type RpcClient } from '../rpc/index.js'
import type { PartsRequest } from './parts.js'

/** The interfaces that a call to another service goes through. */
export const clientKinds = ['codec', 'registry', 'selector', 'transport'] as const

/** Calls services of the project through `parts`. Its `close()` leaves these open. */
export function outgoing(parts: Pick<Kinds, (typeof clientKinds)[number]>, request: PartsRequest, from?: string): RpcClient {
  const { registry, selector, transport, codec } = parts
  const { clock, random, settings, project } = request
  return rpcClient({
    registry,
    selector,
    transport,
    codec,
    clock,
    random,
    timeoutMs: settings.requestTimeoutMs,
    get project() {
      return project.id
    },
    ...(from === undefined ? {} : { from }),
  })
}
