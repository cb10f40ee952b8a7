import { systemClock } from '../../base/index.js'
import { parseAddresses } from '../address.js'
import type { NatsClient } from '../nats.js'
import type { NatsClientOptions } from './client-options.js'
import { remoteClient } from './remote-client.js'
import { requestSlots } from './request-slots.js'
import { serverPool } from './server-pool.js'

/**
 * Connects to a NATS server.
 *
 * @throws `unavailable`/`NATS_UNREACHABLE` when none of the servers answers, `unauthenticated`/`NATS_AUTHORIZATION`, `failed_precondition`/`NATS_TLS`,
 * `invalid_argument`/`ADDRESS_INVALID`
 */
export async function natsClient(options: NatsClientOptions): Promise<NatsClient> {
  const { clock = systemClock, random = Math.random } = options
  return remoteClient(serverPool(parseAddresses(options.servers), random), requestSlots(clock, random), options)
}
