import type { Suite } from '../testing/index.js'
import { endingCases } from './conformance/endings.js'
import { featureCases } from './conformance/features.js'
import { listingCases } from './conformance/listing.js'
import { recordCases } from './conformance/records.js'
import { expiryWatchCases, watchCases } from './conformance/watching.js'
import type { Store, StoreFeature } from './store.js'

/** What every store does, case by case. Its `create` gives a store whose tables are all empty. */
export const storeSuite: Suite<Store, StoreFeature> = {
  kind: 'store',
  features: ['ttl', 'watch', 'durable', 'metadata'],
  cases: [...recordCases, ...listingCases, ...featureCases, ...watchCases, ...expiryWatchCases, ...endingCases],
}
