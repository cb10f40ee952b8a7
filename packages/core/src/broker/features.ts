import { baseErrors } from '../base/index.js'
import type { BrokerFeature } from './broker.js'

/**
 * Refuses options that need a feature which the broker does not claim: they are never ignored.
 *
 * @throws `unimplemented`/`FEATURE_NOT_SUPPORTED`
 */
export function refuseUnclaimed(
  broker: { readonly name: string; readonly features: ReadonlySet<BrokerFeature> },
  wanted: { readonly durable?: boolean | undefined; readonly manualAck?: boolean | undefined },
): void {
  if (wanted.durable === true && !broker.features.has('durable')) throw baseErrors.unimplemented(broker.name, 'durable')
  if (wanted.manualAck === true && !broker.features.has('ack')) throw baseErrors.unimplemented(broker.name, 'ack')
}
