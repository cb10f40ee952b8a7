import type { SchemaInput, SchemaOutput, StandardSchemaV1 } from '../base/index.js'
import type { Interceptor } from '../rpc/index.js'
import type { HandlerContext, ServiceContext } from './context.js'
import type { Logger } from './log.js'

/** An endpoint as a service declares it. Made by {@link endpoint}. */
export interface EndpointDefinition<Input = unknown, Output = unknown> {
  readonly input: StandardSchemaV1 | undefined
  readonly output: StandardSchemaV1 | undefined
  readonly handle: (input: never, context: HandlerContext) => unknown
  /** Types only; never there at run time. */
  readonly types?: { readonly input: Input; readonly output: Output }
}

/** A subscription as a service declares it. Made by {@link topic}. */
export interface TopicDefinition {
  readonly input: StandardSchemaV1 | undefined
  readonly queue: string | false | undefined
  readonly concurrency: number | undefined
  readonly durable: boolean | undefined
  readonly handle: (message: never, context: HandlerContext) => unknown
}

/** The schemas of an endpoint; each may be left out, and is then not checked. */
export interface EndpointSchemas<Input, Output> {
  /** Any Standard Schema: zod, valibot, arktype. The handler gets what it gives: defaults filled in, unknown keys stripped. */
  readonly input?: Input
  /** What the handler returns must fit, before it leaves. */
  readonly output?: Output
}

/**
 * Something that others call.
 *
 * `handle` gets the checked input and returns the reply, or a promise of it. It may throw a MicroError, which arrives at the caller with its code, reason and
 * hint; anything else that it throws arrives as `internal`, without its text.
 */
export function endpoint<
  Input extends StandardSchemaV1 | undefined = undefined,
  Output extends StandardSchemaV1 | undefined = undefined,
  Result = unknown,
>(
  schemas: EndpointSchemas<Input, Output>,
  handle: (
    input: Input extends StandardSchemaV1 ? SchemaOutput<Input> : unknown,
    context: HandlerContext,
  ) => Output extends StandardSchemaV1 ? SchemaInput<Output> | Promise<SchemaInput<Output>> : Result,
): EndpointDefinition<
  Input extends StandardSchemaV1 ? SchemaInput<Input> : unknown,
  Output extends StandardSchemaV1 ? SchemaOutput<Output> : Awaited<Result>
> {
  return { input: schemas.input, output: schemas.output, handle }
}

/** How a topic is listened to. */
export interface TopicOptions<Input> {
  /** Any Standard Schema for the message. One that does not fit is reported to the log and not handled. */
  readonly input?: Input
  /** Copies with the same queue group share the messages. `false`: each copy gets each message. @default the service's name */
  readonly queue?: string | false
  /** Messages in work at once. @default 1 */
  readonly concurrency?: number
  /** The subscription outlives the service's absence; the broker must be able to. @default false */
  readonly durable?: boolean
}

/** A subscription: `handle` gets each message, decoded and checked. What it throws is logged, and, where the broker redelivers, the message comes again. */
export function topic<Input extends StandardSchemaV1 | undefined = undefined>(
  options: TopicOptions<Input>,
  handle: (message: Input extends StandardSchemaV1 ? SchemaOutput<Input> : unknown, context: HandlerContext) => void | Promise<void>,
): TopicDefinition {
  const { input, queue, concurrency, durable } = options
  return { input, queue, concurrency, durable, handle }
}

/** Endpoints by name: `Handler.Method`, each part of `A-Z a-z 0-9 _` beginning with a letter. */
export type Endpoints = Readonly<Record<string, EndpointDefinition>>

/** What a service is. */
export interface ServiceOptions<E extends Endpoints = Endpoints> {
  /** The name that others call it by: at most 63 of `a-z 0-9 -` beginning with a letter, perhaps in several parts with `.` between them. */
  readonly name: string
  /** @default "latest", as in Go */
  readonly version?: string
  readonly endpoints?: E
  /** Subscriptions by topic. */
  readonly topics?: Readonly<Record<string, TopicDefinition>>
  /** Shown in the registry. */
  readonly metadata?: Readonly<Record<string, string>>
  /** Around each call of an endpoint, the first one outermost. */
  readonly interceptors?: readonly Interceptor[]
  /** Runs once everything is connected, before the service says that it is ready, takes messages and is registered. What it throws stops the start. */
  readonly ready?: (context: ServiceContext) => void | Promise<void>
  /** Runs when the last call is done, before the plugins are closed; also when the start fails after `ready`. */
  readonly stop?: (context: ServiceContext) => void | Promise<void>
  /** A pino instance, or anything of its shape. @default JSON lines on standard output, from LOG_LEVEL (info) up */
  readonly log?: Logger
}

/** A definition with the name and version that it runs under. */
export interface NamedService extends ServiceOptions {
  readonly version: string
}
