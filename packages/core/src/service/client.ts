import type { RpcClient, CallOptions } from '../rpc/index.js'
import type { EndpointDefinition, Endpoints } from './definition.js'
import type { Service } from './service.js'

type HandlerOf<Name> = Name extends `${infer Handler}.${string}` ? Handler : never
type MethodOf<Name, Handler extends string> = Name extends `${Handler}.${infer Method}` ? Method : never
type CallOf<D> = D extends EndpointDefinition<infer Input, infer Output> ? (input: Input, options?: CallOptions) => Promise<Output> : never

/** The endpoints of a service as methods: `client.Orders.Place(input)`. */
export type ClientOf<S> =
  S extends Service<infer E>
    ? {
        readonly [Handler in HandlerOf<keyof E>]: {
          readonly [Method in MethodOf<keyof E, Handler>]: CallOf<E[`${Handler}.${Method}` & keyof E]>
        }
      }
    : never

/** Makes a client of a service: of the service itself (its types and its name), or of its name, with its type in angle brackets. */
export type ClientFactory = <S extends Service<Endpoints>>(service: S | string) => ClientOf<S>

/** A client whose methods are looked up by name: nothing is generated. `call` does one call. */
export function clientOf<S>(call: RpcClient['call'], service: string): ClientOf<S> {
  const handlers = new Map<string, unknown>()
  return new Proxy({} as object, {
    get(_target, handler) {
      // A promise looks for `then`; a client that had one would be taken for a promise.
      if (typeof handler !== 'string' || handler === 'then') return undefined
      const known = handlers.get(handler) ?? handlerOf(call, service, handler)
      handlers.set(handler, known)
      return known
    },
  }) as ClientOf<S>
}

function handlerOf(call: RpcClient['call'], service: string, handler: string): unknown {
  const methods = new Map<string, unknown>()
  return new Proxy({} as object, {
    get(_target, method) {
      if (typeof method !== 'string' || method === 'then') return undefined
      const known =
        methods.get(method) ?? ((input: unknown, options?: CallOptions) => call(service, `${handler}.${method}`, input, options))
      methods.set(method, known)
      return known
    },
  })
}
