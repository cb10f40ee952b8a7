import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { conformance, testClock, type TestClock } from '../testing/index.js'
import type { Auth } from './auth.js'
import { authSuite } from './conformance.js'
import { memoryAuth } from './memory.js'

// As cheap as scrypt can be: what the tests are about does not depend on it.
const scryptCost = 2
const hourMs = 3_600_000
const dayMs = 86_400_000
const clocks = new WeakMap<Auth, TestClock>()

function create(): Auth {
  const clock = testClock()
  const auth = memoryAuth({ clock, scryptCost })
  clocks.set(auth, clock)
  return auth
}

conformance(test, authSuite, { create, advance: async (ms, auth) => clocks.get(auth)?.advance(ms) })

async function loggedIn(clock = testClock()) {
  const auth = memoryAuth({ clock, scryptCost })
  const { secret } = await auth.generate('ann')
  const token = await auth.token({ id: 'ann', secret })
  return { clock, auth, secret, token }
}

const tokenInvalid = { code: 'unauthenticated', reason: 'TOKEN_INVALID' }
const credentialsInvalid = { code: 'unauthenticated', reason: 'CREDENTIALS_INVALID' }
const tooMany = { code: 'resource_exhausted', reason: 'TOO_MANY_ATTEMPTS' }

test('memoryAuth() has no account and no password until one is made', async () => {
  const auth = memoryAuth({ scryptCost })

  for (const id of ['admin', 'root', 'micro', 'default'])
    for (const secret of ['password', 'changeme', 'micromicro']) await assert.rejects(auth.token({ id, secret }), credentialsInvalid)
})

test('memoryAuth() with its own defaults hashes, proves and refuses', async () => {
  const auth = memoryAuth()
  const { account, secret } = await auth.generate('ann')

  assert.equal(account.issuer, 'micro')
  await auth.token({ id: 'ann', secret })
  await assert.rejects(auth.token({ id: 'ann', secret: `${secret}x` }), credentialsInvalid)
})

test('memoryAuth() refuses a cost that scrypt does not have', () => {
  for (const scryptCost of [0, 1, 3, 1000, 2 ** 21, NaN]) assert.throws(() => memoryAuth({ scryptCost }), RangeError)
})

test('memoryAuth() takes its tokens from the random source that it is given', async () => {
  let count = 0
  const auth = memoryAuth({ scryptCost, random: (size) => new Uint8Array(size).fill(++count) })

  const { secret } = await auth.generate('ann')
  const { accessToken } = await auth.token({ id: 'ann', secret })

  assert.match(Buffer.from(secret, 'base64url').toString('hex'), /^(..)\1{31}$/)
  assert.match(Buffer.from(accessToken, 'base64url').toString('hex'), /^(..)\1{31}$/)
})

test('memoryAuth() gives frozen accounts and rules', async () => {
  const { auth, token } = await loggedIn()
  const account = await auth.inspect(token.accessToken)
  await auth.grant({ id: 'r', scope: '', resource: { type: '*', name: '*', endpoint: '*' }, access: 'denied' })
  const [rule] = await auth.rules()

  assert.throws(() => (account.scopes as string[]).push('admin'), TypeError)
  assert.throws(() => Object.assign(account, { id: 'root' }), TypeError)
  assert.throws(() => Object.assign(account.metadata, { a: '1' }), TypeError)
  assert.throws(() => Object.assign(rule?.resource as object, { name: 'x' }), TypeError)
})

test('memoryAuth() shows no secret and no token when it is printed', async () => {
  const { auth, secret, token } = await loggedIn()

  const printed = inspect(auth, { depth: Infinity, showHidden: true }) + JSON.stringify(auth)

  for (const hidden of [secret, token.accessToken, token.refreshToken]) assert.ok(!printed.includes(hidden))
})

test('inspect() refuses a token when either clock says that it has expired', async () => {
  const onTime = await loggedIn()
  await onTime.clock.advance(hourMs - 1)
  assert.equal((await onTime.auth.inspect(onTime.token.accessToken)).id, 'ann')
  await onTime.clock.advance(1)
  await assert.rejects(onTime.auth.inspect(onTime.token.accessToken), tokenInvalid)

  const ahead = await loggedIn()
  ahead.clock.jump(hourMs)
  await assert.rejects(ahead.auth.inspect(ahead.token.accessToken), tokenInvalid)
})

test('inspect() does not find an expired token again when the wall clock is set back', async () => {
  const byTime = await loggedIn()
  await byTime.clock.advance(hourMs)
  byTime.clock.jump(-2 * hourMs)
  await assert.rejects(byTime.auth.inspect(byTime.token.accessToken), tokenInvalid)

  const byJump = await loggedIn()
  byJump.clock.jump(hourMs)
  await assert.rejects(byJump.auth.inspect(byJump.token.accessToken), tokenInvalid)
  byJump.clock.jump(-hourMs)
  await assert.rejects(byJump.auth.inspect(byJump.token.accessToken), tokenInvalid)
})

test('token() takes a refresh token for a day, counted anew from each use', async () => {
  const { auth, clock, token } = await loggedIn()

  await clock.advance(dayMs - 1)
  const next = await auth.token({ refreshToken: token.refreshToken })
  await clock.advance(dayMs - 1)
  const last = await auth.token({ refreshToken: next.refreshToken })
  await clock.advance(dayMs)

  await assert.rejects(auth.token({ refreshToken: last.refreshToken }), credentialsInvalid)
  clock.jump(-2 * dayMs)
  await assert.rejects(auth.token({ refreshToken: last.refreshToken }), credentialsInvalid)
})

test('token() with a refresh token of the family that was never given out revokes it', async () => {
  const { auth, token } = await loggedIn()
  const [family] = token.refreshToken.split('.')

  await assert.rejects(auth.token({ refreshToken: `${family}.${'A'.repeat(43)}` }), credentialsInvalid)

  await assert.rejects(auth.inspect(token.accessToken), tokenInvalid)
})

test('token() makes a guesser wait after 5 wrong secrets, longer each time, also from the right one', async () => {
  const { auth, clock, secret } = await loggedIn()
  const guess = () => auth.token({ id: 'ann', secret: 'wrong secret' })
  for (let count = 0; count < 5; count++) await assert.rejects(guess(), credentialsInvalid)

  await assert.rejects(guess(), { ...tooMany, details: { retryAfterMs: 1000 } })
  await assert.rejects(auth.token({ id: 'ann', secret }), tooMany)
  for (const pauseMs of [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]) {
    await clock.advance(pauseMs - 1)
    await assert.rejects(guess(), { ...tooMany, details: { retryAfterMs: 1 } })
    await clock.advance(1)
    await assert.rejects(guess(), credentialsInvalid)
  }

  await clock.advance(60_000)
  await auth.token({ id: 'ann', secret })
  for (let count = 0; count < 5; count++) await assert.rejects(guess(), credentialsInvalid)
})

test('token() counts guesses that are made at once, and leaves other ids alone', async () => {
  const { auth, secret } = await loggedIn()
  const { secret: bobs } = await auth.generate('bob')

  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => auth.token({ id: 'ann', secret: 'wrong secret' })))

  const reasons = outcomes.map((outcome) => (outcome.status === 'rejected' ? (outcome.reason as { reason: string }).reason : 'let in'))
  assert.deepEqual(reasons, [...Array<string>(5).fill('CREDENTIALS_INVALID'), ...Array<string>(15).fill('TOO_MANY_ATTEMPTS')])
  await assert.rejects(auth.token({ id: 'ann', secret }), tooMany)
  await auth.token({ id: 'bob', secret: bobs })
})

test('token() counts wrong secrets for an id that nobody has just the same', async () => {
  const auth = memoryAuth({ clock: testClock(), scryptCost })

  for (let count = 0; count < 5; count++) await assert.rejects(auth.token({ id: 'nobody', secret: 'wrong secret' }), credentialsInvalid)

  await assert.rejects(auth.token({ id: 'nobody', secret: 'wrong secret' }), tooMany)
})

test('token() of many right callers at once makes none of them wait', async () => {
  const { auth, secret } = await loggedIn()

  const tokens = await Promise.all(Array.from({ length: 20 }, () => auth.token({ id: 'ann', secret })))

  assert.equal(new Set(tokens.map(({ accessToken }) => accessToken)).size, 20)
})

test('token() forgets wrong secrets after a quarter of an hour, and a guess that is aborted counts', async () => {
  const { auth, clock } = await loggedIn()
  const guess = async () => {
    const controller = new AbortController()
    const outcome = auth.token({ id: 'ann', secret: 'wrong secret' }, { signal: controller.signal })
    // The hash is under way once the microtasks have run; what it finds still counts.
    await Promise.resolve().then(() => controller.abort())
    await assert.rejects(outcome, { code: 'canceled' })
  }
  const wrong = () => auth.token({ id: 'ann', secret: 'wrong secret' })

  await assert.rejects(wrong(), credentialsInvalid)
  for (let count = 0; count < 4; count++) await guess()
  await assert.rejects(wrong(), tooMany)
  await clock.advance(15 * 60_000)

  for (let count = 0; count < 5; count++) await assert.rejects(wrong(), credentialsInvalid)
  await assert.rejects(wrong(), tooMany)
})

test('generate() that is canceled or closed while it hashes leaves no account', async () => {
  const auth = memoryAuth({ scryptCost })
  const controller = new AbortController()
  const canceled = auth.generate('ann', { signal: controller.signal })
  controller.abort()
  await assert.rejects(canceled, { code: 'canceled' })

  const making = auth.generate('ann')
  await auth.close()

  await assert.rejects(making, { code: 'failed_precondition', reason: 'CLOSED' })
})
