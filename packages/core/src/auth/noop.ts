import { baseErrors } from '../base/index.js'
import type { Auth, AuthFeature } from './auth.js'

/** The authority that lets everyone do everything, and knows no accounts and no rules. For development, and for a service behind one that checks. */
export function noopAuth(): Auth {
  let closed = false
  const check = (signal: AbortSignal | undefined) => {
    if (closed) throw baseErrors.closed('auth')
    if (signal?.aborted === true) throw baseErrors.canceled('a question to the auth', signal.reason)
  }
  const refuse = (feature: AuthFeature, signal: AbortSignal | undefined): never => {
    check(signal)
    throw baseErrors.unimplemented('the noop auth', feature, 'Choose another auth: `MICRO_AUTH=memory` has accounts and rules.')
  }

  return {
    name: 'noop',
    features: new Set<AuthFeature>(),
    generate: async (_id, options) => refuse('accounts', options?.signal),
    token: async (_credentials, options) => refuse('accounts', options?.signal),
    inspect: async (_accessToken, options) => refuse('accounts', options?.signal),
    verify: async (_account, _resource, options) => check(options?.signal),
    grant: async (_rule, options) => refuse('rules', options?.signal),
    revoke: async (_ruleId, options) => refuse('rules', options?.signal),
    rules: async (options) => refuse('rules', options?.signal),
    async close() {
      closed = true
    },
  }
}
