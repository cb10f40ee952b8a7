import { createHash, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../base/index.js'
import type { Account, Token } from './auth.js'
import type { RandomBytes } from './secret.js'
import { maxTtlMs } from './validate.js'

/** All tokens that descend from one login. */
interface Family {
  readonly account: Account
  refreshHash: Buffer
  refreshExpiry: Expiry
  isRevoked: boolean
}

/** A moment on both clocks. It has come as soon as it has on one, so that no jump of the wall clock lengthens a life. */
interface Expiry {
  readonly wallMs: number
  readonly monotonicMs: number
}

/** Tokens that prove accounts. Only their SHA-256 is kept, so that nobody reads a token from memory, and a look-up by it tells nothing by its time. */
export interface Tokens {
  /** The first pair after a login. */
  issue(account: Account, ttlMs: number): Token
  /** The next pair; undefined when the refresh token is unknown, expired or used, the last of which revokes its family. */
  refresh(refreshToken: string, ttlMs: number): Token | undefined
  /** Whose it is; undefined when it is unknown, expired or revoked. */
  accountOf(accessToken: string): Account | undefined
  /** How many records are kept: at most 1000, or twice what was alive when it was last that many. */
  readonly size: number
}

/** A refresh token is `<family>.<secret>`: the family of a used one can be found although only the hash of the newest is kept. */
export function tokens(clock: Clock, random: RandomBytes): Tokens {
  const families = new Map<string, Family>()
  const accesses = new Map<string, { readonly family: Family; readonly expiry: Expiry }>()
  let sweepAt = 1000

  const text = (size: number) => Buffer.from(random(size)).toString('base64url')
  const expiryIn = (ms: number): Expiry => ({ wallMs: clock.now() + ms, monotonicMs: clock.monotonicMs() + ms })
  const isOver = (expiry: Expiry) => clock.now() >= expiry.wallMs || clock.monotonicMs() >= expiry.monotonicMs

  function handOut(family: Family, familyPart: string, ttlMs: number): Token {
    sweep()
    const accessToken = text(32)
    const refreshToken = `${familyPart}.${text(32)}`
    const expiry = expiryIn(ttlMs)
    family.refreshHash = sha256(refreshToken)
    family.refreshExpiry = expiryIn(maxTtlMs)
    accesses.set(keyOf(accessToken), { family, expiry })
    return { accessToken, refreshToken, createdAtMs: clock.now(), expiresAtMs: expiry.wallMs }
  }

  // Whatever has expired is dropped when the number has doubled: no timer, and a constant cost a token.
  function sweep(): void {
    if (accesses.size + families.size < sweepAt) return
    for (const [key, { family, expiry }] of accesses) if (family.isRevoked || isOver(expiry)) accesses.delete(key)
    for (const [key, family] of families) if (isOver(family.refreshExpiry)) families.delete(key)
    sweepAt = Math.max(1000, 2 * (accesses.size + families.size))
  }

  return {
    issue(account, ttlMs) {
      const familyPart = text(16)
      const family: Family = { account, refreshHash: Buffer.alloc(0), refreshExpiry: expiryIn(maxTtlMs), isRevoked: false }
      families.set(keyOf(familyPart), family)
      return handOut(family, familyPart, ttlMs)
    },
    refresh(refreshToken, ttlMs) {
      if (!isPossible(refreshToken)) return undefined
      const familyPart = refreshToken.slice(0, refreshToken.indexOf('.'))
      const key = keyOf(familyPart)
      const family = families.get(key)
      if (family === undefined) return undefined
      const isNewest = timingSafeEqual(sha256(refreshToken), family.refreshHash)
      if (isNewest && !isOver(family.refreshExpiry)) return handOut(family, familyPart, ttlMs)
      families.delete(key)
      family.isRevoked = !isNewest
      return undefined
    },
    accountOf(accessToken) {
      if (!isPossible(accessToken)) return undefined
      const key = keyOf(accessToken)
      const access = accesses.get(key)
      if (access === undefined) return undefined
      if (!access.family.isRevoked && !isOver(access.expiry)) return access.family.account
      // Forgotten at once, so that a wall clock that is set back later does not find it again.
      accesses.delete(key)
      return undefined
    },
    get size() {
      return accesses.size + families.size
    },
  }
}

// Ours have 43 and 66 characters. A longer one is not worth a hash.
const isPossible = (token: unknown): token is string => typeof token === 'string' && token.length > 0 && token.length <= 128

const sha256 = (token: string) => createHash('sha256').update(token).digest()

const keyOf = (token: string) => sha256(token).toString('base64')
