import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryAuth } from '../auth/index.js'
import { testApp } from '../testing/index.js'
import { endpoint } from './definition.js'
import { createService } from './service.js'

const service = createService({
  name: 'orders',
  endpoints: {
    'Orders.Who': endpoint({}, (_input, { account }) => account?.id ?? 'nobody'),
    'Orders.Open': endpoint({}, (_input, { account }) => account?.id ?? 'nobody'),
  },
})

async function guarded() {
  const auth = memoryAuth()
  const app = await testApp(service, { use: { auth } })
  const { secret } = await auth.generate('ada', { scopes: ['orders'] })
  const { accessToken } = await auth.token({ id: 'ada', secret })
  await auth.grant({
    id: 'members',
    scope: 'orders',
    resource: { type: 'service', name: 'orders', endpoint: 'Orders.Who' },
    access: 'granted',
  })
  await auth.grant({ id: 'all', scope: '', resource: { type: 'service', name: 'orders', endpoint: 'Orders.Open' }, access: 'granted' })
  const orders = app.client(service).Orders
  const bearing = (token: string) => ({ metadata: { authorization: `Bearer ${token}` } })
  const close = async () => {
    await app.close()
    await auth.close()
  }
  return { auth, orders, accessToken, bearing, close }
}

test('authorize() lets an account through that a rule allows, and tells the handler who it is', async () => {
  const { orders, accessToken, bearing, close } = await guarded()

  assert.equal(await orders.Who(undefined, bearing(accessToken)), 'ada')
  assert.equal(await orders.Who(undefined, { metadata: { Authorization: `bearer ${accessToken}` } }), 'ada')
  await close()
})

test('authorize() lets nobody in without a token, but where everyone may', async () => {
  const { orders, close } = await guarded()

  await assert.rejects(orders.Who(), { code: 'unauthenticated', reason: 'ACCOUNT_REQUIRED' })
  assert.equal(await orders.Open(), 'nobody')
  await close()
})

test('authorize() refuses a token that is not good, also where everyone may', async () => {
  const { orders, bearing, close } = await guarded()

  await assert.rejects(orders.Who(undefined, bearing('made-up')), { code: 'unauthenticated', reason: 'TOKEN_INVALID' })
  await assert.rejects(orders.Open(undefined, bearing('made-up')), { code: 'unauthenticated', reason: 'TOKEN_INVALID' })
  await close()
})

test('authorize() denies an account that no rule allows, and believes nothing else that it says', async () => {
  const { auth, orders, bearing, close } = await guarded()
  const { secret } = await auth.generate('bob', { scopes: ['reports'] })
  const { accessToken } = await auth.token({ id: 'bob', secret })
  const metadata = { ...bearing(accessToken).metadata, account: 'ada', 'micro-from-service': 'orders', 'x-account': 'ada' }

  await assert.rejects(orders.Who(undefined, { metadata }), { code: 'permission_denied', reason: 'ACCESS_DENIED' })
  await close()
})
