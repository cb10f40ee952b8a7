import assert from 'node:assert/strict'
import { memoryAuth, noopAuth } from '@microts/core/auth'

const auth = memoryAuth()
const { account, secret } = await auth.generate('ada', { scopes: ['orders'] })
await auth.grant({ id: 'orders', scope: 'orders', resource: { type: 'service', name: 'orders', endpoint: '*' }, access: 'granted' })

const { accessToken } = await auth.token({ id: 'ada', secret })
assert.deepEqual(await auth.inspect(accessToken), account)

await auth.verify(account, { type: 'service', name: 'orders', endpoint: 'Orders.Place' })
// No rule that fits is a denial.
await assert.rejects(auth.verify(account, { type: 'service', name: 'stock', endpoint: 'Stock.Reserve' }), { reason: 'ACCESS_DENIED' })
await assert.rejects(auth.verify(undefined, { type: 'service', name: 'orders', endpoint: 'Orders.Place' }), { reason: 'ACCOUNT_REQUIRED' })
await assert.rejects(auth.token({ id: 'ada', secret: 'a guess' }), { code: 'unauthenticated' })
await auth.close()

// The default lets everyone do everything, and says so: it has no rules, and refuses to take one.
const nobody = noopAuth()
await nobody.verify(undefined, { type: 'service', name: 'orders', endpoint: 'Orders.Place' })
assert.equal(nobody.features.has('rules'), false)
