import { MicroError } from '../base/index.js'
import type { Resource } from './auth.js'

/** What can go wrong with an authority, each made in one place. No message carries a secret or a token, and none helps to guess one. */
export const authErrors = {
  /** An access token that is unknown, expired or revoked: it is not said which. */
  tokenInvalid: () =>
    new MicroError('unauthenticated', 'Cannot accept the access token: it is unknown, expired or revoked', {
      reason: 'TOKEN_INVALID',
      hint: 'Get another with the refresh token, or log in again.',
    }),

  /** An id, secret or refresh token that does not prove an account: it is not said which. */
  credentialsInvalid: () =>
    new MicroError('unauthenticated', 'Cannot give a token: the id, the secret or the refresh token is wrong or no longer valid', {
      reason: 'CREDENTIALS_INVALID',
      hint: 'Check the id and the secret. A refresh token is good once; after that, log in again.',
    }),

  /** More wrong secrets for an id than a person mistypes. Also said of an id that nobody has. */
  tooManyAttempts: (retryAfterMs: number) =>
    new MicroError(
      'resource_exhausted',
      `Cannot try another secret: too many were wrong, wanted a pause of ${Math.ceil(retryAfterMs)} ms`,
      {
        reason: 'TOO_MANY_ATTEMPTS',
        hint: 'Wait, then try again with the right secret.',
        details: { retryAfterMs: Math.ceil(retryAfterMs) },
      },
    ),

  /** Nobody is known, and not everyone may. */
  accountRequired: (resource: Resource) =>
    new MicroError('unauthenticated', `Cannot reach ${show(resource)}: it takes an account`, {
      reason: 'ACCOUNT_REQUIRED',
      hint: 'Send an access token: `Authorization: Bearer <token>`.',
    }),

  /** Somebody is known, and may not. */
  accessDenied: (accountId: string, resource: Resource) =>
    new MicroError(
      'permission_denied',
      `Cannot let ${JSON.stringify(accountId)} reach ${show(resource)}: no rule grants it, or one denies it`,
      {
        reason: 'ACCESS_DENIED',
        hint: 'Grant a rule for this resource to a scope that the account has; `rules()` lists them in the order in which they are tried.',
      },
    ),

  /** An account, or a part of one, that cannot be. */
  accountInvalid: (why: string) =>
    new MicroError('invalid_argument', `Cannot make the account: ${why}`, {
      reason: 'ACCOUNT_INVALID',
      hint: 'An id has 1 to 255 characters, none of them a control character; a secret has 8 to 1024.',
    }),

  /** An id that is taken. */
  accountExists: (id: string) =>
    new MicroError('already_exists', `Cannot make the account ${JSON.stringify(id)}: there is one with this id`, {
      reason: 'ACCOUNT_EXISTS',
      hint: 'Choose another id.',
    }),

  /** A rule that cannot be. */
  ruleInvalid: (why: string) =>
    new MicroError('invalid_argument', `Cannot use the rule: ${why}`, {
      reason: 'RULE_INVALID',
      hint: 'Write words, `*` alone, or, for an endpoint, a path that ends in `/*` or `.*`.',
    }),

  /** A life of a token that cannot be. */
  ttlInvalid: (ttlMs: unknown, maxMs: number) =>
    new MicroError('invalid_argument', `Cannot give a token for ${String(ttlMs)} ms: wanted a whole number from 1 to ${maxMs}`, {
      reason: 'TTL_INVALID',
      hint: 'Ask for an hour (3_600_000) and use the refresh token.',
    }),
}

const show = ({ type, name, endpoint }: Resource) => `${type} ${JSON.stringify(name)} ${JSON.stringify(endpoint)}`
