/** Two generations of the official client, by what they have in common. */
import { Svcm } from '@nats-io/services'
import * as current from '@nats-io/transport-node'
import * as older from 'nats'

/** What both say of a message. */
export interface Msg {
  readonly subject: string
  readonly reply?: string | undefined
  readonly data: Uint8Array
  readonly headers?: Headers | undefined
  string(): string
  respond(data?: Uint8Array | string, options?: { headers?: Headers }): boolean
}

/** NATS headers, as both have them. */
export interface Headers extends Iterable<[string, string[]]> {
  readonly code: number
  readonly description: string
  append(name: string, value: string): void
  set(name: string, value: string): void
  get(name: string): string
  values(name: string): readonly string[]
}

/** A subscription of both. */
export interface Sub extends AsyncIterable<Msg> {
  unsubscribe(max?: number): void
  drain(): Promise<void>
  getReceived(): number
  readonly closed: Promise<unknown>
}

interface PublishOptions {
  reply?: string
  headers?: Headers
}

/** A connection of both. */
export interface Connection {
  readonly info?: Readonly<Record<string, unknown>>
  publish(subject: string, data?: Uint8Array | string, options?: PublishOptions): void
  subscribe(subject: string, options?: { queue?: string; max?: number; callback?: (error: Error | null, message: Msg) => void }): Sub
  request(
    subject: string,
    data?: Uint8Array | string,
    options?: { timeout: number; noMux?: boolean; headers?: Headers; reply?: string },
  ): Promise<Msg>
  requestMany(
    subject: string,
    data: string,
    options: { maxMessages: number; maxWait: number; strategy: string },
  ): Promise<AsyncIterable<Msg>>
  flush(): Promise<void>
  rtt(): Promise<number>
  drain(): Promise<void>
  close(): Promise<void>
  closed(): Promise<Error | undefined>
  isClosed(): boolean
  status(): AsyncIterable<{ type: string; data?: unknown; error?: Error }>
}

/** What a service's endpoint is called with. */
export interface ServiceMsg extends Msg {
  respondError(code: number, description: string, data?: string): boolean
}

/** The services of both. */
export interface Services {
  add(config: { name: string; version: string; description?: string; queue?: string }): Promise<Service>
  client(): {
    ping(name?: string): Promise<AsyncIterable<Readonly<Record<string, unknown>>>>
    info(name?: string): Promise<AsyncIterable<Readonly<Record<string, unknown>>>>
    stats(name?: string): Promise<AsyncIterable<{ endpoints?: readonly Readonly<Record<string, unknown>>[] }>>
  }
}

interface Service {
  addGroup(name: string): Service
  addEndpoint(name: string, handler: (error: Error | null, message: ServiceMsg) => void): unknown
  stop(): Promise<unknown>
}

/** One generation. */
export interface Client {
  readonly name: string
  connect(options: Readonly<Record<string, unknown>>): Promise<Connection>
  headers(): Headers
  services(connection: Connection): Services
}

// Their types differ in names that the scenarios do not use.
export const clients: readonly Client[] = [
  {
    name: '@nats-io/transport-node',
    connect: (options) => current.connect(options) as unknown as Promise<Connection>,
    headers: () => current.headers(),
    services: (connection) => new Svcm(connection as never) as unknown as Services,
  },
  {
    name: 'nats',
    connect: (options) => older.connect(options) as unknown as Promise<Connection>,
    headers: () => older.headers(),
    services: (connection) => (connection as unknown as older.NatsConnection).services as unknown as Services,
  },
]
