import { type Call, type CallOptions, type Endpoint } from '../rpc/index.js'
import type { Message } from '../broker/broker.js'
import type { ServiceParts } from './connect.js'
import { clientOf } from './client.js'
import type { HandlerContext, ServiceContext } from './context.js'
import type { ServiceOptions, TopicDefinition } from './definition.js'
import { decodeMessage } from './documents.js'

/** A service's handlers, ready to be called by the server and by the broker. */
export interface Handlers {
  readonly endpoints: readonly Endpoint[]
  /** Decodes, checks and handles one message. `signal` aborts when the service stops. */
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
  const own: Omit<HandlerContext, keyof ServiceContext> & Pick<ServiceContext, 'client'> = {
    metadata: call.metadata,
    account: call.account,
    deadline: call.deadline,
    get signal() {
      return call.signal
    },
    client: (service) => {
      const through = (name: string, endpoint: string, input: unknown, callOptions: CallOptions = {}) =>
        parts.client.call(name, endpoint, input, {
          deadline: call.deadline,
          signal: call.signal,
          ...callOptions,
          metadata: { ...traceOf(call), ...callOptions.metadata },
        })
      return clientOf(through, typeof service === 'string' ? service : service.name)
    },
  }
  return Object.create(context, Object.getOwnPropertyDescriptors(own)) as HandlerContext
}

function forMessage(context: ServiceContext, message: Message, signal: AbortSignal): HandlerContext {
  const metadata = Object.fromEntries(Object.entries(message.header).map(([name, value]) => [name.toLowerCase(), value]))
  const own = { metadata, account: undefined, deadline: undefined, signal }
  return Object.create(context, Object.getOwnPropertyDescriptors(own)) as HandlerContext
}

/** The metadata that goes along from a call to the calls made for it: the trace, and nothing that says who calls. */
function traceOf(call: Call): Record<string, string> {
  const passedOn = ['traceparent', 'tracestate'] as const
  return Object.fromEntries(passedOn.flatMap((name) => (call.metadata[name] === undefined ? [] : [[name, call.metadata[name]]])))
}
