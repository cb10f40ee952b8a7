import type { Call, CallOptions, Endpoint } from '../rpc/index.js'
import type { Message } from '../broker/broker.js'
import type { ServiceParts } from './connect.js'
import { clientOf } from './client.js'
import type { HandlerContext, ServiceContext } from './context.js'
import type { ServiceOptions, TopicDefinition } from './definition.js'
import { decodeMessage } from './documents.js'

/** A service's handlers, ready to be called by the server and by the broker. */
export interface Handlers {
  readonly endpoints: readonly Endpoint[]
  /** Decodes, checks and handles one message. */
  message(definition: TopicDefinition, topic: string, message: Message, signal: AbortSignal): Promise<void>
}

/** Joins what the service declares with what it runs on. */
export function handlersOf(options: ServiceOptions, context: ServiceContext, parts: ServiceParts): Handlers {
  return {
    endpoints: Object.entries(options.endpoints ?? {}).map(([name, definition]) => ({
      name,
      input: definition.input,
      output: definition.output,
      handle: (input, call) => definition.handle(input as never, forCall(context, parts, call)),
    })),
    async message(definition, topic, message, signal) {
      const input = await decodeMessage(message.body, topic, parts.codec, definition.input)
      await definition.handle(input as never, forMessage(context, message, signal))
    },
  }
}

// Made once a call, so it copies nothing: the service's context is its prototype, and what costs something is made when it is read.
function forCall(context: ServiceContext, parts: ServiceParts, call: Call): HandlerContext {
  const own = {
    __proto__: context,
    get metadata() {
      return call.metadata
    },
    get account() {
      return call.account
    },
    deadline: call.deadline,
    get signal() {
      return call.signal
    },
    client: (service: { readonly name: string } | string) =>
      clientOf(
        (name, endpoint, input, options = {}) => parts.client.call(name, endpoint, input, forwarded(call, options)),
        typeof service === 'string' ? service : service.name,
      ),
  }
  return own as unknown as HandlerContext
}

/** How a call is made for another one: within its time, given up with it, in its trace. */
function forwarded(call: Call, options: CallOptions): CallOptions {
  return {
    ...options,
    deadline: call.deadline,
    signal: options.signal === undefined ? call.signal : AbortSignal.any([call.signal, options.signal]),
    metadata: { ...traceOf(call), ...options.metadata },
  }
}

/** The metadata that goes along from a call to the calls made for it: the trace, and nothing that says who calls. */
function traceOf(call: Call): Record<string, string> {
  const passedOn = ['traceparent', 'tracestate'] as const
  return Object.fromEntries(passedOn.flatMap((name) => (call.metadata[name] === undefined ? [] : [[name, call.metadata[name]]])))
}

function forMessage(context: ServiceContext, message: Message, signal: AbortSignal): HandlerContext {
  const own = {
    __proto__: context,
    get metadata() {
      return Object.fromEntries(Object.entries(message.header).map(([name, value]) => [name.toLowerCase(), value]))
    },
    account: undefined,
    deadline: undefined,
    signal,
  }
  return own as unknown as HandlerContext
}
