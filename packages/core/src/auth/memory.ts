import { randomBytes } from 'node:crypto'
import { baseErrors, systemClock, type Clock } from '../base/index.js'
import { attempts } from './attempts.js'
import type { Account, Auth, AuthFeature } from './auth.js'
import { authErrors } from './errors.js'
import { ruleBook } from './rule-book.js'
import { decoyHash, hashSecret, secretFits, type RandomBytes, type SecretHash } from './secret.js'
import { tokens } from './tokens.js'
import { isPossibleId, isPossibleSecret, validAccount, validRule, validSecret, validTtlMs } from './validate.js'

/** How an authority in memory is made. */
export interface MemoryAuthOptions {
  /** @default systemClock */
  readonly clock?: Clock
  /** Who vouches for its accounts. @default "micro" */
  readonly issuer?: string
  /** Where secrets, tokens and salts come from. @default crypto.randomBytes */
  readonly random?: RandomBytes
  /** What a hash of a secret costs, and so each guess: N of scrypt, a power of two from 2 to 2^20. Lower it in tests only. @default 32_768 (32 MiB, some 100 ms) */
  readonly scryptCost?: number
}

/**
 * An authority that lives as long as the process: accounts, tokens and rules.
 *
 * It begins with no account and no rule, so nobody may do anything until it is told. Secrets are kept as salted scrypt hashes, tokens as SHA-256.
 * After 5 wrong secrets in a row for one id, each further attempt has to wait: a second, then twice as long each time, at most a minute.
 *
 * @throws a RangeError for a cost that scrypt does not have
 */
export function memoryAuth(options: MemoryAuthOptions = {}): Auth {
  const { clock = systemClock, issuer = 'micro', random = randomBytes, scryptCost = 2 ** 15 } = options
  if (!Number.isInteger(Math.log2(scryptCost)) || scryptCost < 2 || scryptCost > 2 ** 20)
    throw new RangeError(`scryptCost is ${scryptCost}, wanted a power of two from 2 to ${2 ** 20}`)

  const accounts = new Map<string, { readonly account: Account; readonly hash: SecretHash }>()
  const inTheMaking = new Set<string>()
  const tries = attempts(clock)
  const decoy = decoyHash(random)
  let rules = ruleBook()
  let issued = tokens(clock, random)
  let closed = false

  const check = (signal: AbortSignal | undefined) => {
    if (closed) throw baseErrors.closed('auth')
    if (signal?.aborted === true) throw baseErrors.canceled('a question to the auth', signal.reason)
  }

  async function prove(id: string, secret: string, signal: AbortSignal | undefined): Promise<Account> {
    if (!isPossibleId(id) || !isPossibleSecret(secret)) throw authErrors.credentialsInvalid()
    const known = accounts.get(id)
    const isRight = await tries.run(id, async () => {
      check(signal)
      return secretFits(secret, known?.hash ?? decoy, scryptCost)
    })
    check(signal)
    if (!isRight || known === undefined) throw authErrors.credentialsInvalid()
    return known.account
  }

  return {
    name: 'memory',
    features: new Set<AuthFeature>(['accounts', 'rules']),

    async generate(id, options = {}) {
      check(options.signal)
      const account = validAccount(id, options, issuer)
      const secret = validSecret(options.secret ?? Buffer.from(random(32)).toString('base64url'))
      if (accounts.has(id) || inTheMaking.has(id)) throw authErrors.accountExists(id)
      inTheMaking.add(id)
      try {
        const hash = await hashSecret(secret, scryptCost, random)
        check(options.signal)
        accounts.set(id, { account, hash })
      } finally {
        inTheMaking.delete(id)
      }
      return { account, secret }
    },

    async token(credentials, { ttlMs = 3_600_000, signal } = {}) {
      check(signal)
      validTtlMs(ttlMs)
      if (!('refreshToken' in credentials)) return issued.issue(await prove(credentials.id, credentials.secret, signal), ttlMs)
      const token = issued.refresh(credentials.refreshToken, ttlMs)
      if (token === undefined) throw authErrors.credentialsInvalid()
      return token
    },

    async inspect(accessToken, { signal } = {}) {
      check(signal)
      const account = issued.accountOf(accessToken)
      if (account === undefined) throw authErrors.tokenInvalid()
      return account
    },

    async verify(account, resource, { signal } = {}) {
      check(signal)
      if (rules.decide(account, resource)?.access === 'granted') return
      throw account === undefined ? authErrors.accountRequired(resource) : authErrors.accessDenied(account.id, resource)
    },

    async grant(rule, { signal } = {}) {
      check(signal)
      rules.put(validRule(rule))
    },

    async revoke(ruleId, { signal } = {}) {
      check(signal)
      return rules.remove(ruleId)
    },

    async rules({ signal } = {}) {
      check(signal)
      return rules.all()
    },

    async close() {
      closed = true
      accounts.clear()
      rules = ruleBook()
      issued = tokens(clock, random)
    },
  }
}
