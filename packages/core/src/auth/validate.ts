import type { Account, Auth, Rule } from './auth.js'
import { authErrors } from './errors.js'
import { maxEndpointLength } from './match.js'

/** How long an access token may live, and how long a refresh token does: a day. */
export const maxTtlMs = 86_400_000

/** How long an id, a scope, a type and a name may be. */
const maxWordLength = 255
const secretLength = { least: 8, most: 1024 }

/** What `generate` takes besides the id. */
export type AccountOptions = NonNullable<Parameters<Auth['generate']>[1]>

/** A frozen account of what `generate` was given. @throws `invalid_argument`/`ACCOUNT_INVALID` */
export function validAccount(id: string, options: AccountOptions, issuer: string): Account {
  const { type = 'user', scopes = [], metadata = {} } = options
  const fail = authErrors.accountInvalid
  if (!isWord(id)) throw fail(`its id is no text of 1 to ${maxWordLength} characters without control characters`)
  if (!isWord(type)) throw fail(`its type is no text of 1 to ${maxWordLength} characters without control characters`)
  if (!areScopes(scopes)) throw fail('a scope is no word, or holds "*"')
  const entries = typeof metadata === 'object' && metadata !== null ? Object.entries(metadata) : undefined
  if (entries?.every(([, value]) => typeof value === 'string') !== true) throw fail('its metadata is no map of texts')
  return Object.freeze({ id, type, issuer, scopes: Object.freeze([...scopes]), metadata: Object.freeze(Object.fromEntries(entries)) })
}

/** @throws `invalid_argument`/`ACCOUNT_INVALID`, also for a secret that is easily guessed because it is short */
export function validSecret(secret: string): string {
  if (isPossibleSecret(secret)) return secret
  throw authErrors.accountInvalid(`its secret is no text of ${secretLength.least} to ${secretLength.most} characters`)
}

/** Whether an account could have this secret. What could not need not be hashed, however long it is. */
export function isPossibleSecret(secret: unknown): secret is string {
  return typeof secret === 'string' && secret.length >= secretLength.least && secret.length <= secretLength.most
}

/** Whether an account could have this id. */
export const isPossibleId = isWord

/** A frozen copy of the rule, with its priority. @throws `invalid_argument`/`RULE_INVALID` */
export function validRule(rule: Rule): Rule {
  const { id, scope, resource, access, priority = 0 } = rule
  const fail = authErrors.ruleInvalid
  if (!isWord(id)) throw fail(`its id is no text of 1 to ${maxWordLength} characters without control characters`)
  if (scope !== '' && scope !== '*' && (!isWord(scope) || scope.includes('*')))
    throw fail('its scope is neither "", nor "*", nor a word without "*"')
  if (typeof resource !== 'object' || resource === null) throw fail('it has no resource')
  const { type, name, endpoint } = resource
  if (!isPattern(type)) throw fail('the type of its resource is neither "*" nor a word without "*"')
  if (!isPattern(name)) throw fail('the name of its resource is neither "*" nor a word without "*"')
  if (!isEndpointPattern(endpoint))
    throw fail('the endpoint of its resource is neither "*", nor a word, nor a path that ends in "/*" or ".*"')
  if (access !== 'granted' && access !== 'denied') throw fail('its access is neither "granted" nor "denied"')
  if (!Number.isSafeInteger(priority)) throw fail('its priority is no whole number')
  return Object.freeze({ id, scope, resource: Object.freeze({ type, name, endpoint }), access, priority })
}

/** @throws `invalid_argument`/`TTL_INVALID` */
export function validTtlMs(ttlMs: number): number {
  if (Number.isInteger(ttlMs) && ttlMs >= 1 && ttlMs <= maxTtlMs) return ttlMs
  throw authErrors.ttlInvalid(ttlMs, maxTtlMs)
}

function isWord(word: unknown, maxLength = maxWordLength): word is string {
  return typeof word === 'string' && word !== '' && word.length <= maxLength && !/\p{Cc}/u.test(word)
}

const areScopes = (scopes: unknown): scopes is readonly string[] =>
  Array.isArray(scopes) && scopes.every((scope) => isWord(scope) && !scope.includes('*'))

const isPattern = (word: unknown) => isWord(word) && (word === '*' || !word.includes('*'))

// ".*" alone is what a regular expression would say; here it would fit nothing but ".x", so it is a mistake.
function isEndpointPattern(endpoint: unknown): boolean {
  if (!isWord(endpoint, maxEndpointLength) || endpoint === '.*') return false
  const path = endpoint === '*' ? '' : endpoint.replace(/(?<=[/.])\*$/, '')
  return !path.includes('*')
}
