import type { Suite } from '../testing/suite.js'
import { basics } from './conformance/basics.js'
import { leases } from './conformance/leases.js'
import { refusals } from './conformance/refusals.js'
import { sharing } from './conformance/sharing.js'
import { watches } from './conformance/watches.js'
import type { Registry, RegistryFeature } from './registry.js'

/** The registry contract as test cases. Nodes listen on loopback addresses, and nothing connects to them. */
export const registrySuite: Suite<Registry, RegistryFeature> = {
  kind: 'registry',
  features: ['ttl', 'shared'],
  cases: [...basics, ...watches, ...leases, ...sharing, ...refusals],
}
