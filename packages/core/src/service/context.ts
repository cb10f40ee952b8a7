import type { Auth, Account } from '../auth/auth.js'
import type { Clock, Deadline } from '../base/index.js'
import type { Config } from '../config/config.js'
import type { Metadata } from '../rpc/index.js'
import type { ClientFactory } from './client.js'
import type { DocumentBroker, DocumentStore } from './documents.js'
import type { Logger } from './log.js'

/** What a running service has: the interfaces that were chosen for it. Nothing here says which implementation is behind one. */
export interface ServiceContext {
  readonly name: string
  readonly version: string
  readonly store: DocumentStore
  readonly broker: DocumentBroker
  readonly config: Config
  readonly auth: Auth
  readonly log: Logger
  readonly clock: Clock
  /** Calls other services: `client<typeof stock>('stock').Stock.Reserve({ item })`. Deadline and trace of the call in work go along. */
  readonly client: ClientFactory
}

/** What a handler has, besides: the call, or the message, that it works for. */
export interface HandlerContext extends ServiceContext {
  /** Metadata of the call, or the headers of the message; names in lower case. */
  readonly metadata: Metadata
  /** Who calls, where the service has an auth with accounts and the caller proved one. */
  readonly account: Account | undefined
  /** Until when the caller waits; undefined for a message. */
  readonly deadline: Deadline | undefined
  /** Aborts when the caller gives up, when the deadline passes, or when the service is stopped and waits no longer for what is in work. */
  readonly signal: AbortSignal
}
