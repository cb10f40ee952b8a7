import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { testClock } from '../testing/index.js'
import type { Account } from './auth.js'
import { tokens } from './tokens.js'

const ann: Account = { id: 'ann', type: 'user', issuer: 'test', scopes: [], metadata: {} }
const dayMs = 86_400_000

test('tokens() forgets what has expired, without being asked for it', async () => {
  const clock = testClock()
  const kept = tokens(clock, randomBytes)
  const login = () => Array.from({ length: 1000 }, () => kept.issue(ann, 1000))

  for (let day = 0; day < 5; day++) {
    login()
    await clock.advance(dayMs)
  }

  // A login has two records, and those of one day are alive at once.
  assert.ok(kept.size <= 2 * 2000, `keeps ${kept.size}`)
})

test('tokens() keeps one record for a login however often it is renewed, once its access tokens have expired', async () => {
  const clock = testClock()
  const kept = tokens(clock, randomBytes)
  let { refreshToken } = kept.issue(ann, 1)

  for (let count = 0; count < 5000; count++) {
    await clock.advance(1)
    refreshToken = kept.refresh(refreshToken, 1)?.refreshToken ?? ''
  }

  assert.ok(kept.size <= 1000, `keeps ${kept.size}`)
  assert.notEqual(kept.refresh(refreshToken, 1), undefined)
})
