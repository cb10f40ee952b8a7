import type { Suite } from '../testing/suite.js'
import type { Broker, BrokerFeature } from './broker.js'
import { deliveryCases } from './conformance/delivery.js'
import { featureCases } from './conformance/features.js'
import { lifecycleCases } from './conformance/lifecycle.js'
import { refusalCases } from './conformance/refusals.js'

/** What every broker does. `peer` is a second connection to the same one. */
export const brokerSuite: Suite<Broker, BrokerFeature> = {
  kind: 'broker',
  features: ['durable', 'ack', 'wildcards'],
  cases: [...deliveryCases, ...lifecycleCases, ...refusalCases, ...featureCases],
}
