import assert from 'node:assert/strict'
import type { AuthCase } from './samples.js'

/** A case about accounts and tokens. Where they are not claimed, `refuses` must be refused. */
const account = (
  name: string,
  run: AuthCase['run'],
  refuses: AuthCase['refuses'] = ({ subject }) => subject.generate('ann'),
): AuthCase => ({
  name,
  needs: 'accounts',
  refuses,
  run,
})

/** `generate`. */
export const accountCases: readonly AuthCase[] = [
  account('generate() makes an account, and a secret that nobody can guess', async ({ subject }) => {
    const one = await subject.generate('ann')
    const other = await subject.generate('bob')

    assert.equal(one.account.id, 'ann')
    assert.equal(one.account.type, 'user')
    assert.ok(one.account.issuer.length > 0)
    assert.deepEqual(one.account.scopes, [])
    assert.deepEqual(one.account.metadata, {})
    assert.match(one.secret, /^[A-Za-z0-9_-]{43}$/)
    assert.notEqual(one.secret, other.secret)
  }),
  account('generate() keeps what it is given, and gives no secret away in the account', async ({ subject }) => {
    const options = { secret: 'correct horse', type: 'service', scopes: ['admin', 'orders.read'], metadata: { team: 'tea', empty: '' } }

    const { account: made, secret } = await subject.generate('orders', options)

    assert.equal(secret, 'correct horse')
    assert.equal(made.type, 'service')
    assert.deepEqual(made.scopes, ['admin', 'orders.read'])
    assert.deepEqual({ ...made.metadata }, { team: 'tea', empty: '' })
    assert.ok(!JSON.stringify(made).includes('correct horse'))
  }),
  account('generate() keeps its own copy of scopes and metadata', async ({ subject }) => {
    const scopes = ['reader']
    const metadata: Record<string, string> = { team: 'tea' }
    const { secret } = await subject.generate('ann', { scopes, metadata })
    scopes.push('admin')
    metadata['team'] = 'coffee'

    const known = await subject.inspect((await subject.token({ id: 'ann', secret })).accessToken)

    assert.deepEqual(known.scopes, ['reader'])
    assert.deepEqual({ ...known.metadata }, { team: 'tea' })
  }),
  account('generate() of the shortest and the longest id, and of one in any script, can log in', async ({ subject }) => {
    for (const id of ['a', 'x'.repeat(255), 'Ännë 茶 😀', '__proto__', 'constructor']) {
      const { secret } = await subject.generate(id)
      const { accessToken } = await subject.token({ id, secret })
      assert.equal((await subject.inspect(accessToken)).id, id)
    }
  }),
  account('generate() refuses an id, a secret, a type, scopes and metadata that cannot be', async ({ subject }) => {
    const invalid = { code: 'invalid_argument', reason: 'ACCOUNT_INVALID' }
    for (const id of ['', 'x'.repeat(256), 'a\nb', 'a\u0000', 'a\u0085', 1, undefined, null])
      await assert.rejects(subject.generate(id as string), invalid, JSON.stringify(id))
    for (const secret of ['', 'short 7', 'x'.repeat(1025), 12_345_678])
      await assert.rejects(subject.generate('ann', { secret: secret as string }), invalid, JSON.stringify(secret))
    await assert.rejects(subject.generate('ann', { type: '' }), invalid)
    for (const scopes of [[''], ['*'], ['orders.*'], ['a\nb'], [1], 'admin'])
      await assert.rejects(subject.generate('ann', { scopes: scopes as string[] }), invalid, JSON.stringify(scopes))
    await assert.rejects(subject.generate('ann', { metadata: { n: 1 } as unknown as Record<string, string> }), invalid)

    // None of them has left anything behind.
    await subject.generate('ann')
  }),
  account('generate() of an id that exists fails, and leaves the first account as it is', async ({ subject }) => {
    const { secret } = await subject.generate('ann')

    await assert.rejects(subject.generate('ann', { secret: 'another secret', scopes: ['admin'] }), {
      code: 'already_exists',
      reason: 'ACCOUNT_EXISTS',
    })

    await assert.rejects(subject.token({ id: 'ann', secret: 'another secret' }), credentialsInvalid)
    const { accessToken } = await subject.token({ id: 'ann', secret })
    assert.deepEqual((await subject.inspect(accessToken)).scopes, [])
  }),
  account('generate() of one id by several callers at once succeeds exactly once', async ({ subject }) => {
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => subject.generate('ann')))

    const made = outcomes.filter((outcome) => outcome.status === 'fulfilled')
    assert.equal(made.length, 1)
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') assert.equal((outcome.reason as { reason?: string }).reason, 'ACCOUNT_EXISTS')
    await subject.token({ id: 'ann', secret: made[0]?.value.secret ?? '' })
  }),
]

/** `token` and `inspect`. */
export const tokenCases: readonly AuthCase[] = [
  account(
    'token() for a proven account gives a pair that inspect() knows',
    async ({ subject }) => {
      const { account: made, secret } = await subject.generate('ann', { scopes: ['reader'], metadata: { team: 'tea' } })

      const token = await subject.token({ id: 'ann', secret })

      assert.equal(token.expiresAtMs - token.createdAtMs, 3_600_000)
      assert.notEqual(token.accessToken, token.refreshToken)
      const known = await subject.inspect(token.accessToken)
      assert.deepEqual({ ...known, metadata: { ...known.metadata } }, { ...made, metadata: { ...made.metadata } })
    },
    ({ subject }) => subject.token({ id: 'ann', secret: 'some secret' }),
  ),
  account('token() refuses a wrong secret and an unknown id with one and the same error', async ({ subject }) => {
    const { secret } = await subject.generate('ann')
    const errors: unknown[] = []
    for (const credentials of [
      { id: 'ann', secret: 'wrong secret' },
      { id: 'bob', secret },
      { id: 'ann', secret: '' },
      { id: '', secret },
      { id: 'ann', secret: 'x'.repeat(100_000) },
    ])
      await assert.rejects(subject.token(credentials), (error: { code: string; reason: string; message: string }) => {
        errors.push(`${error.code}/${error.reason} ${error.message}`)
        return error.code === 'unauthenticated' && error.reason === 'CREDENTIALS_INVALID'
      })

    assert.equal(new Set(errors).size, 1)
  }),
  account('token() takes the secret exactly: case, spaces and length count', async ({ subject }) => {
    await subject.generate('ann', { secret: 'Correct Horse' })

    for (const secret of ['correct horse', 'Correct Horse ', 'Correct Hors'])
      await assert.rejects(subject.token({ id: 'ann', secret }), credentialsInvalid)
    await subject.token({ id: 'ann', secret: 'Correct Horse' })
  }),
  account('token() twice gives two pairs, both good', async ({ subject }) => {
    const { secret } = await subject.generate('ann')

    const [one, other] = await Promise.all([subject.token({ id: 'ann', secret }), subject.token({ id: 'ann', secret })])

    assert.equal(new Set([one.accessToken, one.refreshToken, other.accessToken, other.refreshToken]).size, 4)
    for (const { accessToken } of [one, other]) assert.equal((await subject.inspect(accessToken)).id, 'ann')
  }),
  account('token() with a refresh token gives a new pair, once', async ({ subject }) => {
    const { secret } = await subject.generate('ann')
    const first = await subject.token({ id: 'ann', secret })

    const second = await subject.token({ refreshToken: first.refreshToken })
    const third = await subject.token({ refreshToken: second.refreshToken })

    assert.equal(new Set([first.refreshToken, second.refreshToken, third.refreshToken]).size, 3)
    assert.equal((await subject.inspect(third.accessToken)).id, 'ann')
  }),
  account('token() with a refresh token that was used revokes all that came of the login', async ({ subject }) => {
    const { secret } = await subject.generate('ann')
    const stolen = await subject.token({ id: 'ann', secret })
    const apart = await subject.token({ id: 'ann', secret })
    const next = await subject.token({ refreshToken: stolen.refreshToken })

    await assert.rejects(subject.token({ refreshToken: stolen.refreshToken }), credentialsInvalid)

    await assert.rejects(subject.token({ refreshToken: next.refreshToken }), credentialsInvalid)
    for (const { accessToken } of [stolen, next]) await assert.rejects(subject.inspect(accessToken), tokenInvalid)
    assert.equal((await subject.inspect(apart.accessToken)).id, 'ann', 'another login is not touched')
    await subject.token({ refreshToken: apart.refreshToken })
  }),
  account('token() with one refresh token by two callers at once gives at most one pair', async ({ subject }) => {
    const { secret } = await subject.generate('ann')
    const { refreshToken } = await subject.token({ id: 'ann', secret })

    const outcomes = await Promise.allSettled([subject.token({ refreshToken }), subject.token({ refreshToken })])

    assert.ok(outcomes.filter(({ status }) => status === 'fulfilled').length <= 1)
  }),
  account('token() refuses a refresh token that is none, and an access token in its place', async ({ subject }) => {
    const { secret } = await subject.generate('ann')
    const { accessToken, refreshToken } = await subject.token({ id: 'ann', secret })

    for (const wrong of ['', 'nonsense', accessToken, 'x'.repeat(100_000)])
      await assert.rejects(subject.token({ refreshToken: wrong }), credentialsInvalid, wrong.slice(0, 20))
    await subject.token({ refreshToken })
  }),
  account('token() refuses a life that is no whole number of milliseconds up to a day', async ({ subject }) => {
    const { secret } = await subject.generate('ann')

    for (const ttlMs of [0, -1, 1.5, NaN, Infinity, 86_400_001, '1000'])
      await assert.rejects(subject.token({ id: 'ann', secret }, { ttlMs: ttlMs as number }), {
        code: 'invalid_argument',
        reason: 'TTL_INVALID',
      })
    const { createdAtMs, expiresAtMs } = await subject.token({ id: 'ann', secret }, { ttlMs: 86_400_000 })
    assert.equal(expiresAtMs - createdAtMs, 86_400_000)
  }),
  account(
    'inspect() refuses what is no access token of its own',
    async ({ subject }) => {
      const { secret } = await subject.generate('ann')
      const { accessToken, refreshToken } = await subject.token({ id: 'ann', secret })
      const changed = `${accessToken.startsWith('A') ? 'B' : 'A'}${accessToken.slice(1)}`
      const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"sub":"ann"}').toString('base64url')}.`

      const wrong: unknown[] = [
        '',
        'nonsense',
        changed,
        `${accessToken}x`,
        accessToken.slice(0, -1),
        ` ${accessToken}`,
        refreshToken,
        secret,
        none,
        'x'.repeat(1e6),
        undefined,
      ]
      for (const token of wrong) await assert.rejects(subject.inspect(token as string), tokenInvalid, String(token).slice(0, 20))
      assert.equal((await subject.inspect(accessToken)).id, 'ann')
    },
    ({ subject }) => subject.inspect('token'),
  ),
  account('inspect() refuses a token whose time has run out; its refresh token is still good', async ({ subject, advance }) => {
    const { secret } = await subject.generate('ann')
    const short = await subject.token({ id: 'ann', secret }, { ttlMs: 1000 })
    const long = await subject.token({ id: 'ann', secret })

    await advance(1100)

    await assert.rejects(subject.inspect(short.accessToken), tokenInvalid)
    assert.equal((await subject.inspect(long.accessToken)).id, 'ann')
    const next = await subject.token({ refreshToken: short.refreshToken })
    assert.equal((await subject.inspect(next.accessToken)).id, 'ann')
  }),
  account('inspect() through another connection knows the token', async (context) => {
    const { secret } = await context.subject.generate('ann')
    const { accessToken } = await context.subject.token({ id: 'ann', secret })

    assert.equal((await (await context.peer()).inspect(accessToken)).id, 'ann')
  }),
]

const tokenInvalid = { code: 'unauthenticated', reason: 'TOKEN_INVALID' }
const credentialsInvalid = { code: 'unauthenticated', reason: 'CREDENTIALS_INVALID' }
