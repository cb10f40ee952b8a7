import type { Suite } from '../testing/index.js'
import { closing } from './conformance/closing.js'
import { connecting } from './conformance/connecting.js'
import { features } from './conformance/features.js'
import { frames } from './conformance/frames.js'
import type { Transport, TransportFeature } from './transport.js'

/** The contract of a transport as test cases. The subject must be able to listen at `127.0.0.1:0`. */
export const transportSuite: Suite<Transport, TransportFeature> = {
  kind: 'transport',
  features: ['concurrent', 'web', 'protocols'],
  cases: [...connecting, ...frames, ...closing, ...features],
}
