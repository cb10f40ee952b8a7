import assert from 'node:assert/strict'
import type { Suite } from '../testing/index.js'
import type { Auth, AuthFeature } from './auth.js'
import { accountCases, tokenCases } from './conformance/account-cases.js'
import { ruleCases } from './conformance/rule-cases.js'
import { placed, rule, type AuthCase } from './conformance/samples.js'

const endCases: readonly AuthCase[] = [
  {
    name: 'verify() and all else with an aborted signal is canceled, and changes nothing',
    async run({ subject }) {
      const signal = AbortSignal.abort()
      const canceled = { code: 'canceled' }
      await assert.rejects(subject.verify(undefined, placed, { signal }), canceled)
      if (subject.features.has('accounts')) {
        await assert.rejects(subject.generate('ann', { signal }), canceled)
        const { secret } = await subject.generate('ann')
        await assert.rejects(subject.token({ id: 'ann', secret }, { signal }), canceled)
        const token = await subject.token({ id: 'ann', secret })
        await assert.rejects(subject.token({ refreshToken: token.refreshToken }, { signal }), canceled)
        await assert.rejects(subject.inspect(token.accessToken, { signal }), canceled)
        await subject.token({ refreshToken: token.refreshToken })
      }
      if (subject.features.has('rules')) {
        await assert.rejects(subject.grant(rule('one'), { signal }), canceled)
        await assert.rejects(subject.revoke('one', { signal }), canceled)
        await assert.rejects(subject.rules({ signal }), canceled)
        assert.deepEqual(await subject.rules(), [])
      }
    },
  },
  {
    name: 'close() makes every operation fail with CLOSED, and twice is once',
    async run({ subject }) {
      await Promise.all([subject.close(), subject.close()])

      const closed = { code: 'failed_precondition', reason: 'CLOSED' }
      await assert.rejects(subject.verify(undefined, placed), closed)
      await assert.rejects(subject.generate('ann'), closed)
      await assert.rejects(subject.token({ refreshToken: 'token' }), closed)
      await assert.rejects(subject.inspect('token'), closed)
      await assert.rejects(subject.grant(rule('one')), closed)
      await assert.rejects(subject.revoke('one'), closed)
      await assert.rejects(subject.rules(), closed)
    },
  },
]

/** What every Auth does. The subject begins without accounts and rules. */
export const authSuite: Suite<Auth, AuthFeature> = {
  kind: 'auth',
  features: ['accounts', 'rules'],
  cases: [...accountCases, ...tokenCases, ...ruleCases, ...endCases],
}
