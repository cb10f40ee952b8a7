import type { Auth } from '../auth/auth.js'
import type { Broker } from '../broker/broker.js'
import type { Codec } from '../codec/codec.js'
import type { Config } from '../config/config.js'
import type { Registry } from '../registry/registry.js'
import type { Selector } from '../selector/selector.js'
import type { Store } from '../store/store.js'
import type { Transport } from '../transport/transport.js'

/** What each kind of plugin gives. A third party adds a kind by declaration merging. */
export interface Kinds {
  auth: Auth
  broker: Broker
  codec: Codec
  config: Config
  registry: Registry
  selector: Selector
  store: Store
  transport: Transport
}

/** The name of an interface that can be plugged. */
export type Kind = keyof Kinds
