import type { RpcClient, CallOptions } from '../rpc/index.js'
import type { EndpointDefinition } from './definition.js'
import type { Service } from './service.js'

type HandlerOf<Name> = Name extends `${infer Handler}.${string}` ? Handler : never
type MethodOf<Name, Handler extends string> = Name extends `${Handler}.${infer Method}` ? Method : never
type CallOf<D> = D extends EndpointDefinition<infer Input, infer Output> ? CallWith<Input, Output> : never
// What takes anything, or nothing, is called without an argument as well.
type CallWith<Input, Output> = undefined extends Input
  ? (input?: Input, options?: CallOptions) => Promise<Output>
  : (input: Input, options?: CallOptions) => Promise<Output>

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
export type ClientFactory = <S extends Service>(service: S | string) => ClientOf<S>

/** A client whose methods are looked up by name: nothing is generated. `call` does one call. */
export function clientOf<S>(call: RpcClient['call'], service: string): ClientOf<S> {
  const handlerOf = (handler: string) =>
    byName((method) => (input: unknown, options?: CallOptions) => call(service, `${handler}.${method}`, input, options))
  return byName(handlerOf) as ClientOf<S>
}

/** An object that has what `make` gives for every name, made when it is first read. */
function byName(make: (name: string) => unknown): object {
  const made = new Map<string, unknown>()
  return new Proxy(Object.freeze({}), {
    get(_target, name) {
      // Whoever looks for these two takes the client for a promise, or for something that knows its own JSON.
      if (typeof name !== 'string' || name === 'then' || name === 'toJSON') return undefined
      if (!made.has(name)) made.set(name, make(name))
      return made.get(name)
    },
  })
}
